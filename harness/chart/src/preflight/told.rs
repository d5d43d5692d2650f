//! What a server is told of where it is to keep things: its command line, its variables, its files of settings.

use serde_json::Value;

use crate::{Object, Rendered};

/// Everything that a container is told, as `NAME=value` where it has a name.
pub(super) fn told(rendered: &Rendered, workload: &Object, container: &Value) -> Vec<String> {
    let words = ["command", "args"].into_iter().flat_map(|field| container[field].as_array());
    let words = words.flatten().filter_map(|word| word.as_str().map(str::to_owned));
    let variables = container["env"].as_array().into_iter().flatten();
    let variables = variables.filter_map(|variable| named(variable["name"].as_str()?, &variable["value"]));
    let mut names = Vec::new();
    maps(workload.pod().and_then(|pod| workload.value.pointer(pod)), &mut names);
    let maps = rendered.of_kind("ConfigMap").filter(|map| names.contains(&map.key.name.as_str()));
    let files = maps.flat_map(|map| map.value["data"].as_object().into_iter().flatten());
    words.chain(variables).chain(files.filter_map(|(name, text)| named(name, text))).collect()
}

fn named(name: &str, value: &Value) -> Option<String> {
    Some(format!("{name}={}", value.as_str()?))
}

/// The ConfigMaps that a pod names.
fn maps<'pod>(value: Option<&'pod Value>, names: &mut Vec<&'pod str>) {
    match value {
        Some(Value::Object(fields)) => {
            for (field, value) in fields {
                if ["configMap", "configMapRef", "configMapKeyRef"].contains(&field.as_str()) {
                    names.extend(value["name"].as_str());
                }
                maps(Some(value), names);
            }
        }
        Some(Value::Array(items)) => items.iter().for_each(|item| maps(Some(item), names)),
        _ => {}
    }
}

/// What these texts name below a folder: `a` of `/data/a`, and nothing of the folder itself.
pub(super) fn below<'text>(texts: &'text [String], folder: &str) -> Vec<&'text str> {
    let folder = folder.trim_end_matches('/');
    let in_path = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    let mut found = Vec::new();
    for text in texts {
        for (at, _) in text.match_indices(folder) {
            let rest = &text[at + folder.len()..];
            let rest = &rest[..rest.find(|letter| !in_path(letter)).unwrap_or(rest.len())];
            let begins = !text[..at].chars().next_back().is_some_and(in_path);
            if begins && (rest.is_empty() || rest.starts_with('/')) {
                found.push(rest.trim_matches('/'));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_as_whole_paths() {
        let texts = ["--dir", "/data", "--log=/data/log/x", "DIR=/data2/a", "a: \"/data/b\"\nb: /x/data"];
        let texts: Vec<String> = texts.map(str::to_owned).into();
        assert_eq!(below(&texts, "/data"), ["", "b", "log/x"]);
        assert_eq!(below(&texts, "/data/"), ["", "b", "log/x"]);
        assert_eq!(below(&texts, "/none"), [""; 0]);
    }

    #[test]
    fn settings_are_those_that_the_pod_names() {
        let chart = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {template: {spec: {
  volumes: [{name: c, configMap: {name: files}}],
  containers: [{command: [db], args: [--dir, /data], env: [{name: DIR, value: /var}], envFrom: [{configMapRef: {name: variables}}]}]}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: files}, data: {a.conf: 'dir /b'}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: variables}, data: {UPGRADE: 'true'}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {x: y}}
";
        let rendered = Rendered::parse(chart, "a").unwrap();
        let set = &rendered.objects[0];
        let (_, container) = set.servers()[0].clone();
        assert_eq!(
            told(&rendered, set, container),
            ["db", "--dir", "/data", "DIR=/var", "a.conf=dir /b", "UPGRADE=true"]
        );
    }
}
