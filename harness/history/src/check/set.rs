//! What was acknowledged is there at the end, whole and once, and nothing else is.
//!
//! It judges keys that are written once and never deleted, and of others that what was deleted stays so, what must be there is there,
//! and copies end alike. Accounts and lists can be read. The last word of each endpoint on a key counts; an endpoint that was asked at the end and gave no answer is named, and judged
//! neither way.

mod listing;
mod over;
mod strange;
mod word;

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use self::{
    listing::Listings,
    over::{kept, missing, parted, risen},
    strange::strange,
    word::{Said, Word, words},
};
use super::{
    end::End,
    judgement::{Anomaly, Count, Judgement, Kind},
    keys::ByKey,
    labels,
    refused::refused_alone,
    unread,
};
use crate::{
    operation::{Action, Key, Operation, Outcome, SERVICE},
    value::Value,
};

/// Whether the endpoints are copies of one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copies {
    /// Each must have everything.
    Same,
    /// As [`Copies::Same`], and only at the end: before, each answers with what it has itself.
    Late,
    /// Each is a store of its own: what was written at one must be there, and what was written through a service must be at one
    /// of them.
    Apart,
}

/// Only what is asked at the end tells what is lost, and by whom nothing is said.
const NOBODY_AT_THE_END: &str = "nobody read at the end who had no part in the load";

/// A write, and all that is known of its key.
struct Known<'a> {
    key: &'a Key,
    write: &'a Operation,
    value: Value,
    words: Vec<Word<'a>>,
}

#[derive(Default)]
struct Tally<'a> {
    acknowledged: u64,
    bytes: u64,
    refused: u64,
    unknown_there: u64,
    unknown_not_there: u64,
    /// Acknowledged writes of which nobody said anything.
    unread: u64,
    /// Those among them for which nobody was asked.
    never_asked: u64,
    /// Of how many keys that must be there each endpoint said nothing.
    silent: BTreeMap<&'a str, u64>,
}

/// Judges all keys that begin with `run`.
pub fn judge(all: &[Operation], run: &str, copies: Copies) -> Judgement {
    let (mut judgement, mut tally) = (Judgement::default(), Tally::default());
    let end = End::new(all);
    let listings = Listings::new(all, &end);
    let mut written: HashSet<&str> = HashSet::new();
    for of in ByKey::new(all).iter() {
        let words = words(&of, &listings, &end, copies);
        match of.writes[..] {
            [write] => {
                written.insert(of.key);
                let Action::Put { value, .. } = write.action else { continue };
                judgement.anomalies.extend(labels::mislabelled(&of, |found| found == value));
                if write.is_ok() {
                    judgement.anomalies.extend(refused_alone("head", &of, &of.heads, &end));
                }
                let known = Known { key: of.key, write, value, words };
                judge_one(known, &listings, copies, &mut tally, &mut judgement);
            }
            [] => {
                let there = words.iter().find(|word| matches!(word.said, Said::Found(_)));
                if let Some(word) = there.filter(|_| of.key.starts_with(run)) {
                    written.insert(of.key);
                    judgement.anomalies.push(phantom(of.key, word.endpoint, word.line));
                }
            }
            _ => {
                written.insert(of.key);
                let before = judgement.anomalies.len();
                judgement.anomalies.extend(risen(&of, &listings, &end));
                if let Some(write) = kept(&of) {
                    let told = told(&words, write, copies);
                    tally.count_silent(&told);
                    judgement.anomalies.extend(missing(write, of.key, &told, &listings, &end));
                }
                // Who has lost it, or has it again, differs for that.
                if copies != Copies::Apart && judgement.anomalies.len() == before {
                    judgement.anomalies.extend(parted(&of, &words));
                }
            }
        }
    }
    judgement.anomalies.extend(strange(&listings, |key| key.starts_with(run) && !written.contains(key)));
    for one in listings.unanswered() {
        match &one.said {
            // What a scan was to give is told key by key.
            _ if one.whole => {}
            Said::Refused(why) => judgement.anomalies.push(Anomaly {
                kind: Kind::Unreadable,
                text: format!("{} can't list {}: {why}", one.endpoint, one.prefix),
                lines: vec![one.line],
            }),
            _ => judgement.unjudged.push(format!("{} did not list {}", one.endpoint, one.prefix)),
        }
    }
    unread::judge(all, &end, &mut judgement);
    judgement.judged = (tally.acknowledged + tally.refused + tally.unknown_there) - tally.unread;
    if tally.never_asked > 0 {
        let (never, of) = (tally.never_asked, tally.acknowledged);
        judgement.unjudged.push(format!("{never} of {of} acknowledged writes were never read again"));
    }
    let at_end = all.iter().any(|one| !one.action.writes() && end.has(one));
    if tally.acknowledged > 0 && tally.never_asked == 0 && !at_end {
        judgement.unjudged.push(NOBODY_AT_THE_END.to_owned());
    }
    let silent = tally.silent.iter();
    judgement
        .unjudged
        .extend(silent.map(|(endpoint, keys)| format!("{endpoint} said nothing of {keys} keys")));
    judgement.counts = tally.counts();
    judgement
}

/// Judges one write by the last words on its key.
fn judge_one<'a>(
    known: Known<'a>,
    listings: &Listings<'_>,
    copies: Copies,
    tally: &mut Tally<'a>,
    judgement: &mut Judgement,
) {
    let Known { key, write, value, words } = known;
    let acknowledged = write.is_ok();
    let told = told(&words, write, copies);
    tally.count(write, value, &told);
    let first = judgement.anomalies.len();
    for word in told.iter().copied() {
        let listed =
            listings.of(word.endpoint, key).filter(|one| write.ended.is_none_or(|ended| one.asked > ended));
        let shown = listed.map(|listing| Shown {
            is: listing.keys.contains_key(&**key),
            before: listing.asked < word.asked,
        });
        let wrong = if acknowledged && word.outlived_by(&told) {
            Some((Kind::Stale, format!("{key}, acknowledged, was absent, and later it was there elsewhere")))
        } else {
            flaw(key, write, value, word, shown)
        };
        if let Some((kind, text)) = wrong {
            // A write that several lack is one.
            match judgement.anomalies.iter_mut().skip(first).find(|one| one.kind == kind) {
                Some(one) => {
                    one.text.push_str(&format!(", and at {}", word.endpoint));
                    one.lines.push(word.line);
                }
                None => judgement.anomalies.push(Anomaly {
                    kind,
                    text: format!("{text}, at {}", word.endpoint),
                    lines: vec![write.line, word.line],
                }),
            }
        }
        if let (true, Some(stale), Said::Found(_)) = (acknowledged, word.absent_before, &word.said) {
            let text = format!("{key}, acknowledged, was absent for a while at {}", word.endpoint);
            judgement.anomalies.push(Anomaly { kind: Kind::Stale, text, lines: vec![write.line, stale] });
        }
    }
}

/// The words that speak for a write.
fn told<'w, 'a>(words: &'w [Word<'a>], write: &Operation, copies: Copies) -> Vec<&'w Word<'a>> {
    // A word from before the answer may well not know of it.
    let late = |word: &&Word<'_>| !write.is_ok() || write.ended.is_some_and(|ended| word.asked > ended);
    let words = words.iter().filter(late);
    match copies {
        Copies::Same | Copies::Late => words.collect(),
        Copies::Apart if !write.through_service() => {
            words.filter(|word| *word.endpoint == *write.endpoint).collect()
        }
        Copies::Apart => {
            // Whoever has it speaks for all, and else those who may have it and gave no answer.
            let at_pods: Vec<_> = words.filter(|word| !word.endpoint.starts_with(SERVICE)).collect();
            let holder = at_pods.iter().find(|word| matches!(word.said, Said::Found(_))).copied();
            let (absent, may_have): (Vec<_>, Vec<_>) =
                at_pods.into_iter().partition(|word| matches!(word.said, Said::Absent));
            match holder {
                Some(holder) => vec![holder],
                None if may_have.is_empty() => absent,
                None => may_have,
            }
        }
    }
}

/// Whether the listing of an endpoint shows a key, and whether it was asked for before the endpoint's last word.
#[derive(Clone, Copy)]
struct Shown {
    is: bool,
    before: bool,
}

/// What is wrong with a key of which an endpoint said this last.
fn flaw(
    key: &Key,
    write: &Operation,
    value: Value,
    word: &Word<'_>,
    shown: Option<Shown>,
) -> Option<(Kind, String)> {
    let sent = write.invoked;
    match (&write.outcome, &word.said) {
        (Outcome::Failed(failure), Said::Found(_)) => Some((
            Kind::RefusedButStored,
            format!("{key} is stored, though the store had refused it: {failure}"),
        )),
        (_, Said::Found(Some(found))) if *found != value => {
            Some((Kind::Diverged, format!("{key} has {found}, sent were {value}")))
        }
        (Outcome::Ok(_), Said::Found(_)) if shown.is_some_and(|shown| !shown.is) => {
            Some((Kind::Unlisted, format!("{key} can be read, and the listing does not show it")))
        }
        (Outcome::Ok(_), Said::Absent) => {
            let listed =
                if shown.is_some_and(|shown| shown.is) { ", though the listing still shows it" } else { "" };
            Some((
                Kind::Lost,
                format!("{key}, {} bytes, sent at {sent} and acknowledged, is gone{listed}", value.size),
            ))
        }
        (Outcome::Ok(_), Said::Refused(why)) => Some((
            Kind::Unreadable,
            format!("{key}, {} bytes, was acknowledged and can't be read: {why}", value.size),
        )),
        // What nobody knows may have come since: only who is asked after the listing speaks against it.
        (_, Said::Absent | Said::Refused(_)) if shown.is_some_and(|shown| shown.is && shown.before) => {
            Some((Kind::Torn, format!("{key} is listed and can't be read")))
        }
        _ => None,
    }
}

fn phantom(key: &str, endpoint: &str, line: u64) -> Anomaly {
    let text = format!("{key} is there and was never written, at {endpoint}");
    Anomaly { kind: Kind::Phantom, text, lines: vec![line] }
}

impl<'a> Tally<'a> {
    fn count(&mut self, write: &Operation, value: Value, told: &[&Word<'a>]) {
        let nothing = |word: &&Word<'_>| matches!(word.said, Said::Nothing { .. });
        let there = told.iter().any(|word| matches!(word.said, Said::Found(_)));
        match write.outcome {
            Outcome::Ok(_) => {
                self.acknowledged += 1;
                self.bytes += value.size;
                self.never_asked += u64::from(told.is_empty());
                self.unread += u64::from(told.iter().all(nothing));
                self.count_silent(told);
            }
            Outcome::Failed(_) => self.refused += 1,
            Outcome::Unknown(_) if there => self.unknown_there += 1,
            Outcome::Unknown(_) => self.unknown_not_there += 1,
        }
    }

    fn count_silent(&mut self, told: &[&Word<'a>]) {
        for word in told.iter().filter(|word| matches!(word.said, Said::Nothing { .. })) {
            *self.silent.entry(word.endpoint).or_default() += 1;
        }
    }

    fn counts(&self) -> Vec<Count> {
        let count = |name, value, unit| Count { name, value, unit };
        vec![
            count("acknowledged writes", self.acknowledged, "writes"),
            count("acknowledged bytes", self.bytes, "bytes"),
            count("refused writes", self.refused, "writes"),
            count("writes of unknown outcome that are there", self.unknown_there, "writes"),
            count("writes of unknown outcome that are not there", self.unknown_not_there, "writes"),
        ]
    }
}

#[cfg(test)]
mod tests;
