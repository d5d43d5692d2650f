//! A second checker for registers and one for transactions, which try every order: slow, plain, and of one mind with the first.

use std::collections::{BTreeMap, HashSet};

use history::{
    Action, Answer, Cause, Checker, Failure, How, Operation, Operations, Outcome, Step, Value, check::Level,
};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

fn broken(checker: &Checker, all: &[Operation]) -> bool {
    let operations = Operations { all: all.to_vec(), ..Operations::default() };
    !checker.judge(&operations).anomalies.is_empty()
}

fn operation(process: usize, action: Action, (from, took): (u8, u8), outcome: Outcome) -> Operation {
    let at = |seconds: u8| Timestamp::UNIX_EPOCH + i64::from(seconds).seconds();
    let ended = (!matches!(outcome, Outcome::Unknown(_))).then(|| at(from + took));
    let (line, process) = (process as u64 + 1, u32::try_from(process).unwrap());
    Operation { line, process, endpoint: "e".into(), action, invoked: at(from), ended, outcome }
}

fn unknown() -> Outcome {
    Outcome::Unknown(Failure::new(Cause::Silent, "no answer"))
}

/// Wing and Gong: whatever may be next is tried as the next, and no state twice.
fn linearizable(
    all: &[Operation],
    done: u32,
    held: Option<Value>,
    tried: &mut HashSet<(u32, Option<Value>)>,
) -> bool {
    let open = |place: usize| done & (1 << place) == 0;
    let must = |one: &Operation| one.is_ok();
    if (0..all.len()).all(|place| !open(place) || !must(&all[place])) {
        return true;
    }
    if !tried.insert((done, held)) {
        return false;
    }
    (0..all.len()).filter(|place| open(*place)).any(|place| {
        let one = &all[place];
        let before = |other: &Operation| must(other) && other.ended.unwrap() < one.invoked;
        if (0..all.len()).any(|other| other != place && open(other) && before(&all[other])) {
            return false;
        }
        let done = done | 1 << place;
        match (&one.action, &one.outcome) {
            (_, Outcome::Failed(_)) => false,
            (Action::Put { value, .. }, _) => linearizable(all, done, Some(*value), tried),
            (_, Outcome::Ok(Answer::Found(value))) => {
                held == Some(*value) && linearizable(all, done, held, tried)
            }
            (_, Outcome::Ok(Answer::Absent)) => held.is_none() && linearizable(all, done, held, tried),
            _ => false,
        }
    })
}

/// A few operations on one key: writes of values of their own, and reads that saw any of them, or nothing.
fn register() -> impl Strategy<Value = Vec<Operation>> {
    let one = (0_u8..12, 0_u8..6, 0_u8..3, 0_usize..5, 0_u8..10);
    prop::collection::vec(one, 1..8).prop_map(|drawn| {
        let many = drawn.iter().filter(|one| one.2 == 0).count();
        let value = |number: usize| Value::of(&[u8::try_from(number).unwrap()]);
        let mut written = 0;
        let one = |(process, (from, took, what, which, luck)): (usize, (u8, u8, u8, usize, u8))| {
            if what == 0 {
                written += 1;
                let action = Action::Put { key: "k".into(), value: value(written), how: How::Whole };
                let outcome = match luck {
                    0 | 1 => unknown(),
                    2 => Outcome::Failed(Failure::new(Cause::Answered("403".into()), "no")),
                    _ => Outcome::DONE,
                };
                return operation(process, action, (from, took), outcome);
            }
            let saw = which % (many + 1);
            let answer = if saw == 0 { Answer::Absent } else { Answer::Found(value(saw)) };
            operation(process, Action::Get { key: "k".into() }, (from, took), Outcome::Ok(answer))
        };
        drawn.into_iter().enumerate().map(one).collect()
    })
}

/// Whether some order of the transactions explains what each of them read.
fn serializable(left: &[&Operation], lists: &BTreeMap<u32, Vec<u64>>) -> bool {
    if left.iter().all(|one| !one.is_ok()) {
        return true;
    }
    (0..left.len()).any(|place| {
        let (mut lists, one) = (lists.clone(), left[place]);
        let (Action::Transaction(steps), outcome) = (&one.action, &one.outcome) else { return false };
        let mut reads = match outcome {
            Outcome::Ok(Answer::Lists(reads)) => Some(reads.iter()),
            _ => None,
        };
        for step in steps {
            match step {
                Step::Append { list, element } => lists.entry(*list).or_default().push(*element),
                Step::Undone { .. } => {}
                Step::Read { list } => {
                    let held = lists.get(list).cloned().unwrap_or_default();
                    if reads.as_mut().is_some_and(|reads| reads.next().is_none_or(|read| **read != *held)) {
                        return false;
                    }
                }
            }
        }
        let rest: Vec<_> =
            left.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, one)| *one).collect();
        serializable(&rest, &lists)
    })
}

/// A few transactions over two lists, each of which read some beginning of some order of what was appended.
fn transactions() -> impl Strategy<Value = Vec<Operation>> {
    let step = (0_u32..2, 0_u8..2, 0_usize..4, 0_u8..2);
    let one = (prop::collection::vec(step, 1..4), 0_u8..8);
    prop::collection::vec(one, 1..5).prop_map(|drawn| {
        let element = |place: usize, number: usize| (place * 10 + number + 1) as u64;
        let mut appended: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for (place, (steps, _)) in drawn.iter().enumerate() {
            for (number, (list, what, ..)) in steps.iter().enumerate() {
                if *what == 0 {
                    appended.entry(*list).or_default().push(element(place, number));
                }
            }
        }
        type Drawn = (Vec<(u32, u8, usize, u8)>, u8);
        let one = |(place, (steps, luck)): (usize, Drawn)| {
            let mut reads = Vec::new();
            let step = |(number, (list, what, length, turned)): (usize, (u32, u8, usize, u8))| {
                if what == 0 {
                    return Step::Append { list, element: element(place, number) };
                }
                let mut order = appended.get(&list).cloned().unwrap_or_default();
                if turned == 1 {
                    order.reverse();
                }
                order.truncate(length);
                reads.push(order.into());
                Step::Read { list }
            };
            let steps = steps.into_iter().enumerate().map(step).collect();
            let outcome = if luck == 0 { unknown() } else { Outcome::Ok(Answer::Lists(reads)) };
            operation(place, Action::Transaction(steps), (0, 1), outcome)
        };
        drawn.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_agree_on_registers(all in register()) {
        let second = !linearizable(&all, 0, None, &mut HashSet::new());
        prop_assert_eq!(broken(&Checker::Register, &all), second);
    }

    #[test]
    fn both_agree_on_transactions(all in transactions()) {
        let references: Vec<_> = all.iter().collect();
        let second = !serializable(&references, &BTreeMap::new());
        prop_assert_eq!(broken(&Checker::Isolation(Level::Serializable), &all), second);
    }
}
