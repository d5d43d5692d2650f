//! One attempt to write: what was sent, and how it ended as far as the client could see.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A write to be tried. Its content follows from run, client, sequence and size, and no other write has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Write {
    /// The run: unique for a store, or keys would be written twice.
    pub run: String,
    /// Who writes.
    pub client: u32,
    /// The client's own count, from 0 and without gaps.
    pub sequence: u64,
    /// `<run>/<client>/<sequence>`: never written twice.
    pub key: String,
    /// The content's hash, in hex.
    pub sha256: String,
    /// The content.
    pub payload: Vec<u8>,
}

impl Write {
    /// The write with this place in the ledger.
    pub fn derive(run: &str, client: u32, sequence: u64, size: usize) -> Self {
        let payload = content(run, client, sequence, size);
        let key = key(run, client, sequence);
        Self { run: run.to_owned(), client, sequence, key, sha256: sha256(&payload), payload }
    }

    /// The content's length in bytes.
    pub fn size(&self) -> u64 {
        self.payload.len() as u64
    }
}

// A payload can be a megabyte of noise: an error message must not carry it.
impl std::fmt::Debug for Write {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Write({}, {} bytes, sha256 {})", self.key, self.payload.len(), self.sha256)
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The store said that it has it.
    Acknowledged,
    /// The store surely refused it, for this reason.
    Failed(String),
    /// Nobody knows: it may have happened, or may happen yet.
    Unknown(String),
}

impl Outcome {
    /// Why a write was not acknowledged, where it was not.
    pub fn unacknowledged(&self) -> Option<&str> {
        match self {
            Self::Acknowledged => None,
            Self::Failed(why) | Self::Unknown(why) => Some(why),
        }
    }
}

/// A write that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Who wrote.
    pub client: u32,
    /// The client's own count, from 0 and without gaps.
    pub sequence: u64,
    /// The key.
    pub key: String,
    /// The content's length in bytes.
    pub size: u64,
    /// The content's hash, in hex.
    pub sha256: String,
    /// When it was about to be sent.
    pub sent: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// When the outcome was known; none when the harness ended before.
    pub answered: Option<Timestamp>,
}

/// The key of a place in the ledger.
pub fn key(run: &str, client: u32, sequence: u64) -> String {
    format!("{run}/{client}/{sequence:06}")
}

/// The SHA-256 of some bytes, in hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of the place starts the content, so contents differ from 32 bytes on; noise from it fills the rest,
/// so that no store can compress it or share blocks between objects.
fn content(run: &str, client: u32, sequence: u64, size: usize) -> Vec<u8> {
    let seed = Sha256::digest(format!("{}/{size}", key(run, client, sequence)));
    let mut state = seed.iter().fold(0_u64, |state, byte| state.rotate_left(8) ^ u64::from(*byte));
    let mut bytes = Vec::with_capacity(size + 8);
    bytes.extend_from_slice(&seed);
    while bytes.len() < size {
        bytes.extend_from_slice(&splitmix64(&mut state).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A small generator of noise (Steele, Lea, Flood 2014); sha256 of a counter would take a second per megabyte in a
/// debug build.
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut noise = *state;
    noise = (noise ^ (noise >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    noise = (noise ^ (noise >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    noise ^ (noise >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn contents_are_derived_unique_and_of_the_asked_size() {
        assert_eq!(Write::derive("r", 1, 2, 3000), Write::derive("r", 1, 2, 3000));
        let mut hashes = BTreeSet::new();
        for client in 0..4 {
            for sequence in 0..50 {
                for size in [32, 100, 3071, 3072] {
                    let write = Write::derive("r", client, sequence, size);
                    assert_eq!(write.size(), size as u64);
                    assert!(hashes.insert(write.sha256.clone()), "{write:?} has the content of another");
                }
            }
        }
    }

    #[test]
    fn a_hash_is_hex() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
