//! Pods out of order, and where they come from.

use std::fmt;

use super::identity::born;
use crate::journal::{History, Promise, World, fact::Pod};

/// Why pods come out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A Deployment made them: they have no order.
    Deployment,
    /// The set is told to make them all at once.
    Parallel,
    /// The set is told to keep an order, and did not.
    OrderedReady,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Deployment => "they come from a Deployment",
            Self::Parallel => "they come from podManagementPolicy Parallel",
            Self::OrderedReady => "the set is OrderedReady: its controller broke the order",
        })
    }
}

/// Every pod that was created before those below it were healthy, with the reason. Pods of a Deployment have
/// nothing below them: each counts.
pub fn disorder(history: &History, promise: &Promise) -> Vec<(String, Origin)> {
    let mut found = Vec::new();
    history.walk_promised(promise, |world, promise, entry| {
        let Some(pod) = born(world, entry, promise) else { return };
        if let Some(origin) = origin(world, promise, pod) {
            found.push((pod.meta.name.clone(), origin));
        }
    });
    found
}

fn origin(world: &World, promise: &Promise, pod: &Pod) -> Option<Origin> {
    if pod.meta.owner().is_some_and(|owner| owner.kind == "ReplicaSet") {
        return Some(Origin::Deployment);
    }
    let ordinal = promise.ordinal(&pod.meta.name)?;
    let healthy = |lower| world.pods.get(&promise.pod(lower)).is_some_and(|pod| pod.healthy());
    if (promise.start..ordinal).all(healthy) {
        return None;
    }
    let parallel = world.sets.get(&promise.set).is_some_and(|set| &*set.policy == "Parallel");
    Some(if parallel { Origin::Parallel } else { Origin::OrderedReady })
}
