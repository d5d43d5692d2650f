//! A write is acknowledged only while enough nodes are up to keep it.

use super::{
    judgement::{Anomaly, Judgement, Kind},
    members::Members,
};
use crate::operation::Operation;

/// Judges every acknowledged write.
pub fn judge(all: &[Operation], members: &Members) -> Judgement {
    let mut judgement = Judgement::default();
    for one in all.iter().filter(|one| one.action.writes() && one.is_ok()) {
        judgement.judged += 1;
        if members.may_agree(one) {
            continue;
        }
        let (at, sent, quorum) = (&one.endpoint, one.invoked, members.quorum);
        let text = format!("{at} acknowledged a write sent at {sent}, with fewer than {quorum} nodes up");
        judgement.anomalies.push(Anomaly { kind: Kind::AcknowledgedByFew, text, lines: vec![one.line] });
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::members::Up,
        fixture::{at, get, put, unknown},
        operation::{Answer, Outcome},
    };

    #[test]
    fn only_acknowledged_writes_need_a_quorum() {
        let members = Members { quorum: 1, up: vec![Up { node: "a".into(), from: at(0), to: Some(at(10)) }] };
        let all = [
            put(1, "k", b"1", (9, 30), Outcome::DONE),
            put(2, "l", b"2", (11, 12), Outcome::DONE),
            put(3, "m", b"3", (11, 12), unknown()),
            get(4, "k", (11, 12), Outcome::Ok(Answer::Absent)),
        ];
        let judgement = judge(&all, &members);
        assert_eq!((judgement.judged, judgement.anomalies.len()), (2, 1));
        assert_eq!(judgement.anomalies[0].lines, [2]);
    }
}
