//! U6: what clients reach a store by.

use serde_json::Value;

use super::Picture;
use crate::{Forecast, Object, Severity, forecast};

/// Services that lose a port, or their address outside the cluster.
pub(super) fn changed(picture: &Picture) -> Vec<Forecast> {
    let kept = picture.kept();
    let mut forecasts = Vec::new();
    for (old, new) in kept.iter().filter(|(_, new)| new.key.kind == "Service") {
        let mut care = |field: &str, message: String, remedy: &str| {
            let known = ("service-changed", "U6", Severity::Care);
            forecasts.push(forecast::about(known, &picture.to, new, field, message, remedy));
        };
        let (before, after) = (ports(old), ports(new));
        // Without an address of its own a service's names lead to the pods, and to every port of theirs.
        let headless = new.text("/spec/clusterIP") == "None";
        let lost = before.iter().filter(|port| !headless && !after.contains(port));
        let lost: Vec<String> = lost.map(ToString::to_string).collect();
        if !lost.is_empty() {
            let message =
                format!("the service has no port {} any more: clients that use it lose it", lost.join(", "));
            care(
                "/spec/ports",
                message,
                "keep the old port for one more version, and say in the notes what replaces it",
            );
        }
        let (was, is) = (kind(old), kind(new));
        if was == "LoadBalancer" && is != was {
            let message =
                format!("its type goes from {was} to {is}: the address outside the cluster is given back");
            care(
                "/spec/type",
                message,
                "keep the type, or say in the notes how clients find the new address",
            );
        }
    }
    forecasts
}

fn ports(service: &Object) -> Vec<u64> {
    service.items("/spec/ports").iter().filter_map(|port: &Value| port["port"].as_u64()).collect()
}

fn kind(service: &Object) -> &str {
    match service.text("/spec/type") {
        "" => "ClusterIP",
        kind => kind,
    }
}
