//! What is expected of a service's endpoints.

use std::collections::BTreeSet;

use crate::{
    journal::Promise,
    wait::{
        Expectation,
        Progress::{Met, NotYet},
    },
};

/// A service's endpoints are the set's pods of this moment, each listed as it is, and exactly these of them are ready.
pub fn endpoints_ready(
    promise: &Promise,
    service: &str,
    ordinals: impl IntoIterator<Item = u32>,
) -> Expectation {
    let (promise, service) = (promise.clone(), service.to_owned());
    let ready: BTreeSet<u32> = ordinals.into_iter().collect();
    let names: Vec<_> = ready.iter().map(|ordinal| promise.pod(*ordinal)).collect();
    Expectation::new(format!("the endpoints of {service} that are ready are {names:?}"), move |world| {
        let pods = world.pods_of(&promise);
        if let Some(missing) = ready.iter().find(|ordinal| !pods.contains_key(ordinal)) {
            return NotYet(format!("{} does not exist", promise.pod(*missing)));
        }
        let mut others: Vec<_> = world.endpoints_of(&service).collect();
        for (ordinal, pod) in pods {
            // No service lists what has no address, or has ended by itself.
            let lists = pod.ip.is_some() && !matches!(&*pod.phase, "Failed" | "Succeeded");
            if !lists && !ready.contains(&ordinal) {
                continue;
            }
            let uid = Some(&pod.meta.uid);
            let name = &pod.meta.name;
            let (own, rest): (Vec<_>, Vec<_>) =
                others.into_iter().partition(|endpoint| endpoint.pod.as_ref() == uid);
            others = rest;
            if own.is_empty() {
                return NotYet(format!("{name} is not listed"));
            }
            if let Some(wrong) = own.iter().find(|endpoint| endpoint.ready != ready.contains(&ordinal)) {
                let pod = pod.summary();
                return NotYet(format!("{name} is listed as {}; the pod is {pod}", wrong.summary()));
            }
        }
        // One of a pod that is gone may be listed a moment longer, but leads nobody there.
        match others.iter().find(|endpoint| endpoint.ready) {
            Some(_) => NotYet("a pod that is gone is listed as ready".to_owned()),
            None => Met,
        }
    })
}
