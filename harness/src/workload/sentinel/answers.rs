//! What a sentinel is told, and what it answers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is held at a sentinel; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Held {
    /// Not Ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// Does not stop when told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<bool>,
    /// Fails its liveness probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_fails: Option<bool>,
}

/// Who a sentinel is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// What the kernel calls the host.
    pub hostname: String,
    /// The addresses that its hosts file gives that name.
    pub hosts: BTreeSet<String>,
    /// Made anew at each start of the program.
    pub instance: String,
}

/// An answer of the DNS, as seen from inside the pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Answer {
    /// `NOERROR`, `NXDOMAIN`, `NODATA`, `SERVFAIL`; `TIMEOUT`, `UNREACHABLE`
    pub code: String,
    /// Addresses as text, services as objects; sorted.
    pub answers: Vec<Value>,
    /// How long it took.
    pub milliseconds: u64,
    /// How long, in seconds, a client may keep it: an address, or the answer that there is none.
    pub ttl: Option<u32>,
}

/// An answer of the DNS that was given more than once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repeated {
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// How often.
    pub times: u32,
}

/// What became of a number of connections.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connections {
    /// Who answered, and how often.
    pub answers: BTreeMap<String, u32>,
    /// Which starts of the program did.
    pub instances: BTreeSet<String>,
    /// How many did not.
    pub failed: u32,
    /// How many of these had no answer from the DNS.
    pub silent: u32,
    /// The first reasons.
    pub errors: Vec<String>,
}

/// A moment of a sentinel's end, as it saw it itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stamp {
    /// Which start of the program it was.
    pub instance: String,
    /// What it saw.
    pub seen: Seen,
    /// Milliseconds since 1970, by its node's clock.
    pub at: i64,
}

/// What a sentinel sees of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Its preStop hook was called.
    PreStopBegan,
    /// Its preStop hook has answered.
    PreStopEnded,
    /// SIGTERM came.
    Sigterm,
}

/// A file on a sentinel's volume.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stored {
    /// The content's hash, in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

impl Answer {
    /// Whether no server said anything.
    pub fn is_silence(&self) -> bool {
        matches!(self.code.as_str(), "TIMEOUT" | "UNREACHABLE")
    }

    /// The addresses.
    pub fn addresses(&self) -> Vec<&str> {
        self.answers.iter().filter_map(Value::as_str).collect()
    }

    /// The hosts that service records name, without the final dot, each with its port; sorted.
    pub fn targets(&self) -> Vec<String> {
        let target = |answer: &Value| {
            let host = answer["target"].as_str()?.trim_end_matches('.');
            Some(format!("{host}:{}", answer["port"]))
        };
        let mut targets: Vec<_> = self.answers.iter().filter_map(target).collect();
        targets.sort();
        targets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_how_often_they_were_given() -> serde_json::Result<()> {
        let text = r#"[{"code":"NOERROR","answers":["10.0.0.1"],"milliseconds":1,"ttl":30,"times":59},
            {"code":"SERVFAIL","answers":[],"milliseconds":2,"times":1}]"#;
        let answers: Vec<Repeated> = serde_json::from_str(text)?;
        let told: Vec<_> = answers.iter().map(|told| (told.times, told.answer.ttl)).collect();
        assert_eq!(told, [(59, Some(30)), (1, None)]);
        Ok(())
    }
}
