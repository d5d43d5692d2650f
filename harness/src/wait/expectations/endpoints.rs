//! What is expected of a service's endpoints.

use std::collections::BTreeSet;

use crate::{
    journal::{Promise, fact::Pod},
    law::Obstacle,
    wait::{
        Expectation,
        Progress::{Met, Never, NotYet, Prevented},
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
            let lists = !pod.addresses.is_empty() && !matches!(&*pod.phase, "Failed" | "Succeeded");
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

/// A pod is being deleted and would serve on, and the service lists it as just that: nobody is led to it any more.
pub fn endpoint_leaving(pod: &Pod, service: &str) -> Expectation {
    let (name, uid, service) = (pod.meta.name.clone(), pod.meta.uid.clone(), service.to_owned());
    Expectation::new(
        format!("{name} serves on while it is being deleted, and {service} leads nobody there"),
        move |world| {
            match world.pods.get(&name) {
                Some(pod) if pod.meta.uid == uid && pod.meta.terminating && pod.ready => {}
                // Its probe failed, or its node was not heard of: its endpoint follows it.
                Some(pod) if pod.meta.uid == uid && pod.meta.terminating => {
                    let why = format!("{name}, which was to serve on, is {}", pod.summary());
                    return Prevented(Obstacle::Prober, why);
                }
                Some(pod) if pod.meta.uid == uid => return NotYet(format!("{name} is {}", pod.summary())),
                _ => return Never(format!("{name} ended before {service} led nobody there")),
            }
            let mut own = world
                .endpoints_of(&service)
                .filter(|endpoint| endpoint.pod.as_ref() == Some(&uid))
                .peekable();
            if own.peek().is_none() {
                return NotYet(format!("{name} is not listed"));
            }
            match own.find(|endpoint| endpoint.ready || !endpoint.serving || !endpoint.terminating) {
                // Who writes the endpoints knows that it is being deleted, and leads there all the same.
                Some(wrong) if wrong.ready && wrong.terminating => {
                    Never(format!("{name} is listed as {}", wrong.summary()))
                }
                Some(wrong) => NotYet(format!("{name} is listed as {}", wrong.summary())),
                None => Met,
            }
        },
    )
}

/// A service lists a pod as it is, Ready or not, or does not list it at all.
pub fn endpoint_listed(pod: &Pod, service: &str, listed: bool) -> Expectation {
    let (name, uid, service) = (pod.meta.name.clone(), pod.meta.uid.clone(), service.to_owned());
    let how = if listed { "as it is" } else { "no more" };
    Expectation::new(format!("{service} lists {name} {how}"), move |world| {
        let ready = world.pods.get(&name).is_some_and(|pod| pod.meta.uid == uid && pod.ready);
        let own: Vec<_> =
            world.endpoints_of(&service).filter(|endpoint| endpoint.pod.as_ref() == Some(&uid)).collect();
        match own.iter().find(|endpoint| !listed || endpoint.ready != ready) {
            Some(wrong) => NotYet(format!("{name} is listed as {}", wrong.summary())),
            None if listed && own.is_empty() => NotYet(format!("{name} is not listed")),
            None => Met,
        }
    })
}
