use std::collections::HashSet;

use super::*;
use crate::operation::TO_THE_END;

const SIZES: &[usize] = &[40, 3000];

#[test]
fn the_same_seed_gives_the_same_operations_and_another_gives_others() {
    let of = |seed, work: &Work| Generator::new("r", seed, 3, work.clone()).take(200).collect::<Vec<_>>();
    for work in [
        Work::Writes { sizes: SIZES },
        Work::Reads { of: 0..3 },
        Work::Deletes { sizes: SIZES },
        Work::Ranges { of: 0..3, sizes: SIZES },
        Work::Objects { keys: 4, sizes: SIZES, deletes: true },
        Work::Bank { accounts: 5 },
        Work::Lists { lists: 3 },
    ] {
        assert_eq!(of(1, &work), of(1, &work));
        assert_eq!(of(1, &work) == of(2, &work), matches!(work, Work::Writes { .. }), "{work:?}");
    }
}

#[test]
fn everything_is_done_and_no_element_or_content_twice() {
    let (mut values, mut elements, mut seen) = (HashSet::new(), HashSet::new(), HashSet::new());
    for process in 0..3 {
        for work in [Work::Objects { keys: 4, sizes: SIZES, deletes: true }, Work::Lists { lists: 3 }] {
            for request in Generator::new("r", 9, process, work).take(300) {
                match &request.action {
                    Action::Put { value, how, .. } => {
                        assert!(values.insert(*value), "{request:?}");
                        assert_eq!(value.size as usize, request.payload.len());
                        seen.insert(format!("{how:?}"));
                    }
                    Action::Transaction(steps) => {
                        for step in steps {
                            if let Step::Append { list, element } | Step::Undone { list, element } = step {
                                assert!(elements.insert((*list, *element)));
                            }
                        }
                    }
                    other => drop(seen.insert(format!("{other:?}").chars().take(4).collect())),
                }
            }
        }
    }
    let mut seen: Vec<_> = seen.into_iter().collect();
    seen.sort();
    assert_eq!(seen, ["Copy", "Dele", "Get ", "Head", "IfNew", "List", "Parts", "Whole"]);
}

#[test]
fn what_is_shared_is_left_for_something_new_by_all_at_once() {
    let generation = |process, place: u64| {
        let work = Work::Objects { keys: 4, sizes: SIZES, deletes: true };
        let request = Generator::new("r", 9, process, work).nth(usize::try_from(place).unwrap()).unwrap();
        let key = match &request.action {
            Action::List { prefix } => format!("{prefix}0"),
            other => other.key().unwrap().to_string(),
        };
        key.strip_prefix("r/shared/").unwrap().rsplit_once('/').unwrap().0.to_owned()
    };
    for place in [0, GENERATION - 1, GENERATION, 3 * GENERATION + 7] {
        assert!((0..3).all(|process| generation(process, place) == (place / GENERATION).to_string()));
    }
}

#[test]
fn what_is_written_once_follows_from_its_key_and_its_parts_are_inside() {
    for request in Generator::new("r/a", 1, 4, Work::Uploads { sizes: SIZES }).take(4) {
        let key = request.action.key().unwrap();
        assert_eq!(content_of(key, request.payload.len()), Some(request.payload));
    }
    for request in Generator::new("r/a", 1, 4, Work::Ranges { of: 2..3, sizes: SIZES }).take(100) {
        let Action::Range { key, from, length } = request.action else { panic!("no range") };
        let sequence: usize = key.strip_prefix("r/a/2/").unwrap().parse().unwrap();
        let size = SIZES[sequence % 2] as u64;
        assert!(from < size && length > 0);
        // Every other one is asked for with what comes after it.
        assert_eq!(length == TO_THE_END, from % 2 == 1);
        assert!(length == TO_THE_END || from + length <= size);
    }
}

#[test]
fn a_key_is_written_once_and_then_deleted_once() {
    let all: Vec<Request> = Generator::new("r", 1, 0, Work::Deletes { sizes: SIZES }).take(300).collect();
    let keys = |of: fn(&Action) -> bool| {
        all.iter().filter(|one| of(&one.action)).filter_map(|one| one.action.key()).collect::<Vec<_>>()
    };
    let written = keys(|one| matches!(one, Action::Put { .. }));
    let deleted = keys(|one| matches!(one, Action::Delete { .. }));
    assert!(written.len() == 100 && deleted.len() == 95 && written.starts_with(&deleted));
}

#[test]
fn money_goes_to_another_account() {
    for request in Generator::new("r", 1, 0, Work::Bank { accounts: 3 }).take(100) {
        let Action::Transfer { from, to, amount } = request.action else { continue };
        assert!(from != to && from < 3 && to < 3 && amount > 0);
    }
}

#[test]
fn who_leaves_some_out_goes_on_as_its_seed_has_it() {
    for work in [
        Work::Writes { sizes: SIZES },
        Work::Deletes { sizes: SIZES },
        Work::Reads { of: 0..3 },
        Work::Objects { keys: 4, sizes: SIZES, deletes: true },
        Work::Lists { lists: 3 },
    ] {
        let generator = || Generator::new("r", 1, 3, work.clone());
        let all: Vec<Request> = generator().take(60).collect();
        let mut late = generator();
        assert_eq!(
            [late.next(), late.nth(21), late.next()],
            [0, 22, 23].map(|place| Some(all[place].clone()))
        );
        assert_eq!(late.take(36).collect::<Vec<_>>(), all[24..]);
    }
}
