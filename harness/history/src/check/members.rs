//! Which nodes of a store were up when, as far as the journal shows it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::operation::Operation;

/// The nodes of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// How many it takes to agree.
    pub quorum: u32,
    /// When each may have been up: from before it was to after it was.
    pub up: Vec<Up>,
}

/// A time in which a node may have been up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Up {
    /// `garage-1`
    pub node: String,
    /// From here on.
    pub from: Timestamp,
    /// Until here; none when it was up at the end.
    pub to: Option<Timestamp>,
}

impl Members {
    /// Whether a quorum may have been up at any time of an operation: then nothing can be said against its answer.
    pub fn may_agree(&self, operation: &Operation) -> bool {
        let end = operation.ended;
        let of =
            |up: &&Up| end.is_none_or(|end| up.from <= end) && up.to.is_none_or(|to| operation.invoked <= to);
        let nodes: BTreeSet<&str> = self.up.iter().filter(of).map(|up| up.node.as_str()).collect();
        nodes.len() >= self.quorum as usize
    }
}
