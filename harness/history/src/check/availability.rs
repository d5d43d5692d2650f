//! Every read and every write goes on: none is answered with an error, and none waits for long.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::judgement::{Anomaly, Judgement, Kind};
use crate::{
    availability::{Availability, WAY_IN},
    operation::{Action, Cause, How, Operation},
};

/// Where and when everything must go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uninterrupted {
    /// At these.
    pub endpoints: Vec<Arc<str>>,
    /// From here on.
    pub from: Timestamp,
    /// Until here.
    pub to: Timestamp,
    /// Nobody may wait longer than this for a good answer, in seconds.
    pub longest: u32,
}

impl Uninterrupted {
    /// The longest time without a good answer at an endpoint, without that in which the way there gave none either; in seconds.
    pub fn longest_wait(&self, all: &[Operation], endpoint: &str) -> f64 {
        let of = |name: &str| {
            Availability::of(all.iter().filter(|one| *one.endpoint == *name), (self.from, self.to))
        };
        of(endpoint).without(&of(WAY_IN)).longest()
    }
}

/// Who answers with an error after so long has waited for another in vain, as Garage's nodes do in our manifest: that is late, and no
/// word.
pub const TIMED_OUT: Duration = Duration::from_secs(10);

/// Judges what ended in that time: each error that the store answered is one too many. Where nobody answered for longer than is
/// allowed, it may have been the way there; who answered late with an error had a slow neighbour.
pub fn judge(all: &[Operation], demand: &Uninterrupted) -> Judgement {
    let Uninterrupted { endpoints, from, to, longest } = demand;
    let span = (*from, *to);
    let inside = |one: &&Operation| one.ended.is_some_and(|ended| (*from..=*to).contains(&ended));
    let way = Availability::of(all.iter().filter(|one| *one.endpoint == *WAY_IN), span);
    let mut judgement = Judgement::default();
    for endpoint in endpoints {
        for (what, writes) in [("read", false), ("write", true)] {
            let of_kind = |one: &&Operation| one.endpoint == *endpoint && one.action.writes() == writes;
            let found: Vec<&Operation> = all.iter().filter(of_kind).filter(inside).collect();
            if found.is_empty() {
                judgement.unjudged.push(format!("no {what} was tried at {endpoint} from {from} to {to}"));
                continue;
            }
            judgement.judged += found.len() as u64;
            for (one, said) in found.iter().filter_map(|one| Some((one, error_of(one)?))) {
                let text = format!("a {what} at {endpoint}, sent at {}: {said}", one.invoked);
                if one
                    .ended
                    .is_some_and(|ended| ended.duration_since(one.invoked).unsigned_abs() >= TIMED_OUT)
                {
                    judgement.unjudged.push(format!("{text}, after {TIMED_OUT:?} or more"));
                } else {
                    judgement.anomalies.push(Anomaly {
                        kind: Kind::Unavailable,
                        text,
                        lines: vec![one.line],
                    });
                }
            }
            let windows = Availability::of(found, span).without(&way).windows;
            let silent = windows.iter().filter(|window| {
                window.seconds() > f64::from(*longest) && !window.causes.keys().any(|cause| is_error(cause))
            });
            judgement.unjudged.extend(silent.map(|window| {
                format!(
                    "no {what} at {endpoint} was answered for {:.1} s from {} on",
                    window.seconds(),
                    window.from
                )
            }));
        }
    }
    judgement
}

/// What the store said, where that is an error: nothing is wrong in any request, but for what it may well be refused for.
fn error_of(one: &Operation) -> Option<&str> {
    let failure = one.outcome.failure()?;
    let Cause::Answered(code) = &failure.cause else { return None };
    let refused = is_status(code, '4') && !failure.cause.is_momentary() && !may_be_refused(&one.action, code);
    (is_error(code) || refused).then_some(&*failure.text)
}

/// Whether a store that has all may say so: there is one, or another writes it just now; parts are to be larger; there are no such bytes.
fn may_be_refused(action: &Action, code: &str) -> bool {
    matches!(
        (action, code),
        (Action::Put { how: How::IfNew, .. }, "409" | "412")
            | (Action::Put { how: How::Parts, .. }, "400")
            | (Action::Range { .. }, "416")
    )
}

fn is_error(code: &str) -> bool {
    is_status(code, '5')
}

/// Whether it is an HTTP status of this class.
fn is_status(code: &str, class: char) -> bool {
    code.len() == 3 && code.starts_with(class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{at, failed, found, get, operation, put},
        operation::Outcome,
        value::Value,
    };

    fn demand(longest: u32) -> Uninterrupted {
        Uninterrupted { endpoints: vec!["store-0".into()], from: at(10), to: at(40), longest }
    }

    #[test]
    fn an_error_is_one_too_many_and_a_silence_is_not_judged() {
        let failure = |code: &str| Outcome::Failed(failed(Cause::Answered(code.into())));
        let mut all = vec![
            put(1, "a", b"1", (2, 3), failure("503")),
            put(2, "a", b"1", (11, 12), Outcome::DONE),
            put(3, "a", b"1", (13, 14), failure("429")),
            get(4, "a", (11, 12), found(b"1")),
            get(5, "a", (12, 30), Outcome::Failed(failed(Cause::Silent))),
            get(6, "a", (31, 39), found(b"1")),
            put(7, "a", b"1", (30, 39), Outcome::DONE),
            put(8, "a", b"1", (39, 41), failure("503")),
        ];
        let judgement = judge(&all, &demand(26));
        assert_eq!(demand(26).longest_wait(&all, "store-0"), 27.0);
        assert_eq!((judgement.judged, judgement.anomalies.len()), (6, 0));
        assert_eq!(
            judgement.unjudged,
            ["no read at store-0 was answered for 27.0 s from 1970-01-01T00:00:12Z on"]
        );
        all.push(put(9, "b", b"2", (20, 21), failure("503")));
        let judgement = judge(&all, &demand(30));
        assert_eq!((judgement.anomalies.len(), judgement.unjudged.len()), (1, 0));
        assert_eq!(judgement.anomalies[0].lines, [9]);
        all.push(put(10, "b", b"2", (20, 30), failure("503")));
        let judgement = judge(&all, &demand(30));
        assert_eq!((judgement.anomalies.len(), judgement.unjudged.len()), (1, 1));
        assert_eq!(judge(&[], &demand(30)).unjudged.len(), 2);
    }

    #[test]
    fn nothing_is_wrong_in_what_is_asked() {
        let lines = |action: Action, code: &str| {
            let no = Outcome::Failed(failed(Cause::Answered(code.into())));
            let judgement = judge(&[operation(1, action, (11, 12), no)], &demand(30));
            judgement.anomalies.into_iter().flat_map(|one| one.lines).collect::<Vec<u64>>()
        };
        let key = || "a".into();
        let put = |how| Action::Put { key: key(), value: Value::of(b"1"), how };
        for code in ["403", "404", "500"] {
            assert_eq!(lines(put(How::Whole), code), [1], "{code}");
        }
        let none: [u64; 0] = [];
        for code in ["408", "429", "55P03"] {
            assert_eq!(lines(put(How::Whole), code), none, "{code}");
        }
        let part = || Action::Range { key: key(), from: 0, length: 1 };
        let others = [put(How::IfNew), put(How::Parts), Action::Get { key: key() }, part()];
        for action in
            others.into_iter().chain([Action::Delete { key: key() }, Action::List { prefix: key() }])
        {
            for code in ["403", "404"] {
                assert_eq!(lines(action.clone(), code), [1], "{action:?} {code}");
            }
            assert_eq!(lines(action, "429"), none);
        }
        // What is there already, or has no such bytes, is refused for that; and a plain write never.
        for (action, code) in
            [(put(How::IfNew), "412"), (put(How::IfNew), "409"), (put(How::Parts), "400"), (part(), "416")]
        {
            assert_eq!(lines(action, code), none, "{code}");
            assert_eq!(lines(put(How::Whole), code), [1], "{code}");
        }
    }
}
