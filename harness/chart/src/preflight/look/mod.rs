//! Asking the API server: each new object is tried as a dry run, in the way in which it would be applied; what is there
//! is read.

mod around;
mod images;
mod said;

use std::collections::{BTreeMap, BTreeSet};

use external::{
    api::{Objects, dynamic_objects, objects, served_kind},
    error::{Error, Result, exit},
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{Client, api::DynamicObject, core::GroupVersionKind, discovery::Scope};
use serde_json::{Value, json};

use said::{Said, conflicts, is_missing_right, refusal, said};

use super::{Conflict, Trial, three_way};
use crate::{Object, Release, Rendered, Way, rendered::Key};

/// Questions at once.
const AT_ONCE: usize = 6;

/// What `kubectl apply` and Argo CD leave of what they applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) struct Look<'a> {
    pub client: &'a Client,
    pub release: &'a Release,
    pub namespace: &'a str,
    pub way: Way,
    /// Whether objects are applied on the server's side.
    pub server_side: bool,
    pub held: &'a Rendered,
    pub new: &'a Rendered,
}

/// All answers about objects.
#[derive(Default)]
pub(super) struct Answers {
    pub trials: BTreeMap<Key, Trial>,
    pub conflicts: BTreeMap<Key, Vec<Conflict>>,
    pub live: BTreeMap<Key, Value>,
    /// What is held and not served any more.
    pub not_served: BTreeSet<Key>,
}

/// An answer about one object.
struct Answer {
    key: Key,
    trial: Option<Trial>,
    conflicts: Vec<Conflict>,
    live: Option<Value>,
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

    /// What Helm adds to every object of a release.
    fn mark(&self, value: &mut Value) {
        let metadata = &mut value["metadata"];
        metadata["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
        metadata["annotations"]["meta.helm.sh/release-name"] = json!(self.release.name);
        metadata["annotations"]["meta.helm.sh/release-namespace"] = json!(self.release.namespace);
    }

    async fn try_one(
        &self,
        objects: Objects<DynamicObject>,
        value: &Value,
        old: Option<&Object>,
        answer: &mut Answer,
    ) -> Result<Said<DynamicObject>> {
        let name = answer.key.name.as_str();
        let Some(live) = &answer.live else {
            // Nobody else can own anything of it, and a create says what a patch would.
            let made: DynamicObject = match serde_json::from_value(value.clone()) {
                Ok(made) => made,
                Err(_) => return said(objects.apply(name, self.manager(), value).await),
            };
            return said(objects.create(&made).await);
        };
        if !self.server_side {
            let last = live["metadata"]["annotations"][LAST_APPLIED].as_str();
            let last =
                last.filter(|_| !self.way.has_release()).and_then(|text| serde_json::from_str(text).ok());
            let applied = last.or_else(|| old.map(|old| old.value.clone())).unwrap_or_default();
            let strategic =
                said(objects.merge_strategically(name, &three_way::patch(&applied, value, true)).await)?;
            return match strategic {
                // Only the API's own kinds know how their lists are merged.
                Said::No(status) if status.code == 415 => {
                    said(objects.merge(name, &three_way::patch(&applied, value, false)).await)
                }
                answer => Ok(answer),
            };
        }
        match said(objects.apply_without_force(name, self.manager(), value).await)? {
            Said::No(status) if status.code == 409 => {
                answer.conflicts = conflicts(&status, self.manager());
                // What else would be refused is known only with force.
                said(objects.apply(name, self.manager(), value).await)
            }
            answer => Ok(answer),
        }
    }

    /// Under which name objects are applied.
    fn manager(&self) -> &'static str {
        if self.way == Way::Flux { "helm-controller" } else { "helm" }
    }

    pub async fn claims(&self) -> Result<Vec<PersistentVolumeClaim>> {
        let doing = format!("list persistentvolumeclaims in namespace {}", self.namespace);
        let claims = objects::<PersistentVolumeClaim>(self.client, self.namespace).doing(&doing);
        match said(claims.list().await)? {
            Said::Yes(found) => Ok(found),
            Said::No(status) => Err(Error::trouble(exit::FORBIDDEN, format!("{doing}: {}", status.message))),
        }
    }
}

/// The definitions of an object's kind in a chart.
fn defining<'a>(chart: &'a Rendered, object: &'a Object) -> impl Iterator<Item = &'a Object> {
    chart.of_kind("CustomResourceDefinition").filter(|definition| {
        definition.text("/spec/group") == object.key.group
            && definition.text("/spec/names/kind") == object.key.kind
    })
}
