//! U6: what clients reach a store by.

use serde_json::{Map, Value};

use super::{Picture, operated::is_operated};
use crate::{Forecast, Object, Rendered, Severity, forecast};

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

/// Services that have selected pods of the chart, and select none of the new one.
pub(super) fn without_pods(picture: &Picture) -> Vec<Forecast> {
    let kept = picture.kept();
    let mut forecasts = Vec::new();
    for (old, new) in kept.iter().filter(|(_, new)| new.key.kind == "Service") {
        let (Some(was), Some(is)) = (selector(old), selector(new)) else { continue };
        if is.is_empty() || !selects_some(&picture.held, was) || selects_some(&picture.new, is) {
            continue;
        }
        let (severity, what) = match was == is {
            true => of_pods(picture, was),
            false => of_selector(picture, is),
        };
        let wanted =
            is.iter().map(|(label, value)| format!("{label}={}", value.as_str().unwrap_or_default()));
        let wanted = wanted.collect::<Vec<_>>().join(", ");
        forecasts.push(forecast::about(
            ("service-without-pods", "U6", severity),
            &picture.to,
            new,
            "/spec/selector",
            format!("its selector ({wanted}) matches no pod of the new chart{what}"),
            "let the selector name labels that the pods have",
        ));
    }
    forecasts
}

fn selector(service: &Object) -> Option<&Map<String, Value>> {
    service.value["spec"]["selector"].as_object()
}

/// What is to be said where the selector is another one.
fn of_selector(picture: &Picture, is: &Map<String, Value>) -> (Severity, &'static str) {
    // Operators and the servers themselves give pods labels that no chart has.
    let there = picture.around.pods.as_ref().map(|pods| pods.iter().any(|labels| selects(is, labels)));
    match there {
        Some(false) if !picture.new.objects.iter().any(is_operated) => {
            (Severity::Break, ", and no pod that is there: it leads nowhere")
        }
        Some(true) => (Severity::Care, ", but pods that are there: who gives the new ones their labels?"),
        _ => (Severity::Care, "; whether another gives them their labels is not judged"),
    }
}

/// What is to be said where the pods are others.
fn of_pods(picture: &Picture, was: &Map<String, Value>) -> (Severity, &'static str) {
    let kept = picture.kept();
    match kept.iter().any(|(old, _)| labels(old).is_some_and(|labels| selects(was, labels))) {
        true => (Severity::Break, ", whose labels are others: it leads nowhere"),
        false => (Severity::Care, ": what it led to goes"),
    }
}

/// Whether a selector matches pods of a chart.
fn selects_some(chart: &Rendered, selector: &Map<String, Value>) -> bool {
    let mut workloads = chart.workloads().filter(|workload| !workload.is_test());
    workloads.any(|workload| labels(workload).is_some_and(|labels| selects(selector, labels)))
}

/// The labels of a workload's pods.
fn labels(workload: &Object) -> Option<&Value> {
    let template = workload.pod()?.strip_suffix("/spec")?;
    workload.value.pointer(&format!("{template}/metadata/labels"))
}

/// Whether a selector matches these labels, but for those that controllers give.
fn selects(selector: &Map<String, Value>, labels: &Value) -> bool {
    let given = |label: &str| {
        label.starts_with("statefulset.kubernetes.io/") || label.starts_with("apps.kubernetes.io/")
    };
    selector.iter().all(|(label, value)| given(label) || labels[label] == *value)
}

/// Network policies that come and let in none but some pods: other clients of what they guard are cut off.
pub(super) fn shut(picture: &Picture) -> Vec<Forecast> {
    let policies = picture.coming().into_iter().filter(|object| object.key.kind == "NetworkPolicy");
    let shut = policies.filter(|policy| {
        let types = policy.items("/spec/policyTypes");
        let rules = policy.items("/spec/ingress");
        let open = rules.iter().any(|rule| rule["from"].as_array().is_none_or(Vec::is_empty));
        (types.is_empty() || types.iter().any(|one| one == "Ingress")) && !open
    });
    shut.map(|policy| {
        forecast::about(
            ("network-policy-new", "U6", Severity::Care),
            &picture.to,
            policy,
            "/spec/ingress",
            "it lets in none but whom it names, where everybody was let in: other clients are cut off",
            "make sure that it names all clients, or let the values leave it out",
        )
    })
    .collect()
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
