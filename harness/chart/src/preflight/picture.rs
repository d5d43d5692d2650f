//! What the preflight knows.

use std::collections::{BTreeMap, BTreeSet};

use external::images::Absence;
use serde_json::Value;

use super::relief::Relief;
use crate::{Chart, Object, Release, Rendered, Way, rendered::Key};

/// One look at a release, and at what would become of it.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The release.
    pub release: Release,
    /// How the new chart would get there.
    pub way: Way,
    /// The chart that it goes to.
    pub to: Chart,
    /// What the release holds.
    pub held: Rendered,
    /// What it would hold, rendered as it would be applied.
    pub new: Rendered,
    /// The same once more: what differs is made up at each rendering.
    pub again: Rendered,
    /// What a rendering that can't look anything up gives.
    pub offline: Rendered,
    /// Why the chart does not render as an upgrade, in its own words; then `new` is what it would be as an installation,
    /// or, where it does not render at all, what is held.
    pub refusal: Option<String>,
    /// Whether nothing could be looked up, so that nothing can be said of secrets.
    pub blind: bool,
    /// What the API server says to each new object.
    pub trials: BTreeMap<Key, Trial>,
    /// Fields that another manager owns, of objects that would be applied without force.
    pub conflicts: BTreeMap<Key, Vec<Conflict>>,
    /// What is held and of a kind that the cluster does not serve any more.
    pub not_served: BTreeSet<Key>,
    /// What is there, of all that the release holds and would hold.
    pub live: BTreeMap<Key, Value>,
    /// The PVCs of the namespace.
    pub claims: BTreeSet<String>,
    /// The images that can't be had, with the reason.
    pub missing_images: BTreeMap<String, Absence>,
    /// What is around the release.
    pub around: Around,
    /// The values that the user gives.
    pub values: Values,
    /// The API server's version.
    pub kubernetes: String,
    /// The version that the cluster is to have, where it is another: `1.36`.
    pub target: Option<String>,
    /// What the chart is for that version.
    pub at_target: Option<Rendered>,
}

/// What is around a release in its cluster, as far as we may look.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// What the new pods are the first to name, and the new chart has not.
    pub named: BTreeMap<Key, Presence>,
    /// The labels of the pods of the namespace; none where we may not look.
    pub pods: Option<Vec<Value>>,
    /// The nodes; none where we may not look.
    pub nodes: Option<Vec<Value>>,
    /// The nodes that a claim's volume asks for, by the claim.
    pub volumes: BTreeMap<String, Value>,
}

/// Whether something is in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    There,
    /// It is not there.
    Absent,
    /// We may not look, in the API server's words.
    NotJudged(String),
}

/// What the API server says to an object, when asked to take it without doing so.
#[derive(Debug, Clone, PartialEq)]
pub enum Trial {
    /// It would, and would hold this.
    Taken(Value),
    /// It would not.
    Refused {
        /// Its words.
        message: String,
        /// The fields that it names, with its words to each.
        causes: Vec<(String, String)>,
    },
    /// It does not know the kind.
    NotServed,
}

/// A field that another manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// `.spec.replicas`
    pub field: String,
    /// The API server's words: `conflict with "platform-team"`.
    pub said: String,
}

/// The values that the user gives, and those that the charts know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    /// What is given to the new chart.
    pub given: Value,
    /// The defaults of the old chart, where they are known.
    pub old: Option<Value>,
    /// The defaults of the new one.
    pub new: Value,
    /// The names under which other charts take their values: dependencies, and `global`.
    pub parts: BTreeSet<String>,
}

impl Picture {
    /// What the release holds, by what it is.
    pub fn held_objects(&self) -> BTreeMap<Key, &Object> {
        self.held.by_key(&self.release.namespace)
    }

    /// What the release would hold, by what it is.
    pub fn new_objects(&self) -> BTreeMap<Key, &Object> {
        self.new.by_key(&self.release.namespace)
    }

    /// The objects that are there before and after: as the server holds them, and as it would; where it does not say so,
    /// as both charts have them.
    pub fn kept(&self) -> Vec<(Object, Object)> {
        let new = self.new_objects();
        let both = self.held_objects().into_iter().filter_map(|(key, old)| Some((*new.get(&key)?, key, old)));
        both.map(|(new, key, old)| match (self.live.get(&key), self.trials.get(&key)) {
            (Some(live), Some(Trial::Taken(would))) => (with(old, live), with(new, would)),
            _ => (old.clone(), new.clone()),
        })
        .collect()
    }

    /// The objects that the new chart has no more, as they are there.
    pub fn gone(&self) -> Vec<Object> {
        let new = self.new_objects();
        let gone = self.held_objects().into_iter().filter(|(key, _)| !new.contains_key(key));
        // Helm does not delete what its hooks have made.
        let managed = |object: &Object| object.hooks().is_empty() || !self.way.runs_hooks();
        gone.filter(|(_, object)| !object.is_test() && managed(object))
            .map(|(key, object)| {
                self.live.get(&key).map_or_else(|| object.clone(), |live| with(object, live))
            })
            .collect()
    }

    /// The objects that the new chart has and the old one had not.
    pub fn coming(&self) -> Vec<&Object> {
        let held = self.held_objects();
        let coming = self.new_objects().into_iter().filter(|(key, _)| !held.contains_key(key));
        // What was installed beside the release is there already.
        let beside = |object: &Object| object.only_installed() && self.live(object).is_some();
        coming.map(|(_, object)| object).filter(|object| !beside(object)).collect()
    }

    /// Whether the API server would take an object; of a hook nothing is known.
    pub fn would_take(&self, object: &Object) -> bool {
        matches!(self.trials.get(&self.key(object)), Some(Trial::Taken(_)))
    }

    /// What is there of an object.
    pub fn live(&self, object: &Object) -> Option<&Value> {
        self.live.get(&self.key(object))
    }

    /// An object's identity, with the namespace that the release gives it.
    pub fn key(&self, object: &Object) -> Key {
        let namespace = object.key.namespace.clone().unwrap_or_else(|| self.release.namespace.clone());
        Key { namespace: Some(namespace), ..object.key.clone() }
    }

    /// What the new chart's hooks delete before anything is applied.
    pub fn reliefs(&self) -> Vec<Relief> {
        if self.way.runs_hooks() { super::relief::before_upgrade(&self.new) } else { Vec::new() }
    }

    /// The claims that a workload's pods use: those that its templates have made, and those that its volumes name, as far
    /// as they are there.
    pub fn claims_of(&self, workload: &Object) -> Vec<&String> {
        let templates = workload.templates().into_iter();
        let mut claims: Vec<&String> =
            templates.flat_map(|template| self.made_by(workload, template)).collect();
        let named = workload.claim_names();
        claims.extend(self.claims.iter().filter(|claim| named.contains(&claim.as_str())));
        claims
    }

    /// The claims that a template of a set has made.
    pub fn made_by(&self, set: &Object, template: &str) -> Vec<&String> {
        self.claims.iter().filter(|claim| set.makes(template, claim)).collect()
    }
}

fn with(object: &Object, value: &Value) -> Object {
    Object { value: value.clone(), ..object.clone() }
}
