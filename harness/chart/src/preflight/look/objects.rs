//! Each object that is held or would be: what is there of it, and what the API server says of the new one.

use std::collections::{BTreeMap, BTreeSet};

use external::{
    api::{dynamic_objects, served_kind},
    error::{Error, Result, exit},
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use kube::{core::GroupVersionKind, discovery::Scope};
use serde_json::{Value, json};

use super::{
    Look,
    said::{Said, is_missing_right, refusal, said},
    upgrade::AT_ONCE,
};
use crate::{
    Object, Rendered,
    preflight::{Conflict, Trial},
    rendered::Key,
};

/// All answers about objects.
#[derive(Default)]
pub(in crate::preflight) struct Answers {
    pub trials: BTreeMap<Key, Trial>,
    pub conflicts: BTreeMap<Key, Vec<Conflict>>,
    pub live: BTreeMap<Key, Value>,
    /// What is held and not served any more.
    pub not_served: BTreeSet<Key>,
}

/// An answer about one object.
pub(super) struct Answer {
    pub key: Key,
    trial: Option<Trial>,
    pub conflicts: Vec<Conflict>,
    pub live: Option<Value>,
    served: bool,
    /// A right that is missing, in the API server's words.
    forbidden: Option<String>,
}

impl Look<'_> {
    /// Tries every new object, and reads every object that is there.
    pub async fn at_objects(&self) -> Result<Answers> {
        let (held, new) = (self.held.by_key(self.namespace), self.new.by_key(self.namespace));
        let mut objects: BTreeMap<Key, (&Object, Option<&Object>, bool)> =
            held.iter().map(|(key, object)| (key.clone(), (*object, None, false))).collect();
        objects
            .extend(new.iter().map(|(key, object)| (key.clone(), (*object, held.get(key).copied(), true))));
        let mut questions = Vec::new();
        for (key, (object, old, is_new)) in objects {
            questions.push(self.at(key, object, old, is_new).boxed());
        }
        let found: Vec<Answer> = stream::iter(questions).buffer_unordered(AT_ONCE).try_collect().await?;
        let missing: BTreeSet<&str> = found.iter().filter_map(|answer| answer.forbidden.as_deref()).collect();
        if !missing.is_empty() {
            let missing = missing.into_iter().collect::<Vec<_>>().join("\n  ");
            return Err(Error::trouble(
                exit::FORBIDDEN,
                format!(
                    "these rights are missing for the preflight (patch is asked for a dry run, which changes nothing):\n  {missing}"
                ),
            ));
        }
        let mut answers = Answers::default();
        for Answer { key, trial, conflicts, live, served, .. } in found {
            answers.trials.extend(trial.map(|trial| (key.clone(), trial)));
            answers.live.extend(live.map(|live| (key.clone(), live)));
            if !conflicts.is_empty() {
                answers.conflicts.insert(key.clone(), conflicts);
            }
            if !served && held.get(&key).is_some_and(|old| defining(self.held, old).next().is_none()) {
                answers.not_served.insert(key);
            }
        }
        Ok(answers)
    }

    async fn at(&self, key: Key, object: &Object, old: Option<&Object>, is_new: bool) -> Result<Answer> {
        let mut answer =
            Answer { key, trial: None, conflicts: Vec::new(), live: None, served: true, forbidden: None };
        let doing = format!("looking at {}", object.key);
        // What is held in one version and comes in another was stored by Helm in the old one.
        if let Some(old) = old.filter(|old| old.api_version != object.api_version) {
            answer.served = matches!(said(self.kind(old, &doing).await)?, Said::Yes(_));
        }
        let (resource, scope) = match said(self.kind(object, &doing).await)? {
            Said::Yes(served) => served,
            Said::No(status) if status.code == 403 => {
                answer.forbidden = Some(status.message);
                return Ok(answer);
            }
            // A kind that the chart itself defines is served once its definition is there.
            Said::No(_) => {
                answer.served = false;
                answer.trial = (is_new && !self.brings(object)).then_some(Trial::NotServed);
                return Ok(answer);
            }
        };
        let namespace = object.key.namespace.as_deref().unwrap_or(self.namespace);
        let objects = dynamic_objects(self.client, &resource, &scope, namespace);
        match said(objects.clone().doing(doing).get_opt(&object.key.name).await)? {
            Said::Yes(found) => answer.live = found.and_then(|found| serde_json::to_value(found).ok()),
            Said::No(status) => {
                answer.forbidden = Some(status.message);
                return Ok(answer);
            }
        }
        // Helm deletes and creates hooks; what it would apply is everything else.
        if is_new && (!self.way.runs_hooks() || object.hooks().is_empty()) && !object.only_installed() {
            let objects = objects.dry_run().doing(format!("dry run of {}", object.key));
            let mut value = object.value.clone();
            if scope == Scope::Namespaced && object.key.namespace.is_none() {
                value["metadata"]["namespace"] = json!(self.namespace);
            }
            if self.way.has_release() {
                self.mark(&mut value);
            }
            match self.try_one(objects, &value, old, &mut answer).await? {
                Said::Yes(would) => answer.trial = serde_json::to_value(would).ok().map(Trial::Taken),
                Said::No(status) if is_missing_right(&status) => answer.forbidden = Some(status.message),
                Said::No(status) => answer.trial = Some(refusal(&status)),
            }
        }
        Ok(answer)
    }

    /// Whether the upgrade brings the definition of an object's kind.
    fn brings(&self, object: &Object) -> bool {
        defining(self.new, object).any(|definition| !self.way.has_release() || !definition.only_installed())
    }

    async fn kind(&self, object: &Object, doing: &str) -> Result<(kube::discovery::ApiResource, Scope)> {
        let (group, version) = object.api_version.split_once('/').unwrap_or(("", &object.api_version));
        served_kind(self.client, &GroupVersionKind::gvk(group, version, &object.key.kind), doing).await
    }
}

/// The definitions of an object's kind in a chart.
fn defining<'a>(chart: &'a Rendered, object: &'a Object) -> impl Iterator<Item = &'a Object> {
    chart.of_kind("CustomResourceDefinition").filter(|definition| {
        definition.text("/spec/group") == object.key.group
            && definition.text("/spec/names/kind") == object.key.kind
    })
}
