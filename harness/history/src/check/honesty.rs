//! Without a quorum a store says 503, and never that something is done, there, or not there.

use super::{
    judgement::{Anomaly, Judgement, Kind},
    members::Members,
};
use crate::{
    availability::WAY_IN,
    operation::{Action, Cause, Operation, Outcome},
};

/// The only honest answer.
const UNAVAILABLE: &str = "503";

/// Judges all answers that were given while no quorum was up.
pub fn judge(all: &[Operation], members: &Members) -> Judgement {
    let mut judgement = Judgement::default();
    // The way to the store is no part of it.
    let asked = all.iter().filter(|one| *one.endpoint != *WAY_IN);
    for one in asked.filter(|one| !members.may_agree(one)) {
        let said = match &one.outcome {
            Outcome::Ok(answer) => format!("{answer:?}"),
            Outcome::Failed(failure) | Outcome::Unknown(failure) => match &failure.cause {
                Cause::Answered(code) if &**code == UNAVAILABLE => {
                    judgement.judged += 1;
                    continue;
                }
                Cause::Answered(_) | Cause::Forgotten => failure.text.to_string(),
                // Silence is no answer, honest or not.
                _ => continue,
            },
        };
        judgement.judged += 1;
        let what = match &one.action {
            Action::Put { .. } => "a put",
            Action::Get { .. } | Action::Head { .. } | Action::Range { .. } => "a get",
            Action::Delete { .. } => "a delete",
            _ => "a question",
        };
        let at = &one.endpoint;
        let text = format!("{what} at {at}, sent at {}, expected 503 and got: {said}", one.invoked);
        judgement.anomalies.push(Anomaly { kind: Kind::Dishonest, text, lines: vec![one.line] });
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::members::Up,
        fixture::{at, failed, get, put},
        operation::Answer,
    };

    #[test]
    fn only_an_unavailable_store_is_honest_without_a_quorum() {
        let up = |node: &str, from, to: Option<i64>| Up { node: node.into(), from: at(from), to: to.map(at) };
        let members =
            Members { quorum: 2, up: vec![up("a", 0, None), up("b", 0, Some(10)), up("b", 20, None)] };
        let all = [
            put(1, "k", b"1", (2, 3), Outcome::DONE),
            put(2, "l", b"2", (9, 15), Outcome::DONE),
            put(3, "m", b"3", (11, 15), Outcome::DONE),
            get(4, "k", (11, 15), Outcome::Ok(Answer::Absent)),
            get(5, "k", (11, 15), Outcome::Failed(failed(Cause::Answered("503".into())))),
            get(6, "k", (11, 15), Outcome::Failed(failed(Cause::Answered("500".into())))),
            get(7, "k", (11, 15), Outcome::Failed(failed(Cause::Silent))),
            get(8, "k", (19, 21), Outcome::Ok(Answer::Absent)),
            Operation { endpoint: WAY_IN.into(), ..get(9, "k", (11, 15), Outcome::Ok(Answer::There)) },
        ];
        let judgement = judge(&all, &members);
        let lines: Vec<_> = judgement.anomalies.iter().flat_map(|one| one.lines.clone()).collect();
        assert_eq!((judgement.judged, lines), (4, vec![3, 4, 6]));
    }
}
