//! Which faults come when: the same seed gives the same ones.

use std::{fmt, time::Duration};

use history::generate::Noise;

use super::{Deed, PROGRAMS};

/// Rest between two faults: the store heals, and is written to; and how much longer it may be.
const REST: (Duration, u32) = (Duration::from_secs(6), 8);
/// How long a fault lasts at the least, and how much longer it may, in seconds.
const LASTS: (Duration, u32) = (Duration::from_secs(4), 12);
/// How long healing is reckoned with. Where it takes longer, what follows comes later.
const HEALING: Duration = Duration::from_secs(10);
/// A container that ended so often is not started again at once, until its pod is another.
const KILLS: u32 = 2;

/// A fault, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// So long after the beginning, and not before the set has healed from the one before.
    pub at: Duration,
    /// How long it lasts; zero where it is over at once.
    pub lasts: Duration,
    /// What is done.
    pub deed: Deed,
    /// To which pod, where it is one.
    pub ordinal: u32,
}

/// Faults, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The faults, in their order.
    pub faults: Vec<Planned>,
}

impl Schedule {
    /// The faults of a seed for a set of so many replicas, for so long.
    pub fn new(seed: u64, time: Duration, replicas: u32) -> Self {
        let mut noise = Noise::new(seed, 0);
        let mut kills = vec![0_u32; replicas as usize];
        let (mut faults, mut at) = (Vec::new(), Duration::ZERO);
        // A round has every fault once: a short time sees as many kinds as it can. One round kills one program of the control
        // plane, the next another: what is killed twice in ten minutes is started again only after a longer and longer while.
        let mut round = Vec::new();
        let programs = shuffled(&mut noise, PROGRAMS.to_vec());
        let mut programs = programs.into_iter().cycle();
        loop {
            if round.is_empty() {
                let program = programs.next().unwrap_or(PROGRAMS[0]);
                let fewer = noise.below(replicas);
                round = shuffled(&mut noise, Deed::all(fewer, program).to_vec());
            }
            let Some(mut deed) = round.pop() else { break };
            at += REST.0 + Duration::from_secs(noise.below(REST.1).into());
            let ordinal = noise.below(replicas);
            let lasts = LASTS.0 + Duration::from_secs(noise.below(LASTS.1).into());
            // A node's power is that of every pod on it.
            let struck = match deed {
                Deed::CutPower => &mut kills[..],
                _ => &mut kills[ordinal as usize..=ordinal as usize],
            };
            if deed.kills() && struck.contains(&KILLS) {
                deed = Deed::Delete;
            }
            match deed {
                Deed::Delete => kills[ordinal as usize] = 0,
                _ if deed.kills() => struck.iter_mut().for_each(|kills| *kills += 1),
                _ => {}
            }
            let lasts = if deed.is_momentary() { Duration::ZERO } else { lasts };
            if at + lasts > time {
                break;
            }
            faults.push(Planned { at, lasts, deed, ordinal });
            at += lasts + HEALING;
        }
        Self { faults }
    }
}

/// Things in an order that is drawn.
fn shuffled<T>(noise: &mut Noise, mut things: Vec<T>) -> Vec<T> {
    for last in (1..things.len()).rev() {
        let other = noise.below(u32::try_from(last + 1).unwrap_or(1)) as usize;
        things.swap(last, other);
    }
    things
}

impl Planned {
    /// It, done to a pod of this name.
    pub fn of(&self, pod: &str) -> String {
        let words = self.deed.of(pod);
        if self.lasts.is_zero() { words } else { format!("{words} for {:?}", self.lasts) }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at {:?}: {}", self.at, self.of(&format!("pod {}", self.ordinal)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// A container that runs for so long is started again at once when it ends.
    const FORGOTTEN: Duration = Duration::from_secs(600);

    proptest! {
        #[test]
        fn the_same_seed_gives_the_same_schedule_and_a_longer_time_only_more_of_it(
            seed: u64, minutes in 1..90_u64, replicas in 1..6_u32
        ) {
            let of = |minutes: u64| Schedule::new(seed, Duration::from_secs(60 * minutes), replicas).faults;
            prop_assert_eq!(of(minutes), of(minutes));
            prop_assert!(of(minutes + 7).starts_with(&of(minutes)));
        }

        #[test]
        fn faults_come_one_after_the_other_within_the_time(seed: u64, minutes in 1..90_u64, replicas in 1..6_u32) {
            let time = Duration::from_secs(60 * minutes);
            let faults = Schedule::new(seed, time, replicas).faults;
            prop_assert!(!faults.is_empty());
            for (one, next) in faults.iter().zip(faults.iter().skip(1)) {
                prop_assert!(one.at + one.lasts + HEALING + REST.0 <= next.at);
            }
            for one in &faults {
                prop_assert!(one.at + one.lasts <= time && one.ordinal < replicas, "{}", one);
                prop_assert_eq!(one.lasts.is_zero(), one.deed.is_momentary());
                if let Deed::Scale(fewer) = one.deed {
                    prop_assert!(fewer < replicas);
                }
            }
        }

        #[test]
        fn no_server_is_killed_more_often_than_its_kubelet_starts_it_again(seed: u64, replicas in 1..6_u32) {
            let mut kills = vec![0; replicas as usize];
            for one in Schedule::new(seed, Duration::from_secs(7200), replicas).faults {
                match one.deed {
                    Deed::Kill => kills[one.ordinal as usize] += 1,
                    Deed::CutPower => kills.iter_mut().for_each(|kills| *kills += 1),
                    Deed::Delete => kills[one.ordinal as usize] = 0,
                    _ => {}
                }
                prop_assert!(kills.iter().all(|kills| *kills <= KILLS));
            }
        }

        #[test]
        fn no_program_is_killed_again_before_its_kubelet_forgets_that_it_was(seed: u64, replicas in 1..6_u32) {
            let mut killed = BTreeMap::new();
            for one in Schedule::new(seed, Duration::from_secs(7200), replicas).faults {
                if let Deed::KillProgram(program) = one.deed
                    && let Some(before) = killed.insert(program, one.at)
                {
                    prop_assert!(one.at - before > FORGOTTEN, "{}", program);
                }
            }
        }

        #[test]
        fn in_an_hour_everything_is_done(seed: u64) {
            let faults = Schedule::new(seed, Duration::from_secs(3600), 3).faults;
            let done = |deed: &Deed| match deed {
                Deed::Scale(_) => faults.iter().any(|one| matches!(one.deed, Deed::Scale(_))),
                deed => faults.iter().any(|one| one.deed == *deed),
            };
            let all = PROGRAMS.into_iter().flat_map(|program| Deed::all(0, program));
            prop_assert_eq!(all.filter(|deed| !done(deed)).collect::<Vec<_>>(), []);
        }
    }

    #[test]
    fn other_seeds_give_other_schedules() {
        let of = |seed| Schedule::new(seed, Duration::from_secs(600), 3);
        let words = |seed| of(seed).faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        assert_eq!((0..50).map(words).collect::<BTreeSet<_>>().len(), 50);
    }
}
