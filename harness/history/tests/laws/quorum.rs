//! A store of three nodes that agree by twos, as Garage does, and promises no more: what is written at one of them and acknowledged by
//! nobody comes and goes. Nothing is wrong with it, however unlucky its clients are.

use std::collections::BTreeMap;

use history::{
    Action, Answer, Cause, Checker, Failure, How, Key, Operation, Outcome, Value,
    check::Copies,
    generate::{Generator, Noise, Work},
};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use crate::{
    clean::{RUN, coarse, cut},
    planted::{ENDPOINTS, found},
};

/// What a node holds under a key: the newest wins; none of what was deleted.
type Held = (i64, Option<Value>);

/// A write on its way to a node.
#[derive(Clone)]
struct Letter {
    node: usize,
    key: Key,
    held: Held,
}

/// What a process is doing: one thing at each turn.
struct Doing {
    operation: usize,
    /// The nodes that it has not asked yet, in the order in which it does.
    nodes: Vec<usize>,
    /// What those say that it has asked.
    said: Vec<BTreeMap<Key, Held>>,
    /// What it writes, once it knows what was there.
    letters: Vec<Letter>,
    delivered: usize,
}

#[derive(Default)]
struct World {
    nodes: [BTreeMap<Key, Held>; 3],
    all: Vec<Operation>,
    ticks: i64,
    /// What arrives some time, or never.
    late: Vec<Letter>,
    /// Whether everybody is answered.
    calm: bool,
}

impl World {
    fn now(&mut self) -> Timestamp {
        self.ticks += 1;
        Timestamp::UNIX_EPOCH + self.ticks.milliseconds()
    }

    fn deliver(&mut self, letter: Letter) {
        let held = self.nodes[letter.node].entry(letter.key).or_insert(letter.held);
        if held.0 < letter.held.0 {
            *held = letter.held;
        }
    }

    fn end(&mut self, doing: Doing, outcome: Outcome) {
        let at = self.now();
        let one = &mut self.all[doing.operation];
        (one.ended, one.outcome) = (Some(at), outcome);
        self.late.extend(doing.letters);
    }

    fn begin(&mut self, process: u32, action: Action, noise: &mut Noise) -> Doing {
        let invoked = self.now();
        let line = self.all.len() as u64 + 1;
        let outcome = Outcome::Unknown(Failure::new(Cause::Unended, "no answer was recorded"));
        let endpoint = ENDPOINTS[process as usize % 3].into();
        self.all.push(Operation { line, process, endpoint, action, invoked, ended: None, outcome });
        let mut nodes = vec![0, 1, 2];
        nodes.swap_remove(noise.below(3) as usize);
        Doing { operation: self.all.len() - 1, nodes, said: Vec::new(), letters: Vec::new(), delivered: 0 }
    }

    /// One step of an operation; none when it has ended.
    fn go_on(&mut self, mut doing: Doing, noise: &mut Noise) -> Option<Doing> {
        let action = self.all[doing.operation].action.clone();
        if !self.calm && noise.below(25) == 0 {
            // The client gives up, or is told that there is no quorum.
            let failure = Failure::new(Cause::Answered("503".into()), "503");
            let outcome = if action.writes() { Outcome::Unknown(failure) } else { Outcome::Failed(failure) };
            self.end(doing, outcome);
            return None;
        }
        if let Some(node) = doing.nodes.pop() {
            doing.said.push(self.nodes[node].clone());
            return Some(doing);
        }
        let newest = |key: &Key| {
            let held = doing.said.iter().filter_map(|said| said.get(key).copied());
            held.max_by_key(|held| held.0).unwrap_or((0, None))
        };
        let outcome = match &action {
            Action::Get { key } | Action::Head { key } => {
                Outcome::Ok(newest(key).1.map_or(Answer::Absent, Answer::Found))
            }
            Action::List { prefix } => {
                // Each node leaves out what it knows to be deleted: one that knows less has its way.
                let shown = doing
                    .said
                    .iter()
                    .flatten()
                    .filter(|(key, held)| key.starts_with(&**prefix) && held.1.is_some());
                let shown: BTreeMap<Key, ()> = shown.map(|(key, _)| (key.clone(), ())).collect();
                Outcome::Ok(Answer::Keys(shown.into_keys().collect()))
            }
            Action::Put { key, how: How::IfNew, .. } if doing.delivered == 0 && newest(key).1.is_some() => {
                Outcome::Failed(Failure::new(Cause::Answered("412".into()), "there is one"))
            }
            Action::Put { key, .. } | Action::Delete { key } => {
                if doing.delivered == 0 && doing.letters.is_empty() {
                    self.ticks += 1;
                    let value = match action {
                        Action::Put { value, .. } => Some(value),
                        _ => None,
                    };
                    let held = (self.ticks.max(newest(key).0 + 1), value);
                    doing.letters = (0..3).map(|node| Letter { node, key: key.clone(), held }).collect();
                }
                if doing.delivered < 2 {
                    let which = noise.below(u32::try_from(doing.letters.len()).unwrap()) as usize;
                    let letter = doing.letters.swap_remove(which);
                    self.deliver(letter);
                    doing.delivered += 1;
                    return Some(doing);
                }
                Outcome::DONE
            }
            other => panic!("{other:?} is not asked of it"),
        };
        self.end(doing, outcome);
        None
    }
}

/// A history of so many operations by processes that do this work, read back at every node when all is settled.
fn history(seed: u64, many: usize, work: impl Fn(u32) -> Work) -> Vec<Operation> {
    const PROCESSES: u32 = 5;
    let (mut world, mut noise) = (World::default(), Noise::new(seed, u32::MAX));
    let mut generators: Vec<_> =
        (0..PROCESSES).map(|process| Generator::new(RUN, seed, process, work(process))).collect();
    let mut doing: Vec<Option<Doing>> = (0..PROCESSES).map(|_| None).collect();
    while world.all.len() < many || doing.iter().any(Option::is_some) {
        if !world.late.is_empty() && noise.below(6) == 0 {
            let letter =
                world.late.swap_remove(noise.below(u32::try_from(world.late.len()).unwrap()) as usize);
            if noise.below(3) > 0 {
                world.deliver(letter);
            }
        }
        let process = noise.below(PROCESSES);
        let place = process as usize;
        doing[place] = match doing[place].take() {
            Some(one) => world.go_on(one, &mut noise),
            None if world.all.len() >= many => None,
            None => {
                let action = generators[place].next().unwrap().action;
                Some(world.begin(process, action, &mut noise))
            }
        };
    }
    // All nodes compare what they have.
    world.calm = true;
    for node in world.nodes.clone() {
        for (key, held) in node {
            (0..3).for_each(|node| world.deliver(Letter { node, key: key.clone(), held }));
        }
    }
    let keys: Vec<Key> = world.nodes[0].keys().cloned().collect();
    for process in 100..103 {
        let gets = keys.iter().map(|key| Action::Get { key: key.clone() });
        for action in std::iter::once(Action::List { prefix: RUN.into() }).chain(gets) {
            let mut one = Some(world.begin(process, action, &mut noise));
            while let Some(doing) = one {
                one = world.go_on(doing, &mut noise);
            }
        }
    }
    world.all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_wrong_with_nodes_that_agree_by_twos(seed: u64) {
        const SIZES: &[usize] = &[40];
        let shared = history(seed, 90, |_| Work::Objects { keys: 3, sizes: SIZES, deletes: true });
        let own = history(seed, 60, |process| match process {
            0..3 => Work::Writes { sizes: SIZES },
            _ => Work::Reads { of: 0..3 },
        });
        let set = Checker::Set(Copies::Same);
        for all in [shared, own] {
            for checker in [&set, &Checker::ReadAfterWrite, &Checker::Listings, &Checker::Conditional] {
                prop_assert_eq!(found(checker, coarse(all.clone(), seed)), [], "{}", checker.name());
                // A set is judged when all was read back.
                if *checker != set {
                    prop_assert_eq!(found(checker, cut(all.clone(), seed)), [], "{}", checker.name());
                }
            }
        }
    }
}
