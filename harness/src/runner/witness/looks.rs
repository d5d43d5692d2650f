//! How a controller is made to look at sets again, and how that is known.

use std::{collections::BTreeSet, time::Duration};

use external::api::{Objects, objects};
use futures::future::try_join_all;
use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::Controllers;
use crate::{
    error::{Error, Result},
    journal::World,
    law::{Obstacle, overlooked::BYSTANDER},
    wait::until_seen,
};

/// How long a controller may take to look at a set that was changed: as long as another takes to stand in for one that died.
const LOOK: Duration = Duration::from_secs(45);
/// What Kubernetes keeps of a set's revisions where nothing is said.
const DEFAULT_HISTORY: i32 = 10;
/// What is written to a set so that its controller hears of it, where no change of its spec promises nothing.
const LOOKED_AT: &str = "steadfast.dev/looked-at";

impl Controllers {
    /// Makes the controller look again at each of these sets, and returns when it has.
    pub(super) async fn look_again(&self, sets: BTreeSet<String>) -> Result<()> {
        let known = try_join_all(sets.iter().map(|set| self.sync(set))).await?;
        if known.into_iter().all(|known| known) {
            return Ok(());
        }
        // Most likely, as several workers share the sets' queue: a bystander's turn comes after theirs, and that of the next one when
        // a worker is free again.
        for _ in 0..2 {
            if !self.sees_to_a_bystander().await? {
                return Err(Error::not_judged(Obstacle::Controller, self.unseen("a set without pods")));
            }
        }
        Ok(())
    }

    /// A change of the spec that promises nothing: its generation is seen when the controller has looked, and written after it
    /// has acted. Says whether there is one; where there is none, it is not known whether the controller has looked.
    async fn sync(&self, set: &str) -> Result<bool> {
        let doing =
            format!("statefulset {set}: change what promises nothing, so that the controller looks again");
        let sets = objects::<StatefulSet>(&self.client, &self.namespace).doing(&doing);
        let Some(found) = sets.get_opt(set).await? else { return Ok(true) };
        self.log.act("sync", format!("statefulset/{set}"), doing);
        let generation = match change(&sets, set, found).await {
            Err(error) if error.is_not_found() => return Ok(true),
            changed => changed?,
        };
        let Some(generation) = generation else { return Ok(false) };
        let gone_or_seen = |world: &World| {
            world.sets.get(set).is_none_or(|set| set.meta.terminating || set.observed >= generation)
        };
        if until_seen(&self.log, self.patience.stretch(LOOK), gone_or_seen).await {
            return Ok(true);
        }
        Err(Error::not_judged(Obstacle::Controller, self.unseen(set)))
    }

    fn unseen(&self, set: &str) -> String {
        let look = self.patience.stretch(LOOK);
        format!("for {look:.0?} the StatefulSet controller has not looked at {set}")
    }

    /// Makes a set without pods, and takes it away when its controller has seen it.
    pub(super) async fn sees_to_a_bystander(&self) -> Result<bool> {
        let sets =
            objects::<StatefulSet>(&self.client, &self.namespace).doing("see whether a controller is awake");
        // One may be there of a wait that ended meanwhile.
        if let Err(error) = sets.delete(BYSTANDER, &DeleteParams::background()).await
            && !error.is_not_found()
        {
            return Err(error);
        }
        let seen = match sets.create(&bystander()?).await {
            Ok(made) => {
                // Not the one before it.
                let uid = made.metadata.uid.unwrap_or_default();
                let observed = |world: &World| {
                    world.sets.get(BYSTANDER).is_some_and(|set| *set.meta.uid == *uid && set.observed > 0)
                };
                until_seen(&self.log, self.patience.stretch(LOOK), observed).await
            }
            Err(_) => false,
        };
        // Also one that a wait left which ended meanwhile.
        sets.delete(BYSTANDER, &DeleteParams::background()).await?;
        Ok(seen)
    }
}

/// Changes a set so that its controller hears of it, and returns the generation of that change; none where its spec stays as it is.
async fn change(sets: &Objects<StatefulSet>, name: &str, found: StatefulSet) -> Result<Option<i64>> {
    let (metadata, spec) = (found.metadata, found.spec.unwrap_or_default());
    let generation = |changed: StatefulSet| Some(changed.metadata.generation.unwrap_or(0));
    match sets.merge(name, &another_limit(&spec)).await {
        // Before Kubernetes 1.33 the limit of a set that is there stays as it is.
        Err(error) if error.is_own_refusal() && error.status().is_some_and(|status| status.code == 422) => {}
        changed => return changed.map(generation),
    }
    if let Some(patch) = same_ordinals(&spec) {
        return sets.merge(name, &patch).await.map(generation);
    }
    let told = json!({"metadata": {"annotations": {LOOKED_AT: metadata.resource_version}}});
    sets.merge(name, &told).await.map(|_| None)
}

/// The patch by which a set keeps one more of its revisions.
fn another_limit(spec: &StatefulSetSpec) -> Value {
    json!({"spec": {"revisionHistoryLimit": spec.revision_history_limit.unwrap_or(DEFAULT_HISTORY) + 1}})
}

/// The patch by which a set's ordinals begin at 0 as before, said in the other way; none where they begin elsewhere.
fn same_ordinals(spec: &StatefulSetSpec) -> Option<Value> {
    let ordinals = match spec.ordinals.as_ref().map(|ordinals| ordinals.start) {
        None => json!({"start": 0}),
        Some(None | Some(0)) => Value::Null,
        Some(Some(_)) => return None,
    };
    Some(json!({"spec": {"ordinals": ordinals}}))
}

/// A set without pods, and without anything that a policy could refuse.
fn bystander() -> Result<StatefulSet> {
    let labels = json!({"app": BYSTANDER});
    let set = json!({"metadata": {"name": BYSTANDER}, "spec": {
        "replicas": 0, "serviceName": BYSTANDER, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "none", "image": "none"}]}}}});
    serde_json::from_value(set).map_err(|error| Error::failed(format!("the set {BYSTANDER}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(more: Value) -> StatefulSetSpec {
        let mut spec = json!({"selector": {}, "serviceName": "db", "template": {}});
        crate::manifest::patch::merge(&mut spec, &more);
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn each_look_asks_for_another_limit() {
        let limit = |said: Value| another_limit(&spec(json!({"revisionHistoryLimit": said})));
        assert_eq!(limit(Value::Null), json!({"spec": {"revisionHistoryLimit": 11}}));
        assert_eq!(limit(json!(0)), json!({"spec": {"revisionHistoryLimit": 1}}));
    }

    #[test]
    fn ordinals_from_0_are_said_in_the_other_way_and_others_stay() {
        let said = |ordinals: Value| same_ordinals(&spec(json!({"ordinals": ordinals})));
        assert_eq!(said(Value::Null), Some(json!({"spec": {"ordinals": {"start": 0}}})));
        // Of two looks in a row, the second one changes something too.
        assert_eq!(said(json!({"start": 0})), Some(json!({"spec": {"ordinals": null}})));
        assert_eq!(said(json!({})), Some(json!({"spec": {"ordinals": null}})));
        assert_eq!(said(json!({"start": 8})), None);
    }
}
