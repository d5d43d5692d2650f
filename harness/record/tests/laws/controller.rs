//! The StatefulSet controller of the model: one look at the set, and what it does upon it.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use record::journal::{
    Change, Promise,
    fact::{Labels, Meta, Owner, Pod, Set, VolumeClaim},
};

use crate::model::{Cluster, Life, Model, terminate};

/// What the controller's cache showed at one moment.
pub struct View {
    promise: Promise,
    set: Set,
    template: u8,
    pods: BTreeMap<u32, Life>,
    now: u64,
}

impl View {
    pub fn of(model: &Model, now: u64) -> Self {
        let owned = |life: &Life| life.pod.meta.owner().is_some_and(|owner| owner.uid == model.set.meta.uid);
        let pods = model.pods.iter().filter(|(_, life)| owned(life));
        Self {
            promise: model.promise.clone(),
            set: model.set.clone(),
            template: model.template,
            pods: pods.map(|(ordinal, life)| (*ordinal, life.clone())).collect(),
            now,
        }
    }

    fn ordinals(&self) -> Range<u32> {
        self.promise.start..self.promise.start + self.set.replicas
    }

    fn revision(&self) -> String {
        format!("{}-{}", self.promise.set, self.template)
    }

    fn available(&self, ordinal: u32) -> bool {
        let long =
            |life: &Life| self.now >= life.ready_since + u64::from(self.promise.min_ready_seconds) * 1000;
        self.pods.get(&ordinal).is_some_and(|life| life.pod.healthy() && long(life))
    }
}

/// Acts on what was seen, and writes the status.
pub fn sync(model: &mut Model, view: &View, cluster: &mut Cluster) {
    let mut set = view.set.clone();
    set.update_revision = view.revision().into();
    if set.current_revision.is_empty() {
        set.current_revision.clone_from(&set.update_revision);
    }
    let recreated = !view.promise.recreate || old_are_gone(model, view, &set, cluster);
    if recreated && replicas_are_there(model, view, &set, cluster) && none_is_left_over(model, view, cluster)
    {
        roll(model, view, &set, cluster);
    }
    write_status(model, view, set, cluster);
}

/// Takes away all pods of other revisions at once; says whether they are gone.
fn old_are_gone(model: &mut Model, view: &View, set: &Set, cluster: &mut Cluster) -> bool {
    let old = view.pods.iter().filter(|(_, life)| life.pod.revision() != &*set.update_revision);
    let old: Vec<_> = old.collect();
    for (ordinal, life) in &old {
        delete(model, **ordinal, &life.pod, cluster);
    }
    old.is_empty()
}

/// Creates what is missing, from the lowest ordinal; says whether the rest may follow.
fn replicas_are_there(model: &mut Model, view: &View, set: &Set, cluster: &mut Cluster) -> bool {
    for ordinal in view.ordinals() {
        let seen = view.pods.get(&ordinal).map(|life| &life.pod);
        match seen {
            None => create(model, view, set, ordinal, cluster),
            Some(pod) if &*pod.phase == "Failed" && !pod.meta.terminating => {
                delete(model, ordinal, pod, cluster);
            }
            Some(_) if view.available(ordinal) || !view.promise.ordered => continue,
            Some(_) => {}
        }
        if view.promise.ordered {
            return false;
        }
    }
    true
}

fn create(model: &mut Model, view: &View, set: &Set, ordinal: u32, cluster: &mut Cluster) {
    // The name may be taken still, by a pod that the cache did not show or that another set left.
    if model.pods.contains_key(&ordinal) {
        return;
    }
    let promise = &view.promise;
    let below = ordinal - promise.start;
    let old = if promise.partition > 0 { below < promise.partition } else { below < set.at_current };
    let revision = if old && !promise.recreate { &set.current_revision } else { &set.update_revision };
    let name = promise.pod(ordinal);
    if let std::collections::btree_map::Entry::Vacant(vacant) = model.claims.entry(ordinal) {
        let meta = Meta { name: format!("data-{name}"), uid: cluster.uid(), ..Meta::default() };
        let claim = VolumeClaim {
            meta: meta.into(),
            storage: "1Gi".to_owned(),
            access_modes: vec!["ReadWriteOnce".to_owned()],
            ..VolumeClaim::default()
        };
        cluster.claim(Change::Added, vacant.insert(claim));
    }
    let labels = [
        ("statefulset.kubernetes.io/pod-name", name.as_str().into()),
        ("apps.kubernetes.io/pod-index", ordinal.to_string().into()),
        ("controller-revision-hash", Arc::clone(revision)),
    ];
    let owner = Owner {
        kind: "StatefulSet".to_owned(),
        name: promise.set.clone(),
        uid: set.meta.uid.clone(),
        controller: true,
    };
    let claims = BTreeMap::from([("data".to_owned(), format!("data-{name}"))]);
    let meta = Meta {
        name,
        uid: cluster.uid(),
        labels: Labels::from(labels.map(|(label, value)| (label.into(), value))).into(),
        owners: [owner].into(),
        ..Meta::default()
    };
    let pod = Pod { meta: meta.into(), phase: "Pending".into(), claims: claims.into(), ..Pod::default() };
    cluster.pod(Change::Added, &pod);
    model.pods.insert(ordinal, Life { pod, ready_since: 0 });
}

/// Deletes the pod that was seen, if it is there still.
fn delete(model: &mut Model, ordinal: u32, seen: &Pod, cluster: &mut Cluster) {
    let there = model.pods.get_mut(&ordinal).filter(|life| life.pod.meta.uid == seen.meta.uid);
    if let Some(life) = there.filter(|life| !life.pod.meta.terminating) {
        terminate(&mut life.pod);
        cluster.pod(Change::Modified, &life.pod);
    }
}

/// Takes away what is not asked for, from the highest ordinal; says whether nothing of it is there.
fn none_is_left_over(model: &mut Model, view: &View, cluster: &mut Cluster) -> bool {
    let condemned: Vec<_> =
        view.pods.iter().filter(|(ordinal, _)| !view.ordinals().contains(ordinal)).collect();
    for (ordinal, life) in condemned.iter().rev() {
        if !life.pod.meta.terminating {
            delete(model, **ordinal, &life.pod, cluster);
        }
        if view.promise.ordered {
            return false;
        }
    }
    condemned.is_empty()
}

/// Takes away the highest pod of another revision, unless one above it is not available.
fn roll(model: &mut Model, view: &View, set: &Set, cluster: &mut Cluster) {
    if view.promise.on_delete || view.promise.recreate {
        return;
    }
    for ordinal in
        view.ordinals().rev().filter(|ordinal| ordinal - view.promise.start >= view.promise.partition)
    {
        let Some(Life { pod, .. }) = view.pods.get(&ordinal) else { return };
        if pod.revision() != &*set.update_revision && !pod.meta.terminating {
            return delete(model, ordinal, pod, cluster);
        }
        if !view.available(ordinal) {
            return;
        }
    }
}

/// Counts what was seen. The spec may be newer meanwhile.
fn write_status(model: &mut Model, view: &View, set: Set, cluster: &mut Cluster) {
    if model.set.meta.uid != set.meta.uid {
        return;
    }
    let count = |pass: &dyn Fn(u32, &Pod) -> bool| {
        let counted = view.pods.iter().filter(|(ordinal, life)| pass(**ordinal, &life.pod));
        u32::try_from(counted.count()).unwrap()
    };
    let of = |revision: &str| count(&|_, pod| !pod.meta.terminating && pod.revision() == revision);
    let status = Set {
        meta: model.set.meta.clone(),
        replicas: model.set.replicas,
        template: model.set.template,
        observed: set.meta.generation,
        current: count(&|_, _| true),
        ready: count(&|_, pod| pod.healthy()),
        available: count(&|ordinal, _| view.available(ordinal)),
        at_current: of(&set.current_revision),
        at_update: of(&set.update_revision),
        ..set
    };
    let replicas = view.set.replicas;
    let rolled = (status.at_update, status.ready, status.current) == (replicas, replicas, replicas);
    model.set = status;
    if rolled && !view.promise.on_delete {
        model.set.current_revision.clone_from(&model.set.update_revision);
        model.set.at_current = model.set.at_update;
    }
    cluster.set(Change::Modified, &model.set);
}
