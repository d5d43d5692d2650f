//! One thing that a client is to do.

use std::fmt;

use crate::{
    operation::{Action, How, Key, Step, TO_THE_END},
    value::Value,
};

/// What is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What is to be done.
    pub action: Action,
    /// The content of what is written; empty where nothing is.
    pub payload: Vec<u8>,
}

impl Request {
    /// Writes this.
    pub fn put(key: impl Into<Key>, payload: Vec<u8>) -> Self {
        let action = Action::Put { key: key.into(), value: Value::of(&payload), how: How::Whole };
        Self { action, payload }
    }

    /// Reads a key.
    pub fn get(key: impl Into<Key>) -> Self {
        bare(Action::Get { key: key.into() })
    }

    /// Deletes a key.
    pub fn delete(key: impl Into<Key>) -> Self {
        bare(Action::Delete { key: key.into() })
    }

    /// Asks for the head of a key.
    pub fn head(key: impl Into<Key>) -> Self {
        bare(Action::Head { key: key.into() })
    }

    /// Reads so many bytes of a key from one of them on.
    pub fn range(key: impl Into<Key>, from: u64, length: u64) -> Self {
        bare(Action::Range { key: key.into(), from, length })
    }

    /// As [`Request::range`], and every other part with all that comes after it, which is another way through a store.
    pub fn part(key: impl Into<Key>, from: u64, length: u64) -> Self {
        Self::range(key, from, if from % 2 == 1 { TO_THE_END } else { length })
    }

    /// Reads all accounts.
    pub fn balances() -> Self {
        bare(Action::Balances)
    }

    /// Reads these lists, in one transaction.
    pub fn lists(lists: &[u32]) -> Self {
        bare(Action::Transaction(lists.iter().map(|list| Step::Read { list: *list }).collect()))
    }

    /// Lists the keys that begin so.
    pub fn list(prefix: impl Into<Key>) -> Self {
        bare(Action::List { prefix: prefix.into() })
    }

    /// Reads all rows whose keys begin so.
    pub fn scan(prefix: impl Into<Key>) -> Self {
        bare(Action::Scan { prefix: prefix.into() })
    }
}

/// What needs no content.
pub(super) fn bare(action: Action) -> Request {
    Request { action, payload: Vec::new() }
}

// A payload can be a megabyte of noise: an error message must not carry it.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Request({:?}, {} bytes)", self.action, self.payload.len())
    }
}
