//! Money is moved and never made: whoever reads all accounts finds the same total. And it moves as it was told: what an account holds more
//! or less than when all were read before is what was sent meanwhile, once, and nothing else.

mod between;

use self::between::{Balances, Explained, Transfers};
use super::judgement::{Anomaly, Count, Judgement, Kind};
use crate::operation::{Answer, Operation, Outcome};

/// Judges every read of all accounts, by the total, by the read before it and by the first one: what was under way in the time of the one
/// before may be on either side of it, and was over long after the first.
pub fn judge(all: &[Operation], total: i64) -> Judgement {
    let mut judgement = Judgement::default();
    let mut reads: Vec<Balances<'_>> = Vec::new();
    for one in all {
        let Outcome::Ok(Answer::Balances(balances)) = &one.outcome else { continue };
        judgement.judged += 1;
        let found: i64 = balances.iter().sum();
        if found != total {
            let (at, sent) = (&one.endpoint, one.invoked);
            let text = format!("{at}, asked at {sent}: expected {total}, found {found}: {balances:?}");
            judgement.anomalies.push(Anomaly { kind: Kind::TotalChanged, text, lines: vec![one.line] });
        } else if let Some(ended) = one.ended {
            reads.push(Balances { read: one, ended, held: balances });
        }
    }
    let transfers = Transfers::new(all);
    reads.sort_by_key(|one| one.ended);
    let (mut bounds, mut first) = (0, None);
    for later in &reads {
        let before = reads.partition_point(|one| one.ended < later.read.invoked);
        let Some(last) = before.checked_sub(1).and_then(|last| reads.get(last)) else {
            first.get_or_insert(later);
            continue;
        };
        let explained = transfers.explain(last, later);
        bounds += u64::from(explained == Explained::WithinBounds);
        let long_before =
            first.filter(|first| first.read.line != last.read.line && first.ended < later.read.invoked);
        let unlike = |first: &&Balances<'_>| transfers.explain(first, later) == Explained::No;
        let wrong = if explained == Explained::No { Some(last) } else { long_before.filter(unlike) };
        let Some(earlier) = wrong else {
            first.get_or_insert(later);
            continue;
        };
        // What is wrong is told once: the next that is well by the one before it is the first of those after it.
        first = None;
        let (at, sent) = (&later.read.endpoint, later.read.invoked);
        let text = format!(
            "{at}, asked at {sent}: found {:?} after {:?}, which no transfers explain that were sent",
            later.held, earlier.held
        );
        let lines = vec![later.read.line, earlier.read.line];
        judgement.anomalies.push(Anomaly { kind: Kind::Misplaced, text, lines });
    }
    // It is a figure and no lack: where much was broken all later reads are such, and their totals are judged all the same.
    let count = |name, value| Count { name, value, unit: "reads" };
    judgement.counts = vec![
        count("reads of all accounts", judgement.judged),
        count("reads of all accounts of which each account has its bounds alone", bounds),
    ];
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{operation, refused, unknown},
        operation::Action,
    };

    fn read(line: u64, balances: &[i64], span: (i64, i64)) -> Operation {
        operation(line, Action::Balances, span, Outcome::Ok(Answer::Balances(balances.to_vec())))
    }

    fn sent(line: u64, (from, to, amount): (u32, u32, i64), span: (i64, i64), outcome: Outcome) -> Operation {
        operation(line, Action::Transfer { from, to, amount }, span, outcome)
    }

    #[test]
    fn money_that_was_made_or_lost_is_seen_and_money_on_the_way_is_not() {
        let read = |line, balances: &[i64]| read(line, balances, (0, 1));
        let judgement =
            judge(&[read(1, &[10, 20]), read(2, &[30, 0]), read(3, &[31, 0]), read(4, &[10])], 30);
        let lines: Vec<_> = judgement.anomalies.iter().map(|one| one.lines[0]).collect();
        assert_eq!((judgement.judged, lines), (4, vec![3, 4]));
    }

    #[test]
    fn money_moves_as_it_was_told_and_once() {
        let first = read(1, &[10, 10, 10], (0, 1));
        let misplaced = |more: &[Operation]| {
            let all = [std::slice::from_ref(&first), more].concat();
            judge(&all, 30).anomalies.iter().map(|one| (one.kind, one.lines[0])).collect::<Vec<_>>()
        };
        let wrong = [(Kind::Misplaced, 9)];
        let done = |span| sent(2, (0, 1, 3), span, Outcome::DONE);
        let later = |balances: &[i64]| read(9, balances, (6, 8));
        // Once, not at all, twice.
        assert_eq!(misplaced(&[done((2, 3)), later(&[7, 13, 10])]), []);
        assert_eq!(misplaced(&[done((2, 3)), later(&[10, 10, 10])]), wrong);
        assert_eq!(misplaced(&[done((2, 3)), later(&[4, 16, 10])]), wrong);
        // At the same time as a read, or of unknown outcome: once, or not at all.
        let unsure =
            [done((0, 3)), done((1, 3)), done((3, 6)), done((7, 9)), sent(2, (0, 1, 3), (2, 3), unknown())];
        for one in unsure {
            for well in [[7, 13, 10], [10, 10, 10]] {
                assert_eq!(misplaced(&[one.clone(), later(&well)]), []);
            }
            for badly in [[4, 16, 10], [13, 7, 10], [9, 11, 10]] {
                assert_eq!(misplaced(&[one.clone(), later(&badly)]), wrong);
            }
        }
        // Refused, or sent too late, or known before.
        assert_eq!(misplaced(&[sent(2, (0, 1, 3), (2, 3), refused()), later(&[7, 13, 10])]), wrong);
        assert_eq!(misplaced(&[done((9, 10)), later(&[7, 13, 10])]), wrong);
        assert_eq!(misplaced(&[done((-2, -1)), later(&[7, 13, 10])]), wrong);
        // What may have been seen already may come later all the same, if nobody knows.
        assert_eq!(misplaced(&[sent(2, (0, 1, 3), (-2, -1), unknown()), later(&[7, 13, 10])]), []);
    }

    #[test]
    fn money_that_is_on_the_way_during_a_read_comes_once_all_the_same() {
        let (without, once, twice) = ([10, 10, 10], [7, 13, 10], [4, 16, 10]);
        let misplaced = |outcome: Outcome, found: &[[i64; 3]]| {
            let mut all = vec![read(1, &without, (0, 1)), sent(2, (0, 1, 3), (2, 5), outcome)];
            all.extend((3_u64..).zip(found).map(|(line, found)| {
                let from = line.cast_signed() * 4 - 9;
                read(line, found, (from, from + 1))
            }));
            let judgement = judge(&all, 30);
            judgement.anomalies.into_iter().map(|one| (one.kind, one.lines)).collect::<Vec<_>>()
        };
        let wrong = |lines: &[u64]| vec![(Kind::Misplaced, lines.to_vec())];
        // The first of these is read meanwhile. What is wrong for good is told once, and what comes after it again.
        for during in [without, once] {
            assert_eq!(misplaced(Outcome::DONE, &[during, once, once, once]), []);
        }
        assert_eq!(misplaced(Outcome::DONE, &[without, without, without, without]), wrong(&[4, 1]));
        assert_eq!(misplaced(Outcome::DONE, &[once, twice, twice, twice]), wrong(&[4, 1]));
        let again = misplaced(Outcome::DONE, &[without, without, without, once]);
        assert_eq!(again, [wrong(&[4, 1]), wrong(&[6, 5])].concat());
        // Of unknown outcome: at any time, or never, and once.
        for well in [[without; 4], [once; 4], [without, without, without, once]] {
            assert_eq!(misplaced(unknown(), &well), []);
        }
        assert_eq!(misplaced(unknown(), &[once, once, twice, twice]), wrong(&[5, 1]));
    }

    #[test]
    fn where_much_may_have_happened_at_once_each_account_has_its_bounds() {
        let first = read(1, &[10, 10, 10], (0, 1));
        let many: Vec<_> = (2..40).map(|line| sent(line, (0, 1, 1), (2, 3), unknown())).collect();
        let with = |balances: &[i64]| {
            let all = [std::slice::from_ref(&first), &many[..], &[read(99, balances, (6, 8))]].concat();
            let judgement = judge(&all, 30);
            assert_eq!(judgement.of(), 2);
            (judgement.anomalies.len(), judgement.counts[1].value)
        };
        assert_eq!([with(&[-20, 40, 10]), with(&[-28, 48, 10])], [(0, 1), (0, 1)]);
        assert_eq!([with(&[-29, 49, 10]), with(&[9, 10, 11])], [(1, 0), (1, 0)]);
        // Where nothing is missing nobody asks what may have happened.
        assert_eq!(with(&[10, 10, 10]), (0, 0));
    }
}
