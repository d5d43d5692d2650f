//! Histories of a store that is right, with everything that clients may meet: operations at the same time, refusals, outcomes
//! that nobody knows, and writes that happen late.

use history::{
    Action, Answer, Cause, Failure, Operation, Outcome,
    generate::{Generator, Noise, Work},
};
use jiff::{Timestamp, ToSpan};

use crate::store::Store;

/// What every key begins with.
pub const RUN: &str = "run";

/// What a process is doing.
enum Doing {
    Nothing,
    /// It was sent, and nothing has happened yet.
    Sent(usize),
    /// It has happened, and the client was not told yet.
    Happened(usize, Outcome),
}

/// A history of so many operations by processes that do what `work` says, which follows from the seed.
pub fn history(seed: u64, processes: u32, many: usize, work: impl Fn(u32) -> Work) -> Vec<Operation> {
    let mut world = World { store: Store::default(), all: Vec::new(), ticks: 0, late: Vec::new() };
    let mut noise = Noise::new(seed, u32::MAX);
    let mut generators: Vec<_> =
        (0..processes).map(|process| Generator::new(RUN, seed, process, work(process))).collect();
    let mut doing: Vec<_> = (0..processes).map(|_| Doing::Nothing).collect();
    while world.all.len() < many || doing.iter().any(|one| !matches!(one, Doing::Nothing)) {
        world.happen_late(&mut noise);
        let process = noise.below(processes);
        let place = process as usize;
        let now = std::mem::replace(&mut doing[place], Doing::Nothing);
        doing[place] = match now {
            Doing::Nothing if world.all.len() >= many => Doing::Nothing,
            Doing::Nothing => {
                let action = generators[place].next().unwrap().action;
                Doing::Sent(world.begin(process, action))
            }
            Doing::Sent(one) => match noise.below(12) {
                0 => Doing::Happened(one, Outcome::Failed(said("403"))),
                1 => {
                    // The client gives up: it may never happen, or later.
                    if noise.below(2) == 0 {
                        world.late.push(one);
                    }
                    Doing::Happened(one, Outcome::Unknown(said("503")))
                }
                _ => {
                    let action = world.all[one].action.clone();
                    let outcome = world.store.answer(&action);
                    let told = if noise.below(12) == 0 { Outcome::Unknown(said("503")) } else { outcome };
                    Doing::Happened(one, told)
                }
            },
            Doing::Happened(one, outcome) => {
                world.end(one, outcome);
                Doing::Nothing
            }
        };
    }
    world.all
}

/// As [`history`], read back at its end from `endpoints`: listed, and each key that may be there read.
pub fn read_back(mut all: Vec<Operation>, seed: u64, endpoints: &[&str]) -> Vec<Operation> {
    let mut store = Store::default();
    let mut noise = Noise::new(seed, u32::MAX - 1);
    let mut kept = Vec::new();
    for one in &all {
        let Action::Put { key, .. } = &one.action else { continue };
        let happened = match one.outcome {
            Outcome::Ok(_) => true,
            Outcome::Failed(_) => false,
            // What a reader has seen has happened.
            Outcome::Unknown(_) => {
                all.iter().any(|read| {
                    matches!(&read.action, Action::Get { key: other } if other == key)
                        && matches!(read.outcome, Outcome::Ok(Answer::Found(_)))
                }) || noise.below(2) == 0
            }
        };
        if happened {
            store.answer(&one.action);
        }
        if !matches!(one.outcome, Outcome::Failed(_)) {
            kept.push(key.clone());
        }
    }
    let ticks =
        all.iter().filter_map(|one| one.ended).max().unwrap_or(Timestamp::UNIX_EPOCH).as_millisecond() + 1;
    let mut world = World { store, all: Vec::new(), ticks, late: Vec::new() };
    world.all.append(&mut all);
    for (process, endpoint) in (100..).zip(endpoints) {
        let gets = kept.iter().map(|key| Action::Get { key: key.clone() });
        for action in std::iter::once(Action::List { prefix: RUN.into() }).chain(gets) {
            let one = world.begin(process, action.clone());
            world.all[one].endpoint = (*endpoint).into();
            let outcome = world.store.answer(&action);
            world.end(one, outcome);
        }
    }
    world.all
}

/// A history as a clock has it that shows the same time again and again.
pub fn coarse(mut all: Vec<Operation>, seed: u64) -> Vec<Operation> {
    let step = i64::from(2 + Noise::new(seed, 55).below(40));
    let coarser = |at: Timestamp| {
        let shown = at.as_millisecond() / step * step;
        Timestamp::UNIX_EPOCH + shown.milliseconds()
    };
    for one in &mut all {
        (one.invoked, one.ended) = (coarser(one.invoked), one.ended.map(coarser));
    }
    all
}

/// A history whose recording ended at some moment.
pub fn cut(mut all: Vec<Operation>, seed: u64) -> Vec<Operation> {
    let last = all.iter().map(|one| one.invoked.as_millisecond()).max().unwrap_or(0);
    let end = i64::from(Noise::new(seed, 56).below(u32::try_from(last).unwrap() + 1));
    let end = Timestamp::UNIX_EPOCH + end.milliseconds();
    all.retain(|one| one.invoked <= end);
    for one in all.iter_mut().filter(|one| one.ended.is_none_or(|ended| ended > end)) {
        (one.ended, one.outcome) = (None, Outcome::Unknown(Failure::new(Cause::Unended, "cut")));
    }
    all
}

struct World {
    store: Store,
    all: Vec<Operation>,
    ticks: i64,
    late: Vec<usize>,
}

impl World {
    fn now(&mut self) -> Timestamp {
        self.ticks += 1;
        Timestamp::UNIX_EPOCH + self.ticks.milliseconds()
    }

    fn begin(&mut self, process: u32, action: Action) -> usize {
        let invoked = self.now();
        let line = self.all.len() as u64 + 1;
        let outcome = Outcome::Unknown(Failure::new(Cause::Unended, "no answer was recorded"));
        let endpoint = format!("store-{}", process % 3).into();
        self.all.push(Operation { line, process, endpoint, action, invoked, ended: None, outcome });
        self.all.len() - 1
    }

    fn end(&mut self, one: usize, outcome: Outcome) {
        let at = self.now();
        (self.all[one].ended, self.all[one].outcome) = (Some(at), outcome);
    }

    fn happen_late(&mut self, noise: &mut Noise) {
        if !self.late.is_empty() && noise.below(8) == 0 {
            let place = noise.below(u32::try_from(self.late.len()).unwrap());
            let one = self.late.swap_remove(place as usize);
            let action = self.all[one].action.clone();
            self.store.answer(&action);
        }
    }
}

fn said(code: &str) -> Failure {
    Failure::new(Cause::Answered(code.into()), code)
}
