//! Keys that are written more than once: what they hold is a matter of the order of their versions, which others judge. But what was
//! deleted stays so, what must be there is there and can be read, and copies end alike.

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

/// What is wrong at the end with what must be there: it is gone, it can't be read, or the listing does not show it.
pub fn missing(
    write: &Operation,
    key: &Key,
    told: &[&Word<'_>],
    listings: &Listings<'_>,
    end: &End<'_>,
) -> Vec<Anomaly> {
    let gone = |word: &Word<'_>| word.at_end && matches!(word.said, Said::Absent);
    let refused = |word: &Word<'_>| matches!(word.said, Said::Refused(_));
    let unlisted = |word: &Word<'_>| {
        let listing = listings.of(word.endpoint, key).filter(|listing| end.has(listing.of));
        matches!(word.said, Said::Found(_)) && listing.is_some_and(|one| !one.keys.contains_key(&**key))
    };
    let flaw = |kind, words: &str, is: &dyn Fn(&Word<'_>) -> bool| {
        let of: Vec<&Word<'_>> = told.iter().copied().filter(|word| is(word)).collect();
        let why = match &of.first()?.said {
            Said::Refused(why) => format!(": {why}"),
            _ => String::new(),
        };
        let places = places(of.iter().map(|word| word.endpoint));
        let text = format!("{key}, acknowledged and never deleted since, {words}{why}, at {places}");
        let lines = std::iter::once(write.line).chain(of.iter().map(|word| word.line)).collect();
        Some(Anomaly { kind, text, lines })
    };
    let flaws = [
        flaw(Kind::Lost, "is gone", &gone),
        flaw(Kind::Unreadable, "can't be read", &refused),
        flaw(Kind::Unlisted, "can be read, and the listing does not show it", &unlisted),
    ];
    flaws.into_iter().flatten().collect()
}

/// Copies that hold different things at the end, though it is known of every write whether it happened: whichever was the last, all
/// should have it.
pub fn parted(of: &OfKey<'_>, words: &[Word<'_>]) -> Option<Anomaly> {
    if of.writes.iter().any(|one| matches!(one.outcome, Outcome::Unknown(_))) {
        return None;
    }
    let held = |word: &Word<'_>| match word.said {
        Said::Found(Some(value)) => Some(Some(value)),
        Said::Absent => Some(None),
        _ => None,
    };
    let words: Vec<&Word<'_>> = words.iter().filter(|word| word.at_end && held(word).is_some()).collect();
    let (first, rest) = words.split_first()?;
    let other = rest.iter().find(|word| held(word) != held(first))?;
    let what = |word: &Word<'_>| match held(word).flatten() {
        Some(value) => format!("{value} at {}", word.endpoint),
        None => format!("nothing at {}", word.endpoint),
    };
    let text = format!("{} stays {} and {}", of.key, what(first), what(other));
    Some(Anomaly { kind: Kind::Diverged, text, lines: vec![first.line, other.line] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::set::{Copies, judge},
        fixture::{delete, found, get, operation, put, refused, unknown},
    };

    const ABSENT: Outcome = Outcome::Ok(Answer::Absent);

    fn first() -> Operation {
        put(1, "r/a", b"1", (0, 3), Outcome::DONE)
    }

    fn second() -> Operation {
        put(2, "r/a", b"2", (1, 4), Outcome::DONE)
    }

    fn read(line: u64, endpoint: &str, outcome: Outcome) -> Operation {
        Operation { endpoint: endpoint.into(), ..get(line, "r/a", (90, 91), outcome) }
    }

    fn list(keys: &[&str], from: i64) -> Operation {
        let keys = keys.iter().map(|key| Key::from(*key)).collect();
        let action = Action::List { prefix: "r/".into() };
        let one = operation(80, action, (from, from + 1), Outcome::Ok(Answer::Keys(keys)));
        Operation { endpoint: "garage-0".into(), ..one }
    }

    fn kinds(all: &[Operation], copies: Copies) -> Vec<(Kind, Vec<u64>)> {
        judge(all, "r/", copies).anomalies.into_iter().map(|one| (one.kind, one.lines)).collect()
    }

    #[test]
    fn what_was_written_over_and_not_deleted_is_there_and_is_listed() {
        let with = |more: &[Operation]| kinds(&[&[first(), second()], more].concat(), Copies::Same);
        let there = || read(9, "garage-0", found(b"2"));
        assert_eq!(with(&[there(), list(&["r/a"], 80)]), []);
        assert_eq!(with(&[read(9, "garage-0", ABSENT)]), [(Kind::Lost, vec![1, 9])]);
        assert_eq!(with(&[there(), list(&[], 80)]), [(Kind::Unlisted, vec![1, 9])]);
        // A listing of the middle of the load, or an absence of it, is judged by others.
        let later = || put(5, "r/b", b"3", (60, 61), unknown());
        assert_eq!(with(&[there(), list(&[], 2), later()]), []);
        assert_eq!(with(&[get(9, "r/a", (50, 51), ABSENT), later()]), []);
        // It may have been deleted since.
        for deleted in [delete(3, "r/a", (2, 5), Outcome::DONE), delete(3, "r/a", (0, 1), unknown())] {
            assert_eq!(with(&[deleted, read(9, "garage-0", ABSENT)]), []);
        }
    }

    #[test]
    fn copies_hold_the_same_once_it_is_known_what_was_written() {
        let parted = || [read(8, "garage-0", found(b"1")), read(9, "garage-1", found(b"2"))];
        let with = |more: &[Operation]| [&[first(), second()], more, &parted()].concat();
        assert_eq!(kinds(&with(&[]), Copies::Same), [(Kind::Diverged, vec![8, 9])]);
        assert_eq!(kinds(&with(&[]), Copies::Apart), []);
        // What nobody knows may come between two reads.
        assert_eq!(kinds(&with(&[put(3, "r/a", b"3", (1, 2), unknown())]), Copies::Same), []);
        let surely_not = put(3, "r/a", b"3", (1, 2), refused());
        assert_eq!(kinds(&with(&[surely_not]), Copies::Same), [(Kind::Diverged, vec![8, 9])]);
        // Put and deleted at the same time: it is there or not, but everywhere.
        let deleted = [first(), delete(2, "r/a", (1, 4), Outcome::DONE)];
        let ends = |other| {
            let reads = [read(8, "garage-0", found(b"1")), read(9, "garage-1", other)];
            kinds(&[deleted.clone(), reads].concat(), Copies::Same)
        };
        assert_eq!(ends(ABSENT), [(Kind::Diverged, vec![8, 9])]);
        assert_eq!(ends(found(b"1")), []);
        assert_eq!(ends(unknown()), []);
    }
}
