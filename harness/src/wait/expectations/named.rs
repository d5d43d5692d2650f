//! What is expected of pods that no set numbers: those of a Deployment.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    journal::{World, fact::Pod},
    wait::{
        Expectation,
        Progress::{Met, NotYet},
    },
};

/// The pods that a Deployment made, those apart that are being deleted.
pub fn made_by<'world>(
    world: &'world World,
    deployment: &'world str,
) -> impl Iterator<Item = &'world Arc<Pod>> {
    world.pods.values().filter(move |pod| {
        let labelled = pod.meta.labels.get("app").is_some_and(|app| **app == *deployment);
        labelled && !pod.meta.terminating
    })
}

/// The Deployment has so many pods, Ready or not.
pub fn pods_named(deployment: &str, count: usize) -> Expectation {
    let name = deployment.to_owned();
    Expectation::new(format!("{name} has {count} pods"), move |world| match made_by(world, &name).count() {
        found if found == count => Met,
        found => NotYet(format!("it has {found}")),
    })
}

/// All pods of the Deployment are Ready.
pub fn pods_ready(deployment: &str) -> Expectation {
    let name = deployment.to_owned();
    Expectation::new(format!("all pods of {name} are ready"), move |world| {
        match made_by(world, &name).find(|pod| !pod.healthy()) {
            None => Met,
            Some(pod) => NotYet(format!("{} is {}", pod.meta.name, pod.summary())),
        }
    })
}

/// These pods of the Deployment, and no other, are Ready.
pub fn only_these_ready(deployment: &str, pods: impl IntoIterator<Item = String>) -> Expectation {
    let (name, wanted): (_, BTreeSet<String>) = (deployment.to_owned(), pods.into_iter().collect());
    Expectation::new(format!("of {name} exactly {wanted:?} are ready"), move |world| {
        let ready = made_by(world, &name).filter(|pod| pod.healthy());
        let found: BTreeSet<String> = ready.map(|pod| pod.meta.name.clone()).collect();
        if found == wanted { Met } else { NotYet(format!("ready are {found:?}")) }
    })
}
