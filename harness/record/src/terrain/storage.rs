//! Storage classes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A storage class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageClass {
    /// Its name.
    pub name: String,
    /// Whether a claim that names no class gets it.
    pub default: bool,
    /// Whether it is the one that the run's claims are to have, instead of the default one.
    #[serde(default)]
    pub chosen: bool,
    /// Who makes its volumes.
    pub provisioner: String,
    /// Whether its claims may grow.
    pub expansion: bool,
    /// `Immediate`, `WaitForFirstConsumer`
    pub binding: String,
    /// `Delete`, `Retain`
    pub reclaim: String,
    /// The access modes that its volumes have, where that is known of its provisioner; empty where it is not.
    #[serde(default)]
    pub access: Vec<String>,
}

impl fmt::Display for StorageClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, default, chosen, provisioner, expansion, binding, reclaim, access } = self;
        let default = match (chosen, default) {
            (true, _) => "chosen class ",
            (false, true) => "default class ",
            (false, false) => "class ",
        };
        let grow = if *expansion { "claims may grow" } else { "claims can't grow" };
        let access: String = access.iter().map(|mode| format!(", {mode}")).collect();
        write!(formatter, "{default}{name} of {provisioner} ({grow}, {binding}, {reclaim}{access})")
    }
}
