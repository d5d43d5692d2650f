//! Valid histories of the model, and breaks of them.

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;
use record::{
    journal::{Change, Entry, Fact, History, Promise, Record, fact::Pod},
    law,
};

use crate::{
    fixtures::refutes,
    model::{Cluster, Model, Step, terminate},
};

/// Mostly whole rounds of the controller, or mostly single steps in any order.
fn steps(rounds: u32, single: u32) -> impl Strategy<Value = Vec<(bool, Step)>> {
    let step = prop_oneof![
        rounds => (1..12u8, any::<bool>()).prop_map(|(rounds, lag)| Step::Settle(rounds, lag)),
        single => Just(Step::Look),
        single => Just(Step::Act),
        single => Just(Step::Run),
        3 => (1..8u8).prop_map(Step::Wait),
        2 => any::<u8>().prop_map(Step::Falter),
        1 => any::<u8>().prop_map(Step::Fail),
        2 => any::<u8>().prop_map(Step::Delete),
        3 => (0..6u8).prop_map(Step::Scale),
        3 => (0..3u8).prop_map(Step::Template),
        1 => (0..3u8, 0..6u8).prop_map(|(template, replicas)| Step::Both(template, replicas)),
        1 => (0..4u8).prop_map(Step::Partition),
        1 => any::<bool>().prop_map(Step::OnDelete),
        1 => any::<bool>().prop_map(Step::Recreate),
        1 => (1..6u8).prop_map(Step::Again),
        1 => Just(Step::List),
        2 => Just(Step::Twice),
    ];
    prop::collection::vec((any::<bool>(), step), 1..80)
}

fn promise(set: &str, ordered: bool, start: u32, min_ready_seconds: u32, strategy: &str) -> Promise {
    let manifest = serde_json::json!({"metadata": {"name": set}, "spec": {
        "podManagementPolicy": if ordered { "OrderedReady" } else { "Parallel" },
        "ordinals": {"start": start}, "minReadySeconds": min_ready_seconds,
        "updateStrategy": {"type": strategy},
        "volumeClaimTemplates": [{"metadata": {"name": "data"},
            "spec": {"resources": {"requests": {"storage": "1Gi"}}}}]}});
    Promise::of(&manifest)
}

/// A history's entries; a failure shows them as a reader would see them.
#[derive(Clone)]
struct Story(Vec<Entry>);

impl std::fmt::Debug for Story {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|entry| writeln!(formatter, "{} {}", entry.line, entry.summary()))
    }
}

prop_compose! {
    /// The entries of two sets in one namespace, in the order of time.
    fn histories()(
        steps in prop_oneof![4 => steps(24, 4), 1 => steps(4, 40)],
        replicas in (1..6u32, 1..6u32),
        ordered in any::<bool>(),
        start in 0..3u32,
        seconds in prop_oneof![Just(0u32), Just(3)],
        strategy in prop_oneof![4 => Just("RollingUpdate"), 1 => Just("Recreate")],
    ) -> Story {
        let mut cluster = Cluster::new();
        let one = Model::new(&mut cluster, promise("db", true, 0, seconds, strategy), replicas.0);
        let two = Model::new(&mut cluster, promise("db-two", ordered, start, 0, strategy), replicas.1);
        let mut sets = [one, two];
        for (second, step) in steps {
            sets[usize::from(second)].step(&mut cluster, &step);
        }
        Story(cluster.entries)
    }
}

fn history(entries: &[Entry]) -> History {
    History::new(entries.iter().cloned().map(Arc::new))
}

fn claims(entries: &[Entry]) -> BTreeSet<String> {
    refutes(&history(entries)).into_iter().map(|(claim, _)| claim).collect()
}

fn examined(entries: &[Entry], claim: &str) -> u64 {
    let judgements = law::judge(&history(entries));
    judgements
        .iter()
        .filter(|judgement| judgement.claim.id == claim)
        .map(|judgement| judgement.examined)
        .sum()
}

/// What a break changes: every version of the pods, or sets, or promises that pass.
fn pods(entries: &mut [Entry], mut change: impl FnMut(Change, &mut Pod)) {
    for entry in entries {
        if let Record::Object { change: seen, fact: Fact::Pod(pod), .. } = &mut entry.record {
            change(*seen, Arc::make_mut(pod));
        }
    }
}

fn promises(entries: &mut [Entry], change: impl Fn(&mut Promise)) {
    for entry in entries {
        if let Record::Promise(promise) = &mut entry.record {
            change(promise);
        }
    }
}

/// The history with one more step: the set `db` asks for so many pods, given its highest, and its lowest goes.
/// None if there are not two healthy ones of one revision, or under Recreate, which has no order.
fn lowest_goes(entries: &[Entry], replicas: impl Fn(u32) -> u32) -> Option<Vec<Entry>> {
    let last = entries.last()?;
    let history = history(entries);
    if history.promises_of("db").last()?.recreate {
        return None;
    }
    let world = history.at(u64::MAX);
    let mut set = world.sets.get("db")?.as_ref().clone();
    let owned =
        |pod: &&Arc<Pod>| pod.healthy() && pod.meta.owner().is_some_and(|owner| owner.uid == set.meta.uid);
    let pods: Vec<_> = world.pods.values().filter(owned).collect();
    let (lowest, highest) = (*pods.first()?, *pods.last()?);
    if lowest.meta.name == highest.meta.name || lowest.revision() != highest.revision() {
        return None;
    }
    set.replicas = replicas(highest.meta.name.strip_prefix("db-")?.parse().ok()?);
    set.observed = set.meta.generation + 1;
    Arc::make_mut(&mut set.meta).generation = set.observed;
    let mut gone = lowest.as_ref().clone();
    terminate(&mut gone);
    let facts = [Fact::Set(Arc::new(set)), Fact::Pod(Arc::new(gone))];
    let more = facts.into_iter().zip(1..).map(|(fact, more)| {
        let record = Record::Object { change: Change::Modified, revision: u64::MAX, fact };
        Entry { line: last.line + more, record, ..last.clone() }
    });
    Some(entries.iter().cloned().chain(more).collect())
}

/// Asserts that the claim is refuted.
fn found(entries: &[Entry], claim: &str) -> Result<(), TestCaseError> {
    let claims = claims(entries);
    prop_assert!(claims.contains(claim), "{} is not among {:?}", claim, claims);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_valid_history_breaks_no_law(Story(entries) in histories()) {
        // The model's controller takes its time, as no real one may.
        let late = |message: &str| message.ends_with("s nothing has changed");
        let refuted = refutes(&history(&entries)).into_iter().filter(|(_, message)| !late(message));
        prop_assert_eq!(refuted.collect::<Vec<_>>(), vec![]);
    }

    /// Watches of different kinds lag behind each other, but none behind what we do: we wait for it.
    #[test]
    fn the_kinds_may_arrive_in_any_order(Story(entries) in histories(), seed in any::<prop::sample::Index>()) {
        let judged = |entries: &[Entry]| {
            let judgements = law::judge(&history(entries));
            judgements.iter().map(|one| (one.claim.id, one.examined, one.findings.len())).collect::<Vec<_>>()
        };
        let mut late = entries.clone();
        let kind = |entry: &Entry| match &entry.record {
            Record::Object { fact, .. } => 1 + (seed.index(7) + fact.kind() as usize) % 7,
            _ => 0,
        };
        for between in late.split_mut(|entry| kind(entry) == 0) {
            between.sort_by_key(kind);
        }
        for (line, entry) in (1..).zip(&mut late) {
            entry.line = line;
        }
        prop_assert_eq!(judged(&entries), judged(&late));
    }

}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48, max_global_rejects: 4096, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_pod_without_its_label_or_its_claim(Story(mut entries) in histories()) {
        prop_assume!(examined(&entries, "S1") > 0);
        let mut unclaimed = entries.clone();
        pods(&mut entries, |_, pod| Arc::make_mut(&mut pod.meta).labels = Arc::default());
        found(&entries, "S1")?;
        pods(&mut unclaimed, |_, pod| pod.claims = Arc::default());
        found(&unclaimed, "S6")?;
    }

    #[test]
    fn an_object_that_returns(Story(mut entries) in histories()) {
        prop_assume!(examined(&entries, "S2") > 0);
        pods(&mut entries, |_, pod| Arc::make_mut(&mut pod.meta).uid = pod.meta.name.clone());
        found(&entries, "S2")?;
    }

    #[test]
    fn a_container_that_outlives_its_pod(Story(mut entries) in histories()) {
        prop_assume!(examined(&entries, "K1") > 0);
        pods(&mut entries, |_, pod| for container in Arc::make_mut(&mut pod.containers) { container.running = true; });
        let ran = entries.iter().any(|entry| matches!(&entry.record, Record::Object { change: Change::Deleted,
            fact: Fact::Pod(pod), .. } if !pod.containers.is_empty()));
        prop_assume!(ran);
        found(&entries, "K1")?;
    }

    #[test]
    fn a_predecessor_that_was_never_ready(Story(mut entries) in histories()) {
        prop_assume!(examined(&entries, "S8") > 0);
        pods(&mut entries, |_, pod| pod.ready = false);
        found(&entries, "S8")?;
    }

    #[test]
    fn a_lower_pod_that_goes_before_a_higher(Story(entries) in histories()) {
        // Scaled to nothing: the highest must go first.
        if let Some(scaled) = lowest_goes(&entries, |_| 0) {
            found(&scaled, "S9")?;
        }
        // All are asked for: the highest must be rolled first.
        if let Some(rolled) = lowest_goes(&entries, |highest| highest + 1) {
            found(&rolled, "K3")?;
        }
    }

    #[test]
    fn a_roll_of_what_must_stay(Story(mut entries) in histories()) {
        prop_assume!(examined(&entries, "K3") > 0);
        let mut on_delete = entries.clone();
        promises(&mut on_delete, |promise| promise.on_delete = true);
        found(&on_delete, "K5")?;
        promises(&mut entries, |promise| promise.partition = 100);
        found(&entries, "K4")?;
    }

    #[test]
    fn a_step_before_the_last_pod_is_available(Story(mut entries) in histories()) {
        promises(&mut entries, |promise| promise.min_ready_seconds = 100_000);
        prop_assume!(examined(&entries, "K8") > 0);
        found(&entries, "K8")?;
    }

    #[test]
    fn a_status_that_contradicts_itself(Story(mut entries) in histories(), which in any::<prop::sample::Index>()) {
        let sets: Vec<_> = entries.iter_mut().filter_map(|entry| match &mut entry.record {
            Record::Object { fact: Fact::Set(set), .. } => Some(Arc::make_mut(set)), _ => None }).collect();
        let index = which.index(sets.len());
        sets.into_iter().nth(index).unwrap().ready = 100;
        prop_assert_eq!(claims(&entries), BTreeSet::from(["K19".to_owned()]));
    }

    #[test]
    fn another_claim_under_the_old_name(Story(mut entries) in histories()) {
        prop_assume!(examined(&entries, "S7") > 0);
        // Each version of a claim is another object, and a pod that returns finds another than before.
        let mut version = 0;
        let mut copies = Vec::new();
        for entry in &mut entries {
            if let Record::Object { fact: Fact::VolumeClaim(claim), .. } = &entry.record {
                copies.push(Arc::clone(claim));
            }
            let Record::Object { change: Change::Added, fact: Fact::Pod(pod), .. } = &entry.record else { continue };
            let name = format!("data-{}", pod.meta.name);
            if let Some(claim) = copies.iter_mut().find(|claim| claim.meta.name == name) {
                version += 1;
                Arc::make_mut(&mut Arc::make_mut(claim).meta).uid = format!("version-{version}");
            }
        }
        let mut broken = Vec::new();
        for entry in entries {
            if let Record::Object { change: Change::Added, fact: Fact::Pod(pod), revision } = &entry.record {
                version += 1;
                let name = format!("data-{}", pod.meta.name);
                let mut claim = copies.iter().find(|claim| claim.meta.name == name).unwrap().as_ref().clone();
                Arc::make_mut(&mut claim.meta).uid = format!("version-{version}");
                let fact = Fact::VolumeClaim(Arc::new(claim));
                let record = Record::Object { change: Change::Modified, fact, revision: *revision };
                broken.push(Entry { record, ..entry.clone() });
            }
            broken.push(entry);
        }
        found(&broken, "S7")?;
    }

    #[test]
    fn a_claim_that_goes(Story(mut entries) in histories(), which in any::<prop::sample::Index>()) {
        let is = |entry: &Entry| matches!(&entry.record, Record::Object { fact: Fact::VolumeClaim(_), .. });
        let claims: Vec<_> = entries.iter().filter(|entry| is(entry)).cloned().collect();
        prop_assume!(!claims.is_empty());
        let mut gone = which.get(&claims).clone();
        let Record::Object { change, .. } = &mut gone.record else { return Ok(()) };
        *change = Change::Deleted;
        gone.line += 1;
        entries.push(gone);
        found(&entries, "S17")?;
    }

    #[test]
    fn a_claim_that_goes_under_its_pod(Story(mut entries) in histories(), which in any::<prop::sample::Index>()) {
        let world = history(&entries).at(u64::MAX);
        let running: Vec<_> = world.pods.values().filter(|pod| pod.runs() && pod.node.is_some()).collect();
        prop_assume!(!running.is_empty());
        let name = format!("data-{}", which.get(&running).meta.name);
        let mut claim = world.volume_claims[&name].as_ref().clone();
        claim.version = u64::MAX;
        let last = entries.last().unwrap().clone();
        let fact = Fact::VolumeClaim(Arc::new(claim));
        let record = Record::Object { change: Change::Deleted, revision: u64::MAX, fact };
        entries.push(Entry { line: last.line + 1, record, ..last });
        found(&entries, "K24")?;
    }
}
