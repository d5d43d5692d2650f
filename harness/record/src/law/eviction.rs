//! Pods that somebody else takes away: a descheduler, an autoscaler, whoever needs their place, a node that is not ours. No promise
//! is about them.

use std::collections::BTreeSet;

use crate::journal::{Change, Fact, History, Record};

/// The first pod that became one to be evicted after this line of the journal, and that we did not ask for; in words. What we
/// asked for is ours, whatever we were answered. What its node took is another's where the nodes are: who hurts none has no part in it.
pub fn by_another(history: &History, after: u64, nodes_are_ours: bool) -> Option<String> {
    let (mut asked, mut known) = (BTreeSet::new(), BTreeSet::new());
    for entry in history.entries() {
        match &entry.record {
            Record::Act(act) if act.verb == "evict" => {
                asked.extend(act.target.strip_prefix("pod/"));
            }
            Record::Object { change, fact: Fact::Pod(pod), .. } => {
                let name = pod.meta.name.as_str();
                if *change == Change::Added {
                    asked.remove(name);
                }
                let ours = asked.contains(name);
                let taken = pod.evicted() || (!nodes_are_ours && pod.taken_by_its_node());
                if taken && known.insert(&pod.meta.uid) && entry.line > after && !ours {
                    let why = pod.disrupted.as_deref().unwrap_or_default();
                    return Some(format!("somebody else took {name} away ({why})"));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::law::of_lines::history;

    fn act(verb: &str) -> Value {
        json!({"act": {"verb": verb, "target": "pod/db-1", "text": ""}})
    }

    /// A version of a pod, which is taken away for this reason.
    fn pod(change: &str, uid: &str, taken: Option<&str>) -> Value {
        let condition = |reason| json!({"type": "DisruptionTarget", "status": "True", "reason": reason});
        let conditions: Vec<Value> = taken.map(condition).into_iter().collect();
        json!({"object": {"change": change, "kind": "Pod", "object": {
            "metadata": {"name": "db-1", "uid": uid}, "status": {"conditions": conditions}}}})
    }

    /// What is said of these lines by who began to wait after so many of them, on nodes of ours.
    fn said(after: u64, contents: &[Value]) -> Option<String> {
        by_another(&history(contents), after, true)
    }

    const EVICTED: Option<&str> = Some("EvictionByEvictionAPI");

    #[test]
    fn an_eviction_that_nobody_of_us_asked_for_is_somebody_elses() {
        let came = pod("added", "one", None);
        let words = said(1, &[came.clone(), pod("modified", "one", EVICTED)]);
        assert_eq!(words.unwrap(), "somebody else took db-1 away (EvictionByEvictionAPI)");
        let preempted = [came.clone(), pod("modified", "one", Some("PreemptionByScheduler"))];
        assert!(said(1, &preempted).is_some());
        // Who began to wait later was not surprised by it.
        assert_eq!(
            said(2, &[came.clone(), pod("modified", "one", EVICTED), pod("deleted", "one", EVICTED)]),
            None
        );
        // A pod that is taken away without it is its controller's doing; what its node took is judged by the node.
        assert_eq!(said(1, &[came.clone(), pod("deleted", "one", None)]), None);
        assert_eq!(said(1, &[came, pod("modified", "one", Some("DeletionByTaintManager"))]), None);
    }

    #[test]
    fn what_a_node_takes_is_somebody_elses_where_the_node_is() {
        for why in ["TerminationByKubelet", "DeletionByTaintManager", "DeletionByPodGC"] {
            let taken = history(&[pod("added", "one", None), pod("modified", "one", Some(why))]);
            assert_eq!(by_another(&taken, 1, true), None, "{why}");
            let words = by_another(&taken, 1, false).unwrap();
            assert_eq!(words, format!("somebody else took db-1 away ({why})"));
        }
    }

    #[test]
    fn an_eviction_of_ours_excuses_nothing_also_if_it_was_refused() {
        let came = pod("added", "one", None);
        let evicted = pod("modified", "one", EVICTED);
        assert_eq!(said(1, &[came.clone(), act("evict"), evicted.clone()]), None);
        assert_eq!(said(1, &[came.clone(), act("evict"), act("refused"), evicted]), None);
        // The next pod of the name is another one.
        let next = [came, act("evict"), pod("added", "two", None), pod("modified", "two", EVICTED)];
        assert!(said(1, &next).is_some());
    }
}
