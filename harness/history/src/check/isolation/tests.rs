use super::*;
use crate::{
    fixture::{operation, refused, unknown},
    operation::{Answer, Outcome, Step},
};

const fn append(list: u32, element: u64) -> Step {
    Step::Append { list, element }
}

const fn read(list: u32) -> Step {
    Step::Read { list }
}

fn transaction(line: u64, steps: &[Step], reads: &[&[u64]]) -> Operation {
    let lists = reads.iter().map(|read| read.to_vec().into()).collect();
    operation(line, Action::Transaction(steps.to_vec()), (0, 1), Outcome::Ok(Answer::Lists(lists)))
}

fn kinds(all: &[Operation]) -> Vec<Kind> {
    judge(all, Level::Serializable).anomalies.iter().map(|one| one.kind).collect()
}

#[test]
fn circles_have_their_names() {
    let g0 = [
        transaction(1, &[append(1, 1), append(2, 1)], &[]),
        transaction(2, &[append(1, 2), append(2, 2)], &[]),
        transaction(3, &[read(1), read(2)], &[&[1, 2], &[2, 1]]),
    ];
    assert_eq!(kinds(&g0), [Kind::G0]);
    let g1c = [
        transaction(1, &[append(1, 1), read(2)], &[&[2]]),
        transaction(2, &[append(2, 2), read(1)], &[&[1]]),
    ];
    assert_eq!(kinds(&g1c), [Kind::G1c]);
    let lost_update = [
        transaction(1, &[read(1), append(1, 1)], &[&[]]),
        transaction(2, &[read(1), append(1, 2)], &[&[]]),
        transaction(3, &[read(1)], &[&[1, 2]]),
    ];
    assert_eq!(kinds(&lost_update), [Kind::GSingle]);
    let skew = [
        transaction(1, &[read(1), read(2), append(1, 1)], &[&[], &[]]),
        transaction(2, &[read(1), read(2), append(2, 2)], &[&[], &[]]),
    ];
    assert_eq!(kinds(&skew), [Kind::G2Item]);
    assert_eq!(judge(&skew, Level::Snapshot).anomalies, []);
    assert_eq!(judge(&lost_update, Level::ReadCommitted).anomalies, []);
    assert_eq!(judge(&skew, Level::Serializable).anomalies[0].lines.len(), 2);
}

#[test]
fn single_reads_have_their_names() {
    let rolled_back = operation(1, Action::Transaction(vec![append(1, 1)]), (0, 1), refused());
    let reader = |line, seen: &[u64]| transaction(line, &[read(1)], &[seen]);
    assert_eq!(kinds(&[rolled_back, reader(2, &[1])]), [Kind::G1a]);
    let maybe = operation(1, Action::Transaction(vec![append(1, 1)]), (0, 1), unknown());
    assert_eq!(kinds(&[maybe.clone(), reader(2, &[1])]), []);
    assert_eq!(kinds(&[maybe, reader(2, &[])]), []);
    assert_eq!(kinds(&[transaction(1, &[append(1, 1), append(1, 2)], &[]), reader(2, &[1])]), [Kind::G1b]);
    let torn = operation(1, Action::Transaction(vec![append(1, 1), append(2, 2)]), (0, 1), unknown());
    assert_eq!(kinds(&[torn, transaction(2, &[read(1), read(2)], &[&[1], &[]])]), [Kind::GSingle]);
    let both = transaction(1, &[append(1, 1), append(1, 2)], &[]);
    assert_eq!(kinds(&[both, reader(2, &[2])]), [Kind::IncompatibleOrder]);
    assert_eq!(kinds(&[transaction(1, &[append(1, 1), read(1)], &[&[]])]), [Kind::Internal]);
    assert_eq!(kinds(&[transaction(1, &[read(1), append(1, 1)], &[&[1]])]), [Kind::Internal]);
    let two = || [transaction(1, &[append(1, 1)], &[]), transaction(2, &[append(1, 2)], &[])];
    let reads = [reader(3, &[1, 2]), reader(4, &[2, 1])];
    assert_eq!(kinds(&[&two()[..], &reads].concat()), [Kind::IncompatibleOrder]);
}

#[test]
fn one_after_the_other_is_well() {
    let all = [
        transaction(1, &[read(1), append(1, 1), append(2, 7), read(1)], &[&[], &[1]]),
        transaction(2, &[read(2), append(1, 2), read(1)], &[&[7], &[1, 2]]),
        transaction(3, &[read(1), read(2)], &[&[1, 2], &[7]]),
    ];
    assert_eq!(kinds(&all), []);
}
