//! Transactions that are tangled in each of the ways that have a name are found by it.

use history::{
    Action, Answer, Checker, Operation, Outcome, Step,
    check::{Kind, Level},
    generate::Work,
};
use proptest::prelude::*;

use crate::{
    clean::history,
    planted::{ENDPOINTS, found, refused},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tangle_of_transactions_is_found_by_its_name(seed: u64, which in 0_usize..7) {
        let mut all = history(seed, 4, 40, |_| Work::Lists { lists: 3 });
        let (kind, planted) = tangles(which);
        let end = all.iter().filter_map(|one| one.ended).max().unwrap();
        for (number, (steps, reads, outcome)) in planted.into_iter().enumerate() {
            let outcome = outcome.unwrap_or_else(|| {
                Outcome::Ok(Answer::Lists(reads.iter().map(|read| read.to_vec().into()).collect()))
            });
            all.push(Operation {
                line: 9_000 + number as u64,
                process: 200,
                endpoint: ENDPOINTS[0].into(),
                action: Action::Transaction(steps),
                invoked: end,
                ended: Some(end),
                outcome,
            });
        }
        let kinds: Vec<_> =
            found(&Checker::Isolation(Level::Serializable), all).iter().map(|one| one.kind).collect();
        prop_assert_eq!(kinds, [kind]);
    }
}

type Planted = (Vec<Step>, Vec<&'static [u64]>, Option<Outcome>);

/// Transactions over lists of their own, tangled in one way.
fn tangles(which: usize) -> (Kind, Vec<Planted>) {
    const X: u32 = 900_001;
    const Y: u32 = 900_002;
    let append = |list, element| Step::Append { list, element };
    let read = |list| Step::Read { list };
    let one = |steps: &[Step], reads: &[&'static [u64]]| (steps.to_vec(), reads.to_vec(), None);
    match which {
        0 => (
            Kind::G0,
            vec![
                one(&[append(X, 1), append(Y, 1)], &[]),
                one(&[append(X, 2), append(Y, 2)], &[]),
                one(&[read(X), read(Y)], &[&[1, 2], &[2, 1]]),
            ],
        ),
        1 => {
            (Kind::G1a, vec![(vec![append(X, 1)], vec![], Some(refused("40001"))), one(&[read(X)], &[&[1]])])
        }
        2 => (Kind::G1b, vec![one(&[append(X, 1), append(X, 2)], &[]), one(&[read(X)], &[&[1]])]),
        3 => {
            (Kind::G1c, vec![one(&[append(X, 1), read(Y)], &[&[2]]), one(&[append(Y, 2), read(X)], &[&[1]])])
        }
        4 => (
            Kind::GSingle,
            vec![one(&[read(X), read(Y)], &[&[], &[2]]), one(&[append(X, 1), append(Y, 2)], &[])],
        ),
        5 => (
            Kind::G2Item,
            vec![
                one(&[read(X), read(Y), append(X, 1)], &[&[], &[]]),
                one(&[read(X), read(Y), append(Y, 2)], &[&[], &[]]),
            ],
        ),
        _ => (Kind::Internal, vec![one(&[append(X, 1), read(X)], &[&[]])]),
    }
}
