//! What is deleted, and whether an object is.

use serde_json::Value;

use crate::Object;

/// An object that a hook deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relief {
    /// The hook: `Job db-upgrade`.
    pub hook: String,
    /// `StatefulSet`
    pub kind: &'static str,
    /// Which: a name, or labels.
    pub which: Which,
    /// Whether what it owns stays: pods go on.
    pub orphans: bool,
}

/// Labels with their values.
pub type Labels = Vec<(String, String)>;

/// Which objects are deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The one of this name.
    Named(String),
    /// Those with these labels.
    Labelled(Labels),
    /// Every one.
    All,
}

impl Relief {
    /// Whether it deletes this object, by what is there of it.
    pub fn deletes(&self, object: &Object, live: Option<&Value>) -> bool {
        self.kind == object.key.kind
            && match &self.which {
                Which::Named(name) => *name == object.key.name,
                Which::Labelled(labels) => {
                    let there = &live.unwrap_or(&object.value)["metadata"]["labels"];
                    labels.iter().all(|(label, value)| there[label] == value.as_str())
                }
                Which::All => true,
            }
    }
}
