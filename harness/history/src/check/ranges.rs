//! A part of an object that was written once is what was written there: its content follows from its key.

use super::{
    end::End,
    judgement::{Anomaly, Judgement, Kind},
    keys::{ByKey, OfKey},
    read_after_write::found,
    refused::refused_alone,
};
use crate::{
    generate::content_of,
    operation::{Action, Answer, Cause, Operation, Outcome},
    value::Value,
};

/// A store that answers so says that an object has no such part.
const NO_SUCH_PART: &str = "416";

/// Judges every answered read of a part, and those of the end that were refused where the whole was given.
pub fn judge(all: &[Operation]) -> Judgement {
    let (mut judgement, mut apart) = (Judgement::default(), 0_u64);
    let (mut asked, mut given) = (0, 0);
    let end = End::new(all);
    for of in ByKey::new(all).iter().filter(|of| !of.ranges.is_empty()) {
        asked += of.ranges.len();
        given += of.ranges.iter().filter(|read| found(read).is_some()).count();
        if let Some(refused) = refused_alone("part", &of, &of.ranges, &end) {
            judgement.judged += refused.lines.len() as u64;
            judgement.anomalies.push(refused);
        }
        let Some((write, content)) = written(&of) else {
            // Nobody has written it yet, or somebody not as it was told.
            apart += u64::from(!of.writes.is_empty());
            continue;
        };
        for read in &of.ranges {
            let Some(wrong) = flaw(read, write, &content) else { continue };
            judgement.judged += 1;
            judgement.anomalies.extend(wrong.map(|(kind, what)| {
                let text = format!(
                    "{} at {}: the read that began at {} {what}",
                    of.key, read.endpoint, read.invoked
                );
                Anomaly { kind, text, lines: vec![read.line, write.line] }
            }));
        }
    }
    if asked > 0 && given == 0 {
        judgement.unjudged.push(format!("none of {asked} reads of parts was given any"));
    }
    if apart > 0 {
        judgement
            .unjudged
            .push(format!("{apart} keys were written twice: what their parts hold is not told apart"));
    }
    judgement
}

/// The one write of a key, and what it wrote.
fn written<'a>(of: &OfKey<'a>) -> Option<(&'a Operation, Vec<u8>)> {
    let [write] = of.writes[..] else { return None };
    let Action::Put { value, .. } = &write.action else { return None };
    let content = content_of(of.key, usize::try_from(value.size).ok()?)?;
    (Value::of(&content) == *value).then_some((write, content))
}

/// What is wrong with an answer, if anything is; none where there was no answer.
fn flaw(read: &Operation, write: &Operation, content: &[u8]) -> Option<Option<(Kind, String)>> {
    let Action::Range { from, length, .. } = read.action else { return None };
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(content.len());
    let expected = content.get(place(from)..place(from.saturating_add(length))).unwrap_or_default();
    let known = write.is_ok() && write.ended.is_some_and(|ended| ended < read.invoked);
    match &read.outcome {
        Outcome::Ok(Answer::Found(found)) if *found == Value::of(expected) => Some(None),
        Outcome::Ok(Answer::Found(found)) => {
            let words =
                format!("got {found} for {} bytes from {from} on, written were others", expected.len());
            Some(Some((Kind::WrongRange, words)))
        }
        Outcome::Ok(Answer::Absent) => {
            Some(known.then(|| (Kind::Stale, "saw nothing of what was acknowledged before".to_owned())))
        }
        Outcome::Failed(failure) if failure.cause == Cause::Answered(NO_SUCH_PART.into()) => {
            let wrong = known && !expected.is_empty();
            Some(
                wrong.then(|| (Kind::WrongRange, format!("was told that there are no bytes from {from} on"))),
            )
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{failed, found, get, operation, put},
        operation::TO_THE_END,
    };

    fn read(
        line: u64,
        key: &str,
        (from, length): (u64, u64),
        span: (i64, i64),
        outcome: Outcome,
    ) -> Operation {
        operation(line, Action::Range { key: key.into(), from, length }, span, outcome)
    }

    #[test]
    fn a_part_is_what_was_written_there() {
        let key = "r/3/000007";
        let content = content_of(key, 100).unwrap();
        let absent = || Outcome::Ok(Answer::Absent);
        let no_part = || Outcome::Failed(failed(Cause::Answered("416".into())));
        let all = [
            put(1, key, &content, (0, 1), Outcome::DONE),
            read(2, key, (10, 20), (2, 3), found(&content[10..30])),
            read(3, key, (90, 20), (2, 3), found(&content[90..])),
            read(4, key, (10, 20), (2, 3), found(&content[11..31])),
            read(5, key, (10, 20), (2, 3), found(&content)),
            read(6, key, (10, 20), (2, 3), absent()),
            read(7, key, (10, 20), (0, 3), absent()),
            read(8, key, (10, 20), (2, 3), no_part()),
            read(9, key, (100, 20), (2, 3), no_part()),
            read(10, "r/3/000008", (0, 1), (2, 3), found(b"x")),
        ];
        let judgement = judge(&all);
        let lines: Vec<_> = judgement.anomalies.iter().map(|one| (one.kind, one.lines[0])).collect();
        let wrong = |line| (Kind::WrongRange, line);
        assert_eq!(lines, [wrong(4), wrong(5), (Kind::Stale, 6), wrong(8)]);
        assert_eq!((judgement.judged, judgement.unjudged.len()), (8, 0));
        let rest = |line, outcome| read(line, key, (11, TO_THE_END), (2, 3), outcome);
        let all = [
            put(1, key, &content, (0, 1), Outcome::DONE),
            rest(2, found(&content[11..])),
            rest(3, found(&content[11..31])),
            rest(4, found(&[&content[11..], b"x"].concat())),
        ];
        let lines: Vec<_> = judge(&all).anomalies.iter().map(|one| (one.kind, one.lines[0])).collect();
        assert_eq!(lines, [wrong(3), wrong(4)]);
        let other = [put(1, key, b"x", (0, 1), Outcome::DONE), read(2, key, (0, 1), (2, 3), found(b"y"))];
        assert_eq!((judge(&other).judged, judge(&other).unjudged.len()), (0, 1));
    }

    #[test]
    fn who_gives_no_part_at_all_is_judged_by_none_and_refuted_where_the_whole_is_given() {
        let key = "r/3/000007";
        let content = content_of(key, 100).unwrap();
        let no = |line, span| {
            read(line, key, (0, 9), span, Outcome::Failed(failed(Cause::Answered("500".into()))))
        };
        let mut all = vec![put(1, key, &content, (0, 1), Outcome::DONE), no(2, (2, 3)), no(3, (9, 10))];
        let judgement = judge(&all);
        assert_eq!((judgement.judged, judgement.anomalies), (0, vec![]));
        assert_eq!(judgement.unjudged, ["none of 2 reads of parts was given any"]);
        all.push(get(4, key, (9, 10), found(&content)));
        let judgement = judge(&all);
        let kinds: Vec<_> = judgement.anomalies.iter().map(|one| (one.kind, &one.lines[..])).collect();
        assert_eq!(kinds, [(Kind::Unreadable, &[2, 3][..])]);
        all.push(read(5, key, (0, 9), (11, 12), found(&content[..9])));
        let judgement = judge(&all);
        assert_eq!((judgement.judged, judgement.anomalies.len(), judgement.unjudged.len()), (1, 0, 0));
    }
}
