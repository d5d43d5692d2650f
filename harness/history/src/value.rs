//! What a key holds, by what tells it from every other content.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Some bytes, by their length and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value {
    /// How many bytes.
    pub size: u64,
    /// Their hash.
    pub digest: Digest,
}

/// The first half of a SHA-256: enough to tell contents apart, and a history of a million operations fits into memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest([u8; 16]);

/// The hash of some bytes.
pub fn digest(bytes: &[u8]) -> Digest {
    let (mut half, whole) = ([0; 16], Sha256::digest(bytes));
    half.iter_mut().zip(whole.iter()).for_each(|(half, whole)| *half = *whole);
    Digest(half)
}

impl Digest {
    /// One of so many, each as often as any other; whether it is even says nothing of which.
    pub fn turn(self, of: u8) -> u8 {
        self.0.first().map_or(0, |byte| byte % of.max(1))
    }

    /// Whether it is so as a number, as every other one is.
    pub fn is_even(self) -> bool {
        self.0.last().is_some_and(|byte| byte % 2 == 0)
    }
}

impl Value {
    /// That of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len() as u64, digest: digest(bytes) }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes of hash {}", self.size, self.digest)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = u128::from_str_radix(text, 16).map_err(|error| format!("{text} is no hash: {error}"))?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_first_half_of_a_sha256_and_survives_json() {
        let empty = digest(b"");
        assert_eq!(empty.to_string(), "e3b0c44298fc1c149afbf4c8996fb924");
        let json = serde_json::to_string(&Value::of(b"a")).unwrap();
        assert_eq!(json, r#"{"size":1,"digest":"ca978112ca1bbdcafac231b39a23dc4d"}"#);
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), Value::of(b"a"));
        assert_eq!([digest(b""), digest(b"a")].map(Digest::is_even), [true, false]);
        assert!("xyz".parse::<Digest>().unwrap_err().contains("xyz is no hash"));
    }
}
