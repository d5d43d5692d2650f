//! What the preflight knows.

use std::collections::{BTreeMap, BTreeSet};

use external::images::Absence;
use serde_json::Value;

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
    /// Whether nothing could be looked up, so that nothing can be said of secrets.
    pub blind: bool,
    /// What the API server says to each new object.
    pub trials: BTreeMap<Key, Trial>,
    /// What is there, of all that the release holds and would hold.
    pub live: BTreeMap<Key, Value>,
    /// The PVCs of the namespace.
    pub claims: BTreeSet<String>,
    /// The images that can't be had, with the reason.
    pub missing_images: BTreeMap<String, Absence>,
    /// The API server's version.
    pub kubernetes: String,
}

/// What the API server says to an object, when asked to take it without doing so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// It would.
    Taken,
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

impl Picture {
    /// What the release holds, by what it is.
    pub fn held_objects(&self) -> BTreeMap<Key, &Object> {
        self.held.by_key(&self.release.namespace)
    }

    /// What the release would hold, by what it is.
    pub fn new_objects(&self) -> BTreeMap<Key, &Object> {
        self.new.by_key(&self.release.namespace)
    }

    /// The objects that are there before and after: old and new.
    pub fn kept(&self) -> Vec<(&Object, &Object)> {
        let new = self.new_objects();
        self.held_objects().iter().filter_map(|(key, old)| Some((*old, *new.get(key)?))).collect()
    }

    /// The objects that the new chart has no more.
    pub fn gone(&self) -> Vec<&Object> {
        let new = self.new_objects();
        let gone = self.held_objects().into_iter().filter(|(key, _)| !new.contains_key(key));
        gone.map(|(_, object)| object).filter(|object| !object.is_test()).collect()
    }

    /// Whether the API server would take an object; of a hook nothing is known.
    pub fn would_take(&self, object: &Object) -> bool {
        let namespace = object.key.namespace.clone().unwrap_or_else(|| self.release.namespace.clone());
        self.trials.get(&Key { namespace: Some(namespace), ..object.key.clone() }) == Some(&Trial::Taken)
    }

    /// What is there of an object.
    pub fn live(&self, object: &Object) -> Option<&Value> {
        let namespace = object.key.namespace.clone().unwrap_or_else(|| self.release.namespace.clone());
        self.live.get(&Key { namespace: Some(namespace), ..object.key.clone() })
    }

    /// The claims that a set's templates have made.
    pub fn claims_of(&self, set: &Object) -> Vec<&String> {
        let mut claims: Vec<&String> = Vec::new();
        for template in set.templates() {
            let prefix = format!("{template}-{}-", set.key.name);
            let is = |claim: &&String| {
                claim.strip_prefix(&prefix).is_some_and(|ordinal| ordinal.parse::<u32>().is_ok())
            };
            claims.extend(self.claims.iter().filter(is));
        }
        claims
    }
}
