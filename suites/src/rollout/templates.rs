//! The templates that sets are changed to, how far, and the pods that come of them.

use harness::{
    wait::{
        Expectation,
        expectations::{pod_is_another, pod_running},
    },
    workload::{Set, set::GATE},
};
use serde_json::{Value, json};

/// The step in which the highest pod is; controls do their sabotage at it.
pub(crate) const HIGHEST_IS_NEW: &str = "sentinel-2 is new and not Ready";

/// A template whose pods are held not-Ready until they are released.
pub(super) fn gated() -> Value {
    json!({"spec": {"template": {"spec": {"readinessGates": [{"conditionType": GATE}]}}}})
}

/// As it was: none is held.
pub(super) fn ungated() -> Value {
    json!({"spec": {"template": {"spec": {"readinessGates": null}}}})
}

/// A template that differs in a note alone.
pub(crate) fn noted(note: impl Into<Value>) -> Value {
    let note = note.into();
    json!({"spec": {"template": {"metadata": {"annotations": {"steadfast.dev/note": note}}}}})
}

/// A roll leaves so many of the lowest ordinals alone.
pub(crate) fn partition_at(ordinal: u32) -> Value {
    json!({"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": ordinal}}}})
}

/// Another object carries the pod's name, and runs.
pub(super) fn replaced(set: &Set, ordinal: u32, old: &str) -> Expectation {
    let name = set.pod_name(ordinal);
    pod_is_another(&name, old).and(pod_running(&name))
}
