//! How much time pods have to stop.

use super::{Inquiry, removal::Removals};
use crate::{
    claim::K18,
    journal::{Change, Kind, Promise, Record},
};

/// K18: a pod that its set takes away has all of its own grace period. One without a node, or that ended, needs none.
pub fn pods_have_their_own_grace(_: &Promise) -> Inquiry<'_> {
    let mut removals = Removals::new();
    Inquiry::new(K18, &[Kind::Pod, Kind::StatefulSet], move |judgement, world, promise, entry| {
        let Some((_, pod)) = removals.by_controller(world, promise, entry) else { return };
        // Its kubelet takes it out of the API in the end with a grace of 0, which a list may show, and a deletion.
        let told = matches!(entry.record, Record::Object { change: Change::Modified, .. });
        let (Some(own), Some(given)) = (pod.own_grace, pod.given_grace) else { return };
        if !told || pod.node.is_none() || &*pod.phase != "Running" {
            return;
        }
        judgement.examined += 1;
        if given != own {
            let name = &pod.meta.name;
            judgement.find(
                format!("{name} was given {given} s to stop by its set; its own grace period is {own} s"),
                [entry],
            );
        }
    })
}
