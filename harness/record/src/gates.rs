//! Feature gates of Kubernetes, as its own programs take them: `StatefulSetRecreateStrategy=true,Other=false`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What is switched on or off by name; everything else is as the Kubernetes version has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeatureGates(pub BTreeMap<String, bool>);

impl FeatureGates {
    /// Whether nothing is switched.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for FeatureGates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gates: Vec<_> = self.0.iter().map(|(gate, on)| format!("{gate}={on}")).collect();
        formatter.write_str(&gates.join(","))
    }
}

impl FromStr for FeatureGates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut gates = BTreeMap::new();
        for pair in text.split(',').map(str::trim) {
            let (gate, on) = switch(pair).ok_or_else(|| {
                format!(
                    "expected feature gates like StatefulSetRecreateStrategy=true,Other=false, got {pair:?}"
                )
            })?;
            if gates.insert(gate.to_owned(), on).is_some_and(|before| before != on) {
                return Err(format!("feature gate {gate} is both true and false"));
            }
        }
        Ok(Self(gates))
    }
}

/// `Name=true`; a name goes into files and onto command lines, so it is nothing but letters and digits.
fn switch(pair: &str) -> Option<(&str, bool)> {
    let (gate, on) = pair.split_once('=')?;
    let named = !gate.is_empty() && gate.bytes().all(|byte| byte.is_ascii_alphanumeric());
    named.then_some(gate).zip(on.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_read_as_kubernetes_reads_them() {
        let gates: FeatureGates = "StatefulSetRecreateStrategy=true, AllBeta=false".parse().unwrap();
        assert_eq!(gates.to_string(), "AllBeta=false,StatefulSetRecreateStrategy=true");
        assert_eq!("A=true,A=true".parse::<FeatureGates>().unwrap().to_string(), "A=true");
        assert!(FeatureGates::default().is_empty() && !gates.is_empty());
    }

    #[test]
    fn what_is_no_gate_is_named() {
        for wrong in ["", "A", "A=yes", "=true", "A=true,,B=true", "A: b=true", "A=true,B"] {
            let refused = wrong.parse::<FeatureGates>().unwrap_err();
            assert!(refused.contains("StatefulSetRecreateStrategy=true"), "{wrong:?}: {refused}");
        }
        assert_eq!(
            "A=true,A=false".parse::<FeatureGates>().unwrap_err(),
            "feature gate A is both true and false"
        );
    }
}
