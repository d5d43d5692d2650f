//! What each endpoint listed last, of all keys or of those that begin alike.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use jiff::Timestamp;

use super::word::Said;
use crate::{
    check::{end::End, judgement::Anomaly, order::disordered},
    operation::{Action, Answer, Operation, Outcome},
    value::Value,
};

/// The last listing of an endpoint, or its last scan, which says what the keys hold as well.
pub struct Listing<'a> {
    /// Whose.
    pub endpoint: &'a str,
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

/// For what begins so, who was asked, and whether for a scan.
type Place<'a> = (&'a str, &'a str, bool);

/// The last listing of each endpoint for each beginning that was asked for, and the last scan: one may come from an index, and the other
/// from what it is of.
pub struct Listings<'a> {
    /// By what they begin with.
    shown: BTreeMap<&'a str, Vec<Listing<'a>>>,
    /// How long these beginnings are: a key has few that somebody listed, and there are many of other keys.
    lengths: BTreeSet<usize>,
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
            let place = (&**prefix, &*one.endpoint, whole);
            if one.is_ok() {
                last.insert(place, one);
                unanswered.remove(&place);
                continue;
            }
            let Some(said) = Said::of_failure(one, end) else { continue };
            let refused = |known: &Unanswered<'_>| matches!(known.said, Said::Refused(_));
            // As of keys: silence takes back nothing that was said before it.
            if matches!(said, Said::Refused(_)) || !unanswered.get(&place).is_some_and(refused) {
                let (prefix, endpoint, _) = place;
                let (line, asked) = (one.line, one.invoked);
                unanswered.insert(place, Unanswered { endpoint, prefix, line, asked, said, whole });
            }
        }
        let mut shown: BTreeMap<&str, Vec<Listing<'_>>> = BTreeMap::new();
        for ((prefix, ..), one) in last {
            shown.entry(prefix).or_default().push(Listing::new(one));
        }
        let lengths = shown.keys().map(|prefix| prefix.len()).collect();
        Self { shown, lengths, unanswered }
    }

    /// Those that would show this key, were it there.
    pub fn covering(&self, key: &str) -> impl Iterator<Item = &Listing<'a>> {
        let beginnings = self.lengths.iter().filter_map(move |length| key.get(..*length));
        beginnings.filter_map(|beginning| self.shown.get(beginning)).flatten()
    }

    /// The last of one endpoint that would show this key; a list of names before a scan, whose word on the key is known anyway.
    pub fn of(&self, endpoint: &str, key: &str) -> Option<&Listing<'a>> {
        self.covering(key)
            .filter(|listing| listing.endpoint == endpoint)
            .max_by_key(|listing| (!listing.whole, listing.asked))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Listing<'a>> {
        self.shown.values().flatten()
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
            endpoint: &one.endpoint,
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

    fn add(&mut self, key: &'a str, value: Option<Value>) {
        match self.keys.entry(key) {
            Entry::Occupied(_) => self.twice.push(key),
            Entry::Vacant(place) => drop(place.insert(value)),
        }
    }
}
