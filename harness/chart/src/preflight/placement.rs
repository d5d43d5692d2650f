//! U6: new pods that no node can hold.

use record::quantity;
use serde_json::Value;

use super::Picture;
use crate::{Forecast, Object, Severity, forecast};

/// Workloads whose new pods ask for more of a node than any has, where the old ones did not.
pub(super) fn nowhere(picture: &Picture) -> Vec<Forecast> {
    let kept = picture.kept();
    let lasting = kept.iter().filter(|(_, new)| {
        ["StatefulSet", "Deployment"].contains(&new.key.kind.as_str()) && new.hooks().is_empty()
    });
    lasting.filter_map(|(old, new)| judged(picture, old, new)).collect()
}

fn judged(picture: &Picture, old: &Object, new: &Object) -> Option<Forecast> {
    const POD: &str = "/spec/template/spec";
    let (before, after) = (old.value.pointer(POD)?, new.value.pointer(POD)?);
    let insists = |pod: &Value| [pod["nodeSelector"].clone(), affinity(pod).clone()];
    let asks = |pod: &Value| (insists(pod), RESOURCES.map(|resource| request(pod, resource)));
    if asks(before) == asks(after) && before["tolerations"] == after["tolerations"] {
        return None;
    }
    let differs = |field: &str| before[field] != after[field];
    let field = if differs("nodeSelector") {
        "nodeSelector"
    } else if insists(before) != insists(after) {
        "affinity/nodeAffinity"
    } else if asks(before) != asks(after) {
        "containers/resources/requests"
    } else {
        "tolerations"
    };
    let say = |severity, message: String| {
        let known = ("no-node", "U6", severity);
        let remedy = "leave it to the values of who has such nodes; pods with volumes stay where these are";
        Some(forecast::about(known, &picture.to, new, &format!("{POD}/{field}"), message, remedy))
    };
    let Some(nodes) = picture.around.nodes.as_ref().filter(|nodes| !nodes.is_empty()) else {
        let anew = insists(before) != insists(after) && insists(after).iter().any(|value| !value.is_null());
        let message = "its pods ask for other nodes than before; the nodes can't be read, so whether one of them is that and has the volumes is not judged";
        return if anew { say(Severity::Care, message.to_owned()) } else { None };
    };
    let holds = |pod: &Value, volume: Option<&Value>| {
        nodes.iter().any(|node| fits(pod, node) && volume.is_none_or(|volume| admits(volume, node)))
    };
    let lost = |volume: Option<&Value>| holds(before, volume) && !holds(after, volume);
    if lost(None) {
        return say(
            Severity::Break,
            "no node that is there has what the new pods ask for: they stay Pending".to_owned(),
        );
    }
    let claims = picture.claims_of(old).into_iter();
    let mut bound = claims.filter_map(|claim| Some((claim, picture.around.volumes.get(claim)?)));
    let (claim, _) = bound.find(|(_, volume)| lost(Some(volume)))?;
    say(
        Severity::Break,
        format!(
            "no node that has the volume of PVC {claim} has what the new pods ask for: they stay Pending"
        ),
    )
}

const RESOURCES: [&str; 2] = ["cpu", "memory"];

/// How much of a resource a pod asks for; what has only a limit asks for that.
fn request(pod: &Value, resource: &str) -> u64 {
    let of = |container: &Value| {
        let resources = &container["resources"];
        let asked = [&resources["requests"][resource], &resources["limits"][resource]];
        asked.into_iter().find_map(amount).unwrap_or(0.0)
    };
    let list = |field: &str| pod[field].as_array().into_iter().flatten().map(of);
    // Thousandths, so that two pods can be compared.
    (list("containers").sum::<f64>().max(list("initContainers").fold(0.0, f64::max)) * 1000.0) as u64
}

fn amount(value: &Value) -> Option<f64> {
    value.as_str().map_or_else(|| value.as_f64(), quantity::parse)
}

/// The affinity to nodes that a pod insists on.
fn affinity(pod: &Value) -> &Value {
    &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
}

/// Whether a node has what a pod asks for, were it alone there.
fn fits(pod: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    let mut selector = pod["nodeSelector"].as_object().into_iter().flatten();
    let affinity = affinity(pod);
    let mut taints = node["spec"]["taints"].as_array().into_iter().flatten();
    selector.all(|(label, value)| labels[label] == *value)
        && (affinity.is_null() || admits(affinity, node))
        && taints.all(|taint| tolerates(pod, taint))
        && RESOURCES.iter().all(|resource| {
            let has = amount(&node["status"]["allocatable"][*resource]);
            has.is_none_or(|has| request(pod, resource) as f64 <= has * 1000.0)
        })
}

fn tolerates(pod: &Value, taint: &Value) -> bool {
    // A cordoned node is one that may take pods again.
    if taint["effect"] == "PreferNoSchedule" || taint["key"] == "node.kubernetes.io/unschedulable" {
        return true;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    pod["tolerations"].as_array().into_iter().flatten().any(|toleration| {
        let exists = toleration["operator"] == "Exists";
        let key = text(&toleration["key"]);
        (toleration["effect"].is_null() || toleration["effect"] == taint["effect"])
            && (key == text(&taint["key"]) || key.is_empty() && exists)
            && (exists || text(&toleration["value"]) == text(&taint["value"]))
    })
}

/// Whether a selector admits the node: one of its terms holds.
fn admits(selector: &Value, node: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&selector["nodeSelectorTerms"]).iter().any(|term| {
        let (labels, fields) = (list(&term["matchExpressions"]), list(&term["matchFields"]));
        let meta = &node["metadata"];
        // A term without requirements admits nothing.
        (!labels.is_empty() || !fields.is_empty())
            && labels.iter().all(|needed| meets(needed, label(&meta["labels"], needed)))
            && fields.iter().all(|needed| meets(needed, meta["name"].as_str()))
    })
}

fn label<'a>(labels: &'a Value, needed: &Value) -> Option<&'a str> {
    labels[needed["key"].as_str()?].as_str()
}

fn meets(needed: &Value, found: Option<&str>) -> bool {
    let values: Vec<&str> =
        needed["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let listed = found.is_some_and(|found| values.contains(&found));
    let number = |text: &str| text.parse::<i64>().ok();
    let pair = found.and_then(number).zip(values.first().and_then(|value| number(value)));
    match needed["operator"].as_str().unwrap_or_default() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => pair.is_some_and(|(found, bound)| found > bound),
        "Lt" => pair.is_some_and(|(found, bound)| found < bound),
        _ => false,
    }
}
