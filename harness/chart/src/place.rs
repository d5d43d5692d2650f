//! Where in a chart a field comes from. A rendered object names its template; the line is found in the template's
//! text, and the value that the line uses in values.yaml.

use std::fs;

use camino::Utf8PathBuf;

use super::{Chart, Object};

/// Where a chart sets a field of an object (`/spec/serviceName`), as near as the text tells:
/// `templates/statefulset.yaml:14, from .Values.serviceName (values.yaml:9)`.
pub fn find(chart: &Chart, object: &Object, field: &str) -> Option<String> {
    // `garage/templates/x.yaml`, or of a subchart `umbrella/charts/garage/templates/x.yaml`.
    let (_, file) = object.template.split_once('/')?;
    let Ok(text) = fs::read_to_string(chart.folder.join(file)) else { return Some(object.template.clone()) };
    let keys: Vec<&str> =
        field.split('/').filter(|key| !key.is_empty() && key.parse::<u32>().is_err()).collect();
    let Some(number) = line_of(&text, &object.key.kind, &keys) else { return Some(file.to_owned()) };
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let from = value_in(line).map_or_else(String::new, |value| from_values(chart, file, &value));
    Some(format!("{file}:{number}{from}"))
}

/// The line of the last of these keys that the text has, in order, from the object of this kind on; counted from 1.
fn line_of(text: &str, kind: &str, keys: &[&str]) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let has = |line: &str, key: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))
    };
    let begin =
        lines.iter().position(|line| has(line, "kind") && line.trim_end().ends_with(kind)).unwrap_or(0);
    let mut at = None;
    let mut from = begin;
    for key in keys {
        // What a helper includes has no line here: the line before it is the nearest.
        if let Some(found) = lines.iter().skip(from).position(|line| has(line, key)) {
            at = Some(from + found);
            from += found + 1;
        }
    }
    at.map(|at| at + 1)
}

/// `image.tag` of `{{ .Values.image.tag | quote }}`; none when the line uses no value.
fn value_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(".Values.")?;
    let value: String =
        rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter)).collect();
    Some(value.trim_end_matches('.').to_owned()).filter(|value| !value.is_empty())
}

fn from_values(chart: &Chart, file: &str, value: &str) -> String {
    let keys: Vec<&str> = value.split('.').collect();
    // A subchart has values of its own.
    let folder = file
        .split_once("/templates/")
        .or_else(|| file.split_once("templates/"))
        .map_or("", |(folder, _)| folder);
    let values = Utf8PathBuf::from(folder).join("values.yaml");
    let line = fs::read_to_string(chart.folder.join(&values)).ok().and_then(|text| line_of(&text, "", &keys));
    match line {
        Some(line) => format!(", from .Values.{value} ({values}:{line})"),
        None => format!(", from .Values.{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "{{- $name := 1 }}
apiVersion: v1
kind: Service
spec:
  clusterIP: None
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: a
spec:
  serviceName: {{ .Values.service.name | quote }}
  template:
    spec:
      containers:
        - name: a
          image: x
";

    #[test]
    fn a_field_is_found_in_the_object_of_its_kind() {
        assert_eq!(line_of(TEMPLATE, "StatefulSet", &["spec", "serviceName"]), Some(12));
        assert_eq!(line_of(TEMPLATE, "Service", &["spec", "clusterIP"]), Some(5));
        assert_eq!(
            line_of(TEMPLATE, "StatefulSet", &["spec", "template", "spec", "containers", "image"]),
            Some(17)
        );
        // Included by a helper: the nearest line above.
        assert_eq!(line_of(TEMPLATE, "StatefulSet", &["spec", "template", "metadata", "labels"]), Some(13));
        assert_eq!(line_of(TEMPLATE, "StatefulSet", &["status"]), None);
    }

    #[test]
    fn a_value_is_read_off_a_line() {
        assert_eq!(
            value_in("  serviceName: {{ .Values.service.name | quote }}").as_deref(),
            Some("service.name")
        );
        assert_eq!(value_in("  serviceName: x"), None);
    }
}
