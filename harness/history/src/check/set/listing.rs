//! What each endpoint listed last, of all keys or of those that begin alike.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use jiff::Timestamp;

use super::{end::End, word::Said};
use crate::{
    check::{judgement::Anomaly, order::disordered},
    operation::{Action, Answer, Operation, Outcome},
    value::Value,
};

/// The last listing of an endpoint, or its last scan, which says what the keys hold as well.
pub struct Listing<'a> {
    /// What the keys begin with that were asked for.
    prefix: &'a str,
    /// The operation.
    pub of: &'a Operation,
    /// Its line.
    pub line: u64,
    /// When it was asked for.
    pub asked: Timestamp,
    /// What it shows; of a scan with what it holds.
    pub keys: HashMap<&'a str, Option<Value>>,
    /// What it shows more than once.
    pub twice: Vec<&'a str>,
    /// What it shows out of order, or unasked.
    pub disorder: Option<Anomaly>,
    /// Whether it is a scan: what it does not show is not there.
    pub whole: bool,
}

/// A listing, or a scan, that was asked for at the end and not answered well.
pub struct Unanswered<'a> {
    /// Who was asked.
    pub endpoint: &'a str,
    /// For what begins so.
    pub prefix: &'a str,
    /// Its line.
    pub line: u64,
    /// When it was asked for.
    pub asked: Timestamp,
    /// What came.
    pub said: Said,
    /// Whether it is a scan.
    pub whole: bool,
}

/// Who was asked, for what begins so, and whether for a scan.
type Place<'a> = (&'a str, &'a str, bool);

/// The last listing of each endpoint for each beginning that was asked for, and the last scan: one may come from an index, and the other
/// from what it is of.
pub struct Listings<'a> {
    shown: BTreeMap<Place<'a>, Listing<'a>>,
    unanswered: BTreeMap<Place<'a>, Unanswered<'a>>,
}

impl<'a> Listings<'a> {
    /// Finds them.
    pub fn new(all: &'a [Operation], end: &End<'_>) -> Self {
        let mut last: BTreeMap<Place<'_>, &Operation> = BTreeMap::new();
        let mut unanswered: BTreeMap<Place<'_>, Unanswered<'_>> = BTreeMap::new();
        for one in all {
            let (Action::List { prefix } | Action::Scan { prefix }) = &one.action else { continue };
            let whole = matches!(one.action, Action::Scan { .. });
            let place = (&*one.endpoint, &**prefix, whole);
            if one.is_ok() {
                last.insert(place, one);
                unanswered.remove(&place);
                continue;
            }
            let Some(said) = Said::of_failure(&one.outcome).filter(|_| end.has(one)) else { continue };
            let refused = |known: &Unanswered<'_>| matches!(known.said, Said::Refused(_));
            // As of keys: silence takes back nothing that was said before it.
            if matches!(said, Said::Refused(_)) || !unanswered.get(&place).is_some_and(refused) {
                let (endpoint, prefix, _) = place;
                let (line, asked) = (one.line, one.invoked);
                unanswered.insert(place, Unanswered { endpoint, prefix, line, asked, said, whole });
            }
        }
        let shown = last.into_iter().map(|(place, one)| (place, Listing::new(one))).collect();
        Self { shown, unanswered }
    }

    /// The last of one endpoint that would show this key; a list of names before a scan, whose word on the key is known anyway.
    pub fn of(&self, endpoint: &str, key: &str) -> Option<&Listing<'a>> {
        let speaks = |(name, listing): &(&str, &Listing<'_>)| *name == endpoint && listing.covers(key);
        self.iter()
            .filter(speaks)
            .map(|(_, listing)| listing)
            .max_by_key(|listing| (!listing.whole, listing.asked))
    }

    /// All of them, by endpoint.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Listing<'a>)> {
        self.shown.iter().map(|((endpoint, ..), listing)| (*endpoint, listing))
    }

    /// Those that were asked for at the end and not answered well.
    pub fn unanswered(&self) -> impl Iterator<Item = &Unanswered<'a>> {
        self.unanswered.values()
    }
}

impl<'a> Listing<'a> {
    fn new(one: &'a Operation) -> Self {
        let prefix = match &one.action {
            Action::List { prefix } | Action::Scan { prefix } => prefix,
            _ => "",
        };
        let mut listing = Self {
            prefix,
            of: one,
            line: one.line,
            asked: one.invoked,
            keys: HashMap::new(),
            twice: Vec::new(),
            disorder: None,
            whole: false,
        };
        match &one.outcome {
            Outcome::Ok(Answer::Keys(keys)) => {
                keys.iter().for_each(|key| listing.add(key, None));
                listing.disorder = disordered(one, prefix, keys);
            }
            Outcome::Ok(Answer::Rows(rows)) => {
                listing.whole = true;
                rows.iter().for_each(|(key, value)| listing.add(key, Some(*value)));
            }
            _ => {}
        }
        listing
    }

    /// Whether it would show this key, were it there.
    pub fn covers(&self, key: &str) -> bool {
        key.starts_with(self.prefix)
    }

    fn add(&mut self, key: &'a str, value: Option<Value>) {
        match self.keys.entry(key) {
            Entry::Occupied(_) => self.twice.push(key),
            Entry::Vacant(place) => drop(place.insert(value)),
        }
    }
}
