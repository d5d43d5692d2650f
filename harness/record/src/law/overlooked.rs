//! What came about only when we made a controller look: it had seen to another set, and left this one as it was.

use std::collections::HashMap;

use super::health::status;
use crate::journal::{Change, Fact, History, Kind, Record, fact::Meta};

/// The name of a set that nobody waits for, at which is seen whether its controller is awake.
pub const BYSTANDER: &str = "steadfast-bystander";

/// Lines of the journal, in their order.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    /// After this one, somebody waited.
    pub began: u64,
    /// At this one, the controller had seen to the bystander.
    pub awake: u64,
    /// At this one, everything was recorded that happened before it was made to look.
    pub asked: u64,
}

/// Whether nothing changed from when the controller was seen awake until it was made to look, and the first thing after that was its
/// own doing. Where it was refused something, or somebody was not seen, it may have had its reasons.
pub fn overlooked(history: &History, looks: Looks) -> bool {
    let mut known: HashMap<&str, &Meta> = HashMap::new();
    let mut statuses = HashMap::new();
    for entry in history.entries() {
        let own = match &entry.record {
            record if entry.line > looks.began && excuses(record) => return false,
            Record::Object { fact, .. } if !written_by_a_controller(fact.kind()) => continue,
            // Its revision has its name as well, with a hash.
            Record::Object { fact, .. } if fact.meta().name.starts_with(BYSTANDER) => continue,
            // That it has seen our change is no doing.
            Record::Object { fact: Fact::Set(set), .. } => {
                let (_, counts, revisions) = status(set);
                if statuses.insert(&set.meta.uid, (counts, revisions)) == Some((counts, revisions)) {
                    continue;
                }
                true
            }
            Record::Object { change: Change::Deleted, fact, .. } => fact.kind() == Kind::ControllerRevision,
            // Everything else of it is written by the scheduler, a kubelet, a provisioner.
            Record::Object { fact, .. } => {
                let meta = fact.meta();
                let before = known.insert(&meta.uid, meta);
                before.is_none_or(|before| {
                    (before.terminating, &before.owners) != (meta.terminating, &meta.owners)
                })
            }
            _ => continue,
        };
        if entry.line > looks.asked {
            return own;
        }
        if entry.line > looks.awake {
            return false;
        }
    }
    false
}

/// Whether a set's controller writes objects of the kind.
fn written_by_a_controller(kind: Kind) -> bool {
    matches!(kind, Kind::StatefulSet | Kind::Pod | Kind::PersistentVolumeClaim | Kind::ControllerRevision)
}

/// Why a controller may rightly not have acted yet: it was refused, stopped, or we did not see.
fn excuses(record: &Record) -> bool {
    match record {
        Record::Gap { .. } => true,
        Record::Act(act) => act.target.starts_with("control-plane/"),
        Record::Object { fact: Fact::Event(event), .. } => {
            event.severity == "Warning" && event.regarding.starts_with("StatefulSet/")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::law::of_lines::history;

    fn object(change: &str, kind: &str, object: &Value) -> Value {
        json!({"object": {"change": change, "kind": kind, "object": object}})
    }

    fn pod(change: &str, ready: bool, owners: &Value) -> Value {
        let ready = if ready { "True" } else { "False" };
        let conditions = json!([{"type": "Ready", "status": ready}]);
        let meta = json!({"name": "db-1", "uid": "pod", "ownerReferences": owners});
        object(
            change,
            "Pod",
            &json!({"metadata": meta, "status": {"phase": "Running", "conditions": conditions}}),
        )
    }

    fn set(name: &str, generation: u32, ready: u32) -> Value {
        let meta = json!({"name": name, "uid": name, "generation": generation});
        let status = json!({"observedGeneration": generation, "readyReplicas": ready});
        object("modified", "StatefulSet", &json!({"metadata": meta, "spec": {}, "status": status}))
    }

    fn event(severity: &str) -> Value {
        let about = json!({"kind": "StatefulSet", "name": "db", "uid": "db"});
        object(
            "added",
            "Event",
            &json!({"metadata": {"name": "told", "uid": "told"}, "type": severity, "involvedObject": about}),
        )
    }

    fn owned() -> Value {
        json!([{"kind": "StatefulSet", "name": "db", "uid": "db", "controller": true}])
    }

    /// What is said where this happened while the controller was awake, and that after it was made to look.
    fn said(awake: &[Value], after: &[Value]) -> bool {
        let before = [pod("added", true, &json!([])), set("db", 1, 1), set(BYSTANDER, 1, 0)];
        let asked = before.len() + awake.len();
        let looks = Looks { began: 2, awake: before.len() as u64, asked: asked as u64 };
        let poke = [set("db", 2, 1)];
        let contents = before.iter().chain(awake).chain(&poke).chain(after);
        overlooked(&history(contents), looks)
    }

    #[test]
    fn what_comes_about_only_when_its_controller_is_made_to_look_was_overlooked() {
        assert!(said(&[], &[pod("modified", true, &owned())]));
        let meta = json!({"name": format!("{BYSTANDER}-5c4f679bb7"), "uid": "revision"});
        let collected = object("deleted", "ControllerRevision", &json!({"metadata": meta}));
        assert!(said(&[event("Normal"), collected], &[set("db", 2, 0)]));
        // Nobody but us did anything.
        assert!(!said(&[], &[]));
    }

    #[test]
    fn what_a_kubelet_brought_about_or_its_controller_had_begun_with_was_not() {
        assert!(!said(&[], &[pod("modified", false, &json!([])), set("db", 2, 0)]));
        assert!(!said(&[pod("modified", false, &json!([]))], &[set("db", 2, 0)]));
        assert!(!said(&[set("db", 1, 0)], &[pod("modified", true, &owned())]));
        assert!(!said(&[], &[pod("deleted", true, &json!([]))]));
    }

    #[test]
    fn a_controller_that_was_refused_or_stopped_has_its_reasons_and_so_has_who_did_not_see() {
        let gap = json!({"gap": {"kind": "Pod", "reason": "expired", "bridged": true}});
        let stopped =
            json!({"act": {"verb": "kill", "target": "control-plane/kube-controller-manager", "text": ""}});
        for excuse in [event("Warning"), gap, stopped] {
            assert!(!said(std::slice::from_ref(&excuse), &[pod("modified", true, &owned())]), "{excuse}");
        }
    }
}
