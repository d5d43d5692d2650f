//! What each endpoint listed last.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use jiff::Timestamp;

use crate::{
    operation::{Answer, Operation, Outcome},
    value::Value,
};

/// The last listing of an endpoint, or its last scan, which says what the keys hold as well.
pub struct Listing<'a> {
    /// Its line.
    pub line: u64,
    /// When it was asked for.
    pub asked: Timestamp,
    /// What it shows; of a scan with what it holds.
    pub keys: HashMap<&'a str, Option<Value>>,
    /// What it shows more than once.
    pub twice: Vec<&'a str>,
    /// Whether it is a scan: what it does not show is not there.
    pub whole: bool,
}

/// The last listing of each endpoint.
pub struct Listings<'a>(BTreeMap<&'a str, Listing<'a>>);

impl<'a> Listings<'a> {
    /// Finds them.
    pub fn new(all: &'a [Operation]) -> Self {
        let mut last: BTreeMap<&str, &Operation> = BTreeMap::new();
        for one in all {
            if matches!(&one.outcome, Outcome::Ok(Answer::Keys(_) | Answer::Rows(_))) {
                last.insert(&one.endpoint, one);
            }
        }
        Self(last.into_iter().map(|(endpoint, one)| (endpoint, Listing::new(one))).collect())
    }

    /// That of one endpoint.
    pub fn of(&self, endpoint: &str) -> Option<&Listing<'a>> {
        self.0.get(endpoint)
    }

    /// Whether an endpoint has listed anything.
    pub fn has(&self, endpoint: &str) -> bool {
        self.0.contains_key(endpoint)
    }

    /// All of them, by endpoint.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Listing<'a>)> {
        self.0.iter().map(|(endpoint, listing)| (*endpoint, listing))
    }
}

impl<'a> Listing<'a> {
    fn new(one: &'a Operation) -> Self {
        let mut listing = Self {
            line: one.line,
            asked: one.invoked,
            keys: HashMap::new(),
            twice: Vec::new(),
            whole: false,
        };
        match &one.outcome {
            Outcome::Ok(Answer::Keys(keys)) => keys.iter().for_each(|key| listing.add(key, None)),
            Outcome::Ok(Answer::Rows(rows)) => {
                listing.whole = true;
                rows.iter().for_each(|(key, value)| listing.add(key, Some(*value)));
            }
            _ => {}
        }
        listing
    }

    fn add(&mut self, key: &'a str, value: Option<Value>) {
        match self.keys.entry(key) {
            Entry::Occupied(_) => self.twice.push(key),
            Entry::Vacant(place) => drop(place.insert(value)),
        }
    }
}
