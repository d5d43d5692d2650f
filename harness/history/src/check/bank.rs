//! Money is moved and never made: whoever reads all accounts finds the same total.

use super::judgement::{Anomaly, Judgement, Kind};
use crate::operation::{Answer, Operation, Outcome};

/// Judges every read of all accounts.
pub fn judge(all: &[Operation], total: i64) -> Judgement {
    let mut judgement = Judgement::default();
    for one in all {
        let Outcome::Ok(Answer::Balances(balances)) = &one.outcome else { continue };
        judgement.judged += 1;
        let found: i64 = balances.iter().sum();
        if found != total {
            let (at, sent) = (&one.endpoint, one.invoked);
            let text = format!("{at}, asked at {sent}: expected {total}, found {found}: {balances:?}");
            judgement.anomalies.push(Anomaly { kind: Kind::TotalChanged, text, lines: vec![one.line] });
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture::operation, operation::Action};

    #[test]
    fn money_that_was_made_or_lost_is_seen_and_money_on_the_way_is_not() {
        let read = |line, balances: &[i64]| {
            operation(line, Action::Balances, (0, 1), Outcome::Ok(Answer::Balances(balances.to_vec())))
        };
        let judgement =
            judge(&[read(1, &[10, 20]), read(2, &[30, 0]), read(3, &[31, 0]), read(4, &[10])], 30);
        let lines: Vec<_> = judgement.anomalies.iter().map(|one| one.lines[0]).collect();
        assert_eq!((judgement.judged, lines), (4, vec![3, 4]));
    }
}
