//! What an account must not show, wherever it stands: values of Secrets, of variables that are named so, and what the
//! chart's lookups copy elsewhere.

use std::collections::BTreeSet;

use record::redact::{self, REDACTED, names_a_secret};
use serde_json::Value;

use super::{Picture, images::images, plain};
use crate::{Forecast, Rendered};

/// The shortest text that is blackened within another: shorter ones would blacken ordinary words.
const SHORTEST: usize = 6;

/// Texts that nobody may see, the longest first.
pub struct Hidden(Vec<String>);

impl Hidden {
    /// What a picture holds of them.
    pub fn of(picture: &Picture) -> Self {
        let renderings = [&picture.held, &picture.new, &picture.again, &picture.offline];
        let mut texts = BTreeSet::new();
        for secret in renderings.iter().flat_map(|rendered| rendered.of_kind("Secret")) {
            texts
                .extend(plain(&secret.value).into_values().filter_map(|value| String::from_utf8(value).ok()));
        }
        let live = picture.live.iter().filter(|(key, _)| key.kind == "Secret");
        texts.extend(
            live.flat_map(|(_, secret)| plain(secret).into_values())
                .filter_map(|value| String::from_utf8(value).ok()),
        );
        for rendered in renderings {
            for object in &rendered.objects {
                variables(&object.value, &mut texts);
            }
        }
        looked_up(&picture.new, &picture.offline, &mut texts);
        given(&picture.values.given, &mut texts);
        // Names that everybody sees are no secrets, even where a Secret holds them: of a user, of a database, of an image.
        let names: Vec<&str> = renderings
            .iter()
            .flat_map(|rendered| &rendered.objects)
            .flat_map(|object| [object.key.name.as_str(), object.key.kind.as_str()])
            .collect();
        let images = renderings.iter().flat_map(|rendered| images(rendered).into_keys());
        let names: Vec<&str> = names.into_iter().chain(images).collect();
        let public = |text: &String| names.iter().any(|name| name.contains(text.as_str()));
        let mut texts: Vec<String> = texts.into_iter().map(|text| text.trim().to_owned()).collect();
        texts.retain(|text| text.len() >= SHORTEST && !public(text));
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self(texts)
    }

    /// A text without them.
    pub fn blacken(&self, text: &str) -> String {
        self.without(redact::text(text))
    }

    fn without(&self, text: String) -> String {
        self.0.iter().fold(text, |text, hidden| text.replace(hidden.as_str(), REDACTED))
    }

    /// A value without them.
    pub fn blacken_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.blacken(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.blacken_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.blacken_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A forecast without them.
    pub fn blacken_forecast(&self, forecast: &mut Forecast) {
        // Only a message has words of others in it.
        forecast.message = self.blacken(&forecast.message);
        for text in std::iter::once(&mut forecast.remedy).chain(&mut forecast.place) {
            *text = self.without(text.clone());
        }
    }
}

/// The values of variables that are named so.
fn variables(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let (Some(name), Some(value)) =
                (fields.get("name").and_then(Value::as_str), fields.get("value").and_then(Value::as_str))
                && names_a_secret(name)
            {
                texts.insert(value.to_owned());
            }
            fields.values().for_each(|value| variables(value, texts));
        }
        Value::Array(items) => items.iter().for_each(|item| variables(item, texts)),
        _ => {}
    }
}

/// What a rendering has only where it can look up.
fn looked_up(new: &Rendered, offline: &Rendered, texts: &mut BTreeSet<String>) {
    for object in &new.objects {
        let other = offline.objects.iter().find(|other| other.key == object.key);
        differing(&object.value, other.map_or(&Value::Null, |other| &other.value), texts);
    }
}

fn differing(new: &Value, offline: &Value, texts: &mut BTreeSet<String>) {
    match (new, offline) {
        (Value::Object(fields), Value::Object(_)) => {
            fields.iter().for_each(|(name, value)| differing(value, &offline[name], texts));
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            items.iter().zip(others).for_each(|(item, other)| differing(item, other, texts));
        }
        (Value::String(text), Value::String(other)) if text != other => {
            texts.insert(text.clone());
        }
        _ => {}
    }
}

/// Values that are given under names of secrets.
fn given(values: &Value, texts: &mut BTreeSet<String>) {
    match values {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if names_a_secret(name) => {
                        texts.insert(text.clone());
                    }
                    value => given(value, texts),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| given(item, texts)),
        _ => {}
    }
}
