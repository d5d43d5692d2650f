//! What a set says of its pods, held against the pods.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{Inquiry, Obstacle, health::status};
use crate::{
    claim::K19,
    journal::{
        Change, Entry, Fact, Kind, Promise, Record, World,
        entry::END,
        fact::{Pod, Set},
    },
};

/// How long a status may lag behind what it tells of. A controller writes it within a second; a machine that is starved
/// may take some.
const LATE: SignedDuration = SignedDuration::from_secs(10);
/// The same where controllers are elected: another stands in for one that died when its lease is over.
const ELECTED_LATE: SignedDuration = SignedDuration::from_secs(45);

/// Who was seen to take long for a look may take so many times as long for another.
const LOOKS: i32 = 3;

/// A generation of a set that its controller has not been seen to look at.
struct Unseen {
    since: Timestamp,
    /// Whether a status was written since: then it has looked, and tells something else.
    answered: bool,
}

/// How long a controller takes to look at what is asked of it.
#[derive(Default)]
struct Looks {
    unseen: Option<Unseen>,
    longest: SignedDuration,
}

impl Looks {
    /// Follows a set from one version to the next; what a controller that was away takes is no measure.
    fn follow(&mut self, before: Option<&Set>, set: &Set, at: Timestamp, away: bool) {
        let before = before.filter(|before| before.meta.uid == set.meta.uid);
        if before.is_none_or(|before| before.observed < set.observed)
            && let Some(unseen) = self.unseen.take()
            && before.is_some()
            && !away
        {
            self.longest = self.longest.max(at.duration_since(unseen.since));
        }
        if set.observed < set.meta.generation {
            let answers = before.is_some_and(|before| status(before) != status(set));
            match &mut self.unseen {
                Some(unseen) => unseen.answered |= answers,
                none => *none = Some(Unseen { since: at, answered: false }),
            }
        }
    }

    /// Whether nobody knows that the controller has looked at what is asked.
    fn unknown(&self) -> bool {
        self.unseen.as_ref().is_some_and(|unseen| !unseen.answered)
    }
}

/// The pods of one owner, counted as a set's status counts them.
#[derive(Default)]
struct Census<'history> {
    pods: u32,
    ready: u32,
    /// Of these, the ones that are not being deleted: versions differ in whether the others count.
    healthy: u32,
    revisions: HashMap<&'history str, u32>,
    /// Since when those are Ready that are.
    since: BTreeMap<Timestamp, u32>,
}

/// What one pod adds to a census.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counted<'history> {
    owner: &'history str,
    ready: Option<Timestamp>,
    revision: Option<&'history str>,
}

impl<'history> Counted<'history> {
    fn of(pod: &'history Pod, before: Option<Self>, at: Timestamp) -> Option<Self> {
        let owner = pod.meta.owner()?.uid.as_str();
        let since = || pod.ready_since.or(before.and_then(|before| before.ready)).unwrap_or(at);
        let ready = (pod.ready && &*pod.phase == "Running").then(since);
        Some(Self { owner, ready, revision: (!pod.meta.terminating).then(|| pod.revision()) })
    }
}

impl<'history> Census<'history> {
    fn add(&mut self, pod: Counted<'history>) {
        self.pods += 1;
        if let Some(since) = pod.ready {
            self.ready += 1;
            self.healthy += u32::from(pod.revision.is_some());
            *self.since.entry(since).or_default() += 1;
        }
        if let Some(revision) = pod.revision {
            *self.revisions.entry(revision).or_default() += 1;
        }
    }

    fn remove(&mut self, pod: Counted<'history>) {
        self.pods -= 1;
        if let Some(since) = pod.ready {
            self.ready -= 1;
            self.healthy -= u32::from(pod.revision.is_some());
            if let Some(count) = self.since.get_mut(&since) {
                *count -= 1;
                if *count == 0 {
                    self.since.remove(&since);
                }
            }
        }
        if let Some(count) = pod.revision.and_then(|revision| self.revisions.get_mut(revision)) {
            *count -= 1;
        }
    }

    /// The first counter of the status that these pods contradict.
    fn contradicts(&self, set: &Set, promise: &Promise, at: Timestamp) -> Option<String> {
        let wait = LATE + SignedDuration::from_secs(promise.min_ready_seconds.into());
        let young = || self.since.range(at - wait..).map(|(_, count)| count).sum::<u32>();
        let least = if set.available < self.healthy { self.healthy.saturating_sub(young()) } else { 0 };
        let of = |revision: &str| self.revisions.get(revision).copied().unwrap_or(0);
        let exactly = |count| (count, count);
        let counters = [
            ("replicas", set.current, exactly(self.pods)),
            ("readyReplicas", set.ready, (self.healthy, self.ready)),
            ("availableReplicas", set.available, (least, self.ready)),
            ("currentReplicas", set.at_current, exactly(of(&set.current_revision))),
            ("updatedReplicas", set.at_update, exactly(of(&set.update_revision))),
        ];
        let wrong = counters.into_iter().find(|(_, told, (least, most))| !(least..=most).contains(&told));
        wrong.map(|(name, told, (least, most))| {
            let found = if least == most { least.to_string() } else { format!("{least} to {most}") };
            format!("{name} is {told}; its pods give {found}")
        })
    }
}

/// What a controller follows of a set.
fn version(set: &Set) -> (&str, i64) {
    (&set.meta.uid, set.meta.generation)
}

/// What a status tells that its set and its pods, as they are now, contradict.
pub fn disagreement(world: &World, promise: &Promise, at: Timestamp) -> Option<String> {
    let Some(set) = world.sets.get(&promise.set) else {
        return Some(format!("the StatefulSet {} does not exist", promise.set));
    };
    let mut census = Census::default();
    let pods = world.pods.values().filter_map(|pod| Counted::of(pod, None, at));
    pods.filter(|pod| pod.owner == set.meta.uid).for_each(|pod| census.add(pod));
    behind(set).or_else(|| census.contradicts(set, promise, at))
}

fn behind(set: &Set) -> Option<String> {
    let (observed, generation) = (set.observed, set.meta.generation);
    (observed < generation).then(|| format!("observedGeneration is {observed}, the generation {generation}"))
}

/// K19: a status agrees with the pods that there are. It is told a little late, so what counts is what stays: a
/// contradiction, while neither the set nor its pods change. By how long its controller took for other looks a slow one is known;
/// and where it was not seen to look at all, nothing is.
pub fn status_agrees_with_pods(_: &Promise) -> Inquiry<'_> {
    let mut pods: HashMap<&str, Counted> = HashMap::new();
    let mut censuses: HashMap<&str, Census> = HashMap::new();
    let mut set: Option<(&Set, &Entry)> = None;
    // Since when nothing has changed that the status would have to follow, and since when no pod has.
    let (mut still, mut pods_still): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    let mut away = false;
    let mut told: Option<(Timestamp, String)> = None;
    let mut late = LATE;
    let mut looks = Looks::default();
    Inquiry::new(K19, &[Kind::Pod, Kind::StatefulSet], move |judgement, _, promise, entry| {
        // Who has looked at the set and told of it has had its pods before him.
        let mut looked = false;
        match &entry.record {
            Record::Object { change, fact: Fact::Pod(pod), .. } => {
                let uid = pod.meta.uid.as_str();
                let before = pods.get(uid).copied();
                let there = Some(pod).filter(|_| *change != Change::Deleted);
                let counted = there.and_then(|pod| Counted::of(pod, before, entry.at));
                if before != counted {
                    (still, pods_still) = (Some(entry.at), Some(entry.at));
                    if let Some(before) = before {
                        censuses.entry(before.owner).or_default().remove(before);
                    }
                    match counted {
                        Some(counted) => {
                            censuses.entry(counted.owner).or_default().add(counted);
                            pods.insert(uid, counted);
                        }
                        None => drop(pods.remove(uid)),
                    }
                }
            }
            Record::Object { change, fact: Fact::Set(seen), .. } if seen.meta.name == promise.set => {
                let before = set.map(|(before, _)| before);
                if before.is_none_or(|before| version(before) != version(seen)) {
                    still = Some(entry.at);
                }
                looks.follow(before, seen, entry.at, away);
                away &= before.is_some_and(|before| status(before) == status(seen));
                looked = seen.observed == seen.meta.generation
                    && before.is_some_and(|before| {
                        before.meta.uid == seen.meta.uid && before.observed < seen.observed
                    });
                set = (*change != Change::Deleted).then_some((seen, entry));
            }
            // Until it says something again, the controller may be away.
            Record::Act(act) if act.target.starts_with("control-plane/") => away = true,
            Record::Terrain(terrain) if terrain.controllers_elected => return late = ELECTED_LATE,
            Record::Act(act) if act.verb == END => {}
            // Who was not seen may not have looked either: the time begins anew.
            Record::Gap { kind: Kind::Pod | Kind::StatefulSet, bridged, .. } => {
                still = bridged.then_some(entry.at);
                return pods_still = still;
            }
            _ => return,
        }
        let tells = matches!(&entry.record, Record::Object { fact: Fact::Set(_), .. });
        let unchanged = if looked { pods_still } else { still };
        let since =
            unchanged.filter(|since| entry.at.duration_since(*since) >= late.max(looks.longest * LOOKS));
        if !tells && since.is_none() {
            return;
        }
        let Some((set, proof)) = set.filter(|(set, _)| !away && !set.meta.terminating) else { return };
        let none = Census::default();
        let census = censuses.get(set.meta.uid.as_str()).unwrap_or(&none);
        let Some(wrong) = behind(set).or_else(|| census.contradicts(set, promise, entry.at)) else {
            judgement.examined += u64::from(tells);
            return;
        };
        let Some(since) = since else { return };
        let waited = entry.at.duration_since(since).as_secs_f64();
        if looks.unknown() {
            if matches!(&entry.record, Record::Act(act) if act.verb == END) {
                let message = format!(
                    "the status of {}: {wrong}; for {waited:.0} s its controller was not seen to look",
                    promise.set
                );
                judgement.leave(Obstacle::Controller, message, [proof, entry]);
            }
            return;
        }
        // Once for each change that the status should have followed.
        if told.as_ref() != Some(&(since, wrong.clone())) {
            judgement.examined += 1;
            let message =
                format!("the status of {}: {wrong}, and for {waited:.0} s nothing has changed", promise.set);
            judgement.find(message, [proof, entry]);
            told = Some((since, wrong));
        }
    })
}
