//! The operations of each key, in the order in which they began.

use std::collections::HashMap;

use crate::operation::{Action, Key, Operation};

/// The operations that are about one key, grouped by it. Takes eight bytes an operation, beside a name a key.
pub struct ByKey<'a> {
    all: &'a [Operation],
    pairs: Vec<(u32, u32)>,
}

/// The operations of one key.
pub struct OfKey<'a> {
    /// The key.
    pub key: &'a Key,
    /// Puts and deletes.
    pub writes: Vec<&'a Operation>,
    /// Gets.
    pub reads: Vec<&'a Operation>,
    /// Asks for heads.
    pub heads: Vec<&'a Operation>,
    /// Reads of parts.
    pub ranges: Vec<&'a Operation>,
}

impl<'a> ByKey<'a> {
    /// Groups them.
    pub fn new(all: &'a [Operation]) -> Self {
        let mut ids: HashMap<&Key, u32> = HashMap::new();
        let keyed = (0_u32..).zip(all).filter_map(|(place, one)| Some((one.action.key()?, place)));
        let mut pairs: Vec<_> = keyed
            .map(|(key, place)| {
                let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
                (*ids.entry(key).or_insert(next), place)
            })
            .collect();
        pairs.sort_unstable();
        Self { all, pairs }
    }

    /// The groups, in the order in which their keys came.
    pub fn iter(&self) -> impl Iterator<Item = OfKey<'a>> {
        let groups = self.pairs.chunk_by(|one, other| one.0 == other.0);
        groups.filter_map(|group| {
            let operations = || group.iter().filter_map(|(_, place)| self.all.get(*place as usize));
            Some(OfKey {
                key: operations().next()?.action.key()?,
                writes: operations().filter(|one| one.action.writes()).collect(),
                reads: operations().filter(|one| matches!(one.action, Action::Get { .. })).collect(),
                heads: operations().filter(|one| matches!(one.action, Action::Head { .. })).collect(),
                ranges: operations().filter(|one| matches!(one.action, Action::Range { .. })).collect(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{found, get, put, unknown},
        operation::Outcome,
    };

    #[test]
    fn keys_are_kept_apart() {
        let all = [
            put(1, "a", b"1", (0, 1), Outcome::DONE),
            get(2, "b", (0, 1), unknown()),
            get(3, "a", (2, 3), found(b"1")),
        ];
        let groups: Vec<_> =
            ByKey::new(&all).iter().map(|of| (of.key.to_string(), of.writes.len(), of.reads.len())).collect();
        assert_eq!(groups, [("a".to_owned(), 1, 1), ("b".to_owned(), 0, 1)]);
    }
}
