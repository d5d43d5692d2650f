//! Why a diagnosis that is another than what was brought about need not be a wrong one.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::{
    journal::{
        Change, Fact, History, Record,
        fact::{Event, Set},
    },
    report::terrain::Clocks,
};

/// What is told later than this was kept back: a kubelet may be told to send few events a second.
const LATE: SignedDuration = SignedDuration::from_secs(20);
/// What a set says that is well though it was to be kept back: somebody switched off what does so, a quota's admission for one.
pub(super) const NOT_IN_FORCE: &str = "it is well: what is to keep it back is not in force here";

/// Whether a set is as it asks to be, by its controller's count.
pub(super) fn is_well(set: &Set) -> bool {
    let all = |count: u32| count == set.replicas;
    set.observed >= set.meta.generation
        && set.current_revision == set.update_revision
        && all(set.current)
        && all(set.ready)
        && all(set.at_update)
}

/// Whether an event was told of a set, of its pods or of their claims; of those that warn, where only they count.
pub(super) fn told_of(history: &History, set: &str, warnings: bool) -> bool {
    history.entries().iter().any(|entry| match &entry.record {
        Record::Object { fact: Fact::Event(event), .. } => {
            let warns = event.severity == "Warning";
            let of_itself = event.regarding.starts_with("StatefulSet/");
            is_about(event, set) && (warns || !(warnings || of_itself))
        }
        _ => false,
    })
}

/// That an event of a set, of its pods or of their claims was told late, if one was: others may be on their way. What clocks differ
/// by is not taken for that.
pub(super) fn told_late(history: &History, set: &str, clocks: &Clocks) -> Option<String> {
    let behind = clocks.nodes.values().copied().fold(0.0, f64::min);
    let apart = SignedDuration::try_from_secs_f64(clocks.ours.unwrap_or_default() - behind).ok()?;
    let mut known = BTreeSet::new();
    history.entries().iter().find_map(|entry| {
        let Record::Object { fact: Fact::Event(event), change, .. } = &entry.record else { return None };
        // One that is seen again has the time of its first, and one that goes tells nothing new.
        let first = known.insert(&event.meta.uid) && *change != Change::Deleted && is_about(event, set);
        let late = entry.at.duration_since(event.at.filter(|_| first)?) - apart;
        let words = || format!("{} of {} was told {} s late", event.reason, event.regarding, late.as_secs());
        (late > LATE).then(words)
    })
}

/// Whether an event is about a set, its pods or their claims.
fn is_about(event: &Event, set: &str) -> bool {
    let own = |name: &str| {
        let (before, ordinal) = name.rsplit_once('-').unwrap_or_default();
        ordinal.parse::<u32>().is_ok() && (before == set || before.ends_with(&format!("-{set}")))
    };
    match event.regarding.split_once('/') {
        Some(("Pod" | "PersistentVolumeClaim", name)) => own(name),
        Some(("StatefulSet", name)) => name == set,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::journal::{Entry, Kind, Reducer};

    fn entry(kind: Kind, object: &Value, at: Timestamp) -> Arc<Entry> {
        let fact = Reducer::default().reduce(kind, object).unwrap();
        Arc::new(Entry { line: 1, at, record: Record::Object { change: Change::Added, revision: 1, fact } })
    }

    #[test]
    fn an_event_of_another_set_tells_nothing() {
        let told_of = |kind: &str, name: &str, severity: &str, warnings: bool| {
            let event = json!({"metadata": {"name": "one", "uid": "one"}, "type": severity,
                "involvedObject": {"kind": kind, "name": name}});
            told_of(&History::new([entry(Kind::Event, &event, Timestamp::UNIX_EPOCH)]), "db", warnings)
        };
        let told = |kind: &str, name: &str| told_of(kind, name, "Normal", false);
        assert!(told("Pod", "db-0") && told("PersistentVolumeClaim", "data-db-1"));
        assert!(!told("Pod", "other-0") && !told("StatefulSet", "db") && !told("Pod", "db-new-0"));
        // That a pod was scheduled says nothing of what is wrong with it.
        assert!(!told_of("Pod", "db-0", "Normal", true) && told_of("Pod", "db-0", "Warning", true));
        assert!(told_of("StatefulSet", "db", "Warning", true));
    }

    /// An event of this pod that happened at 10:00:00, and is told so many seconds later.
    fn told(uid: &str, pod: &str, later: i64) -> Arc<Entry> {
        let event = json!({"metadata": {"name": uid, "uid": uid}, "reason": "BackOff", "type": "Warning",
            "involvedObject": {"kind": "Pod", "name": pod}, "lastTimestamp": "2026-12-01T10:00:00Z"});
        let at: Timestamp = "2026-12-01T10:00:00Z".parse().unwrap();
        entry(Kind::Event, &event, at + SignedDuration::from_secs(later))
    }

    #[test]
    fn what_is_told_late_of_a_set_is_told_and_no_other() {
        let late = |entries: &[Arc<Entry>], clocks: &Clocks| {
            told_late(&History::new(entries.iter().cloned()), "db", clocks)
        };
        let same = Clocks::default();
        assert_eq!(
            late(&[told("one", "db-0", 21)], &same).unwrap(),
            "BackOff of Pod/db-0 was told 21 s late"
        );
        assert_eq!(late(&[told("one", "db-0", 20)], &same), None);
        assert_eq!(late(&[told("one", "other-0", 300)], &same), None);
        // It was told before, and is only told again.
        assert_eq!(late(&[told("one", "db-0", 1), told("one", "db-0", 300)], &same), None);
        assert!(late(&[told("one", "db-0", 1), told("two", "db-0", 300)], &same).is_some());
        let clocks = |ours, node| Clocks { ours: Some(ours), nodes: [("a".to_owned(), node)].into() };
        assert_eq!(late(&[told("one", "db-0", 30)], &clocks(15.0, 0.0)), None);
        assert_eq!(late(&[told("one", "db-0", 30)], &clocks(0.0, -15.0)), None);
        assert!(late(&[told("one", "db-0", 30)], &clocks(0.0, 15.0)).is_some());
        assert!(late(&[told("one", "db-0", 15)], &clocks(-15.0, 0.0)).is_some());
    }

    #[test]
    fn a_set_is_well_when_all_its_pods_are_new_and_ready() {
        let well = |change: Value| {
            let mut set = json!({"metadata": {"name": "db", "generation": 2},
                "spec": {"replicas": 2, "selector": {}, "serviceName": "", "template": {}},
                "status": {"observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "currentReplicas": 2,
                    "updatedReplicas": 2, "currentRevision": "db-1", "updateRevision": "db-1"}});
            crate::manifest::patch::merge(&mut set, &change);
            let fact = Reducer::default().reduce(Kind::StatefulSet, &set).unwrap();
            let Fact::Set(set) = fact else { panic!("no set") };
            is_well(&set)
        };
        assert!(well(json!({})));
        for change in [
            json!({"metadata": {"generation": 3}}),
            json!({"status": {"replicas": 1}}),
            json!({"status": {"readyReplicas": 1}}),
            json!({"status": {"updatedReplicas": 1}}),
            json!({"status": {"updateRevision": "db-2"}}),
        ] {
            assert!(!well(change.clone()), "{change}");
        }
    }
}
