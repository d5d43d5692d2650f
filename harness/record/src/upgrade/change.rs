//! A field that an upgrade changes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::words;

/// How much of a value is shown to people.
const SHOWN: usize = 160;

/// A field that the upgrade changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `apps/v1`
    #[serde(default)]
    pub api_version: String,
    /// `StatefulSet`
    #[serde(default)]
    pub kind: String,
    /// Where; none where the chart leaves it to the release.
    #[serde(default)]
    pub namespace: Option<String>,
    /// `garage`
    #[serde(default)]
    pub name: String,
    /// `/spec/template/spec/containers/0/image`; empty when the whole object comes or goes.
    pub field: String,
    /// What it was; none when it comes. What is secret is a hash.
    pub old: Option<Value>,
    /// What it will be; none when it goes.
    pub new: Option<Value>,
}

impl Change {
    /// `StatefulSet garage`
    pub fn object(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// What it was, for people: long values are cut.
    pub fn old_text(&self) -> Option<String> {
        self.old.as_ref().map(text)
    }

    /// What it will be, for people: long values are cut.
    pub fn new_text(&self) -> Option<String> {
        self.new.as_ref().map(text)
    }
}

fn text(value: &Value) -> String {
    words::shorten(&value.as_str().map_or_else(|| value.to_string(), str::to_owned), SHOWN)
}
