//! Keys that are written more than once: what they hold is a matter of the order of their versions, which others judge. But what was
//! deleted stays so, and what must be there can be read.

use super::{
    listing::Listings,
    word::{Said, Word},
};
use crate::{
    check::{
        end::End,
        gone::Gone,
        judgement::{Anomaly, Kind, places},
        keys::OfKey,
    },
    operation::{Action, Answer, Key, Operation, Outcome},
};

/// What was deleted for good and is there at the end.
pub fn risen(of: &OfKey<'_>, listings: &Listings<'_>, end: &End<'_>) -> Option<Anomaly> {
    let gone = Gone::new(of);
    let found = |one: &&Operation| {
        matches!(one.outcome, Outcome::Ok(Answer::Found(_) | Answer::Mislabelled(_) | Answer::There))
    };
    let read = of.reads.iter().copied().filter(|one| end.has(one)).filter(found);
    // A list of names is judged by nobody: see the checker of listings.
    let scans = listings.covering(of.key).filter(|listing| listing.whole);
    let listed = scans.filter(|listing| listing.keys.contains_key(&**of.key));
    let shown = read.chain(listed.map(|listing| listing.of));
    let proofs: Vec<_> = shown.filter_map(|one| Some((one, gone.before(one)?))).collect();
    let (_, deletion) = proofs.first()?;
    let places = places(proofs.iter().map(|(one, _)| &*one.endpoint));
    let text = format!("{} was deleted, nothing was put since, and it is there, at {places}", of.key);
    let lines = std::iter::once(*deletion).chain(proofs.iter().map(|(one, _)| one.line)).collect();
    Some(Anomaly { kind: Kind::Resurrected, text, lines })
}

/// A put that was acknowledged and that no deletion may have undone: it or a later one must be there.
pub fn kept<'a>(of: &OfKey<'a>) -> Option<&'a Operation> {
    let is_deletion = |one: &&Operation| matches!(one.action, Action::Delete { .. });
    let (deletions, puts): (Vec<&Operation>, Vec<_>) = of.writes.iter().copied().partition(is_deletion);
    let may_be_done = deletions.iter().filter(|one| !matches!(one.outcome, Outcome::Failed(_)));
    let before =
        |put: &Operation| may_be_done.clone().all(|one| one.over().is_some_and(|over| over < put.invoked));
    puts.into_iter().find(|put| put.is_ok() && before(put))
}

/// What must be there and was refused at the end.
pub fn unreadable(write: &Operation, key: &Key, told: &[&Word<'_>]) -> Option<Anomaly> {
    let refused = |word: &&&Word<'_>| matches!(word.said, Said::Refused(_));
    let words: Vec<_> = told.iter().filter(refused).collect();
    let Said::Refused(why) = &words.first()?.said else { return None };
    let places = places(words.iter().map(|word| word.endpoint));
    let text = format!("{key}, acknowledged and never deleted since, can't be read: {why}, at {places}");
    let lines = std::iter::once(write.line).chain(words.iter().map(|word| word.line)).collect();
    Some(Anomaly { kind: Kind::Unreadable, text, lines })
}
