//! U2: nothing is renamed or orphaned, no PVC is left unused.

use std::collections::BTreeSet;

use external::ImageName;

use super::Picture;
use crate::{Forecast, Object, Severity, forecast, server::server_of};

/// Sets, and Deployments with volumes, that the new chart has no more, or under another name or kind.
pub(super) fn workloads_gone(picture: &Picture) -> Vec<Forecast> {
    let coming: Vec<&Object> =
        picture.coming().into_iter().filter(|object| LASTING.contains(&object.key.kind.as_str())).collect();
    let deleted = deleted(picture);
    let mut forecasts = Vec::new();
    for old in picture.gone().iter().filter(|object| LASTING.contains(&object.key.kind.as_str())) {
        let claims = picture.claims_of(old);
        let heir = coming.iter().find(|new| repositories(new) == repositories(old));
        let set = old.key.kind == "StatefulSet";
        if claims.is_empty() && !set {
            forecasts.extend(plainly_gone(picture, old, heir.is_some()));
            continue;
        }
        let kept = old.annotation("helm.sh/resource-policy") == "keep";
        let fate = match (picture.way.prunes(), kept) {
            (true, false) => format!("{} deletes it", picture.way.text()),
            _ => "nothing deletes it: it runs on beside what is new".to_owned(),
        };
        // What is deleted is told of the claims.
        let left: Vec<&String> = claims.iter().filter(|claim| !deleted.contains(**claim)).copied().collect();
        let left = match left.len() {
            0 => String::new(),
            _ => format!("; its PVCs stay behind, used by no pod: {}", list(&left)),
        };
        let inherits = heir.is_some_and(|new| {
            let named = new.claim_names();
            !claims.is_empty() && claims.iter().all(|claim| named.contains(&claim.as_str()))
        });
        let (cause, severity, message, object) = match heir {
            Some(new) if inherits => (
                "workload-renamed",
                if serves(new) { Severity::Break } else { Severity::Care },
                format!(
                    "it is {} in the new chart, with the same PVCs; {fate}: for a moment both may use them",
                    new.key
                ),
                *new,
            ),
            Some(new) => (
                if set { "set-renamed" } else { "workload-renamed" },
                if claims.is_empty() { Severity::Break } else { Severity::Loss },
                if new.key.kind == old.key.kind {
                    format!(
                        "it is called {} in the new chart, and starts empty; as {} {fate}{left}",
                        new.key.name, old.key.name
                    )
                } else {
                    format!(
                        "the kind changes: it is {} in the new chart, and starts empty; as {} {fate}{left}",
                        new.key, old.key
                    )
                },
                *new,
            ),
            None => (
                if set { "set-gone" } else { "workload-gone" },
                match (set, claims.is_empty()) {
                    // What becomes of a Deployment's claims is told of them.
                    (false, _) => Severity::Care,
                    (true, true) => Severity::Break,
                    (true, false) => Severity::Loss,
                },
                format!("the new chart has no such {}; {fate}{left}", if set { "set" } else { "workload" }),
                old,
            ),
        };
        let remedy = if inherits {
            "stop the old one before the upgrade (scale it to 0): two servers must not run over one volume"
        } else if heir.is_some_and(|new| new.key.kind != old.key.kind) {
            "keep the kind; if it must change, let the new one mount the PVCs that are there (as existing claims), or say in the notes how the data is moved to the new PVCs first"
        } else {
            "keep the name (nameOverride and fullnameOverride, the fullname helper, the chart's own name); if it must go, say in the notes how its data is moved to the new PVCs first"
        };
        let mut forecast =
            forecast::about((cause, "U2", severity), &picture.to, object, "/metadata/name", message, remedy);
        forecast.object = old.key.to_string();
        forecasts.push(forecast);
    }
    forecasts
}

/// Whether a database runs in it: two over one data folder destroy it.
fn serves(workload: &Object) -> bool {
    workload
        .servers()
        .iter()
        .any(|(_, container)| server_of(container["image"].as_str().unwrap_or_default()).is_some())
}

/// What may hold data of its own.
const LASTING: [&str; 2] = ["StatefulSet", "Deployment"];

/// A Deployment without data goes.
fn plainly_gone(picture: &Picture, old: &Object, heir: bool) -> Option<Forecast> {
    (picture.way.prunes() && !heir).then(|| {
        forecast::about(
            ("workload-gone", "U2", Severity::Care),
            &picture.to,
            old,
            "/metadata/name",
            format!("the new chart has no workload of this name: {} deletes it", picture.way.text()),
            "say in the notes what replaces it",
        )
    })
}

/// PVCs that the new chart has no more: Helm deletes them, and their data.
pub(super) fn claims_gone(picture: &Picture) -> Vec<Forecast> {
    let coming: Vec<&Object> =
        picture.coming().into_iter().filter(|object| object.key.kind == "PersistentVolumeClaim").collect();
    let gone = picture.gone();
    let gone: Vec<&Object> =
        gone.iter().filter(|object| object.key.kind == "PersistentVolumeClaim").collect();
    let lost = gone.iter().filter(|claim| {
        // What is not there has no data.
        picture.way.prunes()
            && picture.live(claim).is_some()
            && claim.annotation("helm.sh/resource-policy") != "keep"
    });
    lost.map(|claim| {
        let heir = match coming.as_slice() {
            [one] if gone.len() == 1 => format!(" (it has {}, which starts empty)", one.key.name),
            _ => String::new(),
        };
        forecast::about(
            ("claim-gone", "U2", Severity::Loss),
            &picture.to,
            claim,
            "/metadata/name",
            format!("the new chart has no such PVC{heir}: {} deletes it with its data", picture.way.text()),
            "keep it in the chart under its name; or annotate what is there before the upgrade with helm.sh/resource-policy: keep, and give it to the new version as an existing claim",
        )
    })
    .collect()
}

/// The claims of the release that go with the upgrade.
fn deleted(picture: &Picture) -> BTreeSet<String> {
    let gone = picture.gone().into_iter().filter(|object| {
        picture.way.prunes()
            && object.key.kind == "PersistentVolumeClaim"
            && object.annotation("helm.sh/resource-policy") != "keep"
    });
    gone.map(|object| object.key.name).collect()
}

/// Pods that mount another PVC where they had one, or none at all.
pub(super) fn claims_swapped(picture: &Picture) -> Vec<Forecast> {
    let gone = deleted(picture);
    let mut forecasts = Vec::new();
    for (old, new) in picture.kept().iter().filter(|(_, new)| LASTING.contains(&new.key.kind.as_str())) {
        let (before, after) = (old.claim_names(), new.claim_names());
        // One that goes is told of itself; one that was never made holds nothing.
        let left = before.iter().filter(|claim| {
            !after.contains(claim) && !gone.contains(**claim) && picture.claims.contains(**claim)
        });
        for claim in left {
            let instead: Vec<&str> = after.iter().filter(|other| !before.contains(other)).copied().collect();
            let there = instead.iter().any(|other| picture.claims.contains(*other));
            let (severity, what) = match (instead.as_slice(), there) {
                ([], _) => (Severity::Loss, "what is in it is not seen any more".to_owned()),
                (others, true) => (
                    Severity::Care,
                    format!("they mount {} instead, which is there already", others.join(", ")),
                ),
                (others, false) => {
                    (Severity::Loss, format!("they mount {} instead, which starts empty", others.join(", ")))
                }
            };
            forecasts.push(forecast::about(
                ("claim-swapped", "U2", severity),
                &picture.to,
                new,
                "/spec/template/spec/volumes/persistentVolumeClaim/claimName",
                format!("its pods do not mount PVC {claim} any more: {what}"),
                "keep the claim's name, or let users name an existing claim",
            ));
        }
    }
    forecasts
}

/// Other objects that the new chart has no more, where somebody may miss them.
pub(super) fn others_gone(picture: &Picture) -> Vec<Forecast> {
    let found = picture.gone().into_iter().filter_map(|object| {
        if !picture.way.prunes() || object.annotation("helm.sh/resource-policy") == "keep" {
            return None;
        }
        let who = picture.way.text();
        let (cause, severity, message, remedy) = match object.key.kind.as_str() {
            "Service" => (
                "service-gone",
                Severity::Care,
                "the new chart has no service of this name: clients that use its name lose it".to_owned(),
                "keep the old name for one more version, and say in the notes what replaces it",
            ),
            "Secret" | "ConfigMap" | "ServiceAccount" | "PriorityClass" | "RuntimeClass" => match needing(picture, &object) {
                Some(user) => (
                    "needed-and-gone",
                    Severity::Break,
                    format!("{who} deletes it, and {user} of the new chart needs it: its pods do not start"),
                    "keep it in the chart, or annotate it with helm.sh/resource-policy: keep in a release before this one",
                ),
                None if object.key.kind == "Secret" => (
                    "secret-gone",
                    Severity::Note,
                    "the new chart has no secret of this name: what reads it elsewhere fails at its next start".to_owned(),
                    "keep it, or annotate it with helm.sh/resource-policy: keep in a release before this one",
                ),
                None => return None,
            },
            "CustomResourceDefinition" => (
                "definition-gone",
                Severity::Loss,
                format!("{who} deletes the definition, and with it every object of its kind in the whole cluster"),
                "keep it in the chart, or in crds/, or annotate it with helm.sh/resource-policy: keep in a release before this one",
            ),
            "Namespace" => (
                "namespace-gone",
                Severity::Loss,
                format!("{who} deletes the namespace with all that is in it"),
                "annotate it with helm.sh/resource-policy: keep in a release before this one",
            ),
            "PersistentVolume" => (
                "volume-gone",
                Severity::Break,
                format!("{who} deletes the volume object: its claim is lost once it is not bound any more"),
                "keep it in the chart, or annotate it with helm.sh/resource-policy: keep",
            ),
            "DaemonSet" => (
                "workload-gone",
                Severity::Care,
                format!("the new chart has no workload of this name: {who} deletes it"),
                "say in the notes what replaces it; two controllers of one volume must not overlap",
            ),
            _ => return None,
        };
        let known = (cause, "U2", severity);
        Some(forecast::about(known, &picture.to, &object, "/metadata/name", message, remedy))
    });
    found.collect()
}

/// A workload of the new chart that names a Secret or ConfigMap, and can't start without.
fn needing(picture: &Picture, gone: &Object) -> Option<String> {
    let fields: &[&str] = match gone.key.kind.as_str() {
        "Secret" => &["secretName", "secretKeyRef", "secretRef"],
        "ServiceAccount" => &["serviceAccountName"],
        "PriorityClass" => &["priorityClassName"],
        "RuntimeClass" => &["runtimeClassName"],
        _ => &["configMap", "configMapKeyRef", "configMapRef"],
    };
    let mut workloads = picture.new.workloads().filter(|object| !object.is_test());
    workloads
        .find(|workload| names(&workload.value, fields, &gone.key.name))
        .map(|workload| workload.key.to_string())
}

/// Whether a field of these names, or an object in one, names this, and is not optional.
fn names(value: &serde_json::Value, fields: &[&str], name: &str) -> bool {
    match value {
        serde_json::Value::Object(map) => map.iter().any(|(field, value)| {
            let named = fields.contains(&field.as_str()) && (value == name || value["name"] == name);
            (named && value["optional"] != true && map.get("optional") != Some(&true.into()))
                || names(value, fields, name)
        }),
        serde_json::Value::Array(items) => items.iter().any(|item| names(item, fields, name)),
        _ => false,
    }
}

/// Claims of pods that a smaller number of replicas has no more.
pub(super) fn claims_left(picture: &Picture) -> Vec<Forecast> {
    let kept = picture.kept();
    let sets = kept.iter().filter(|(_, new)| new.key.kind == "StatefulSet");
    sets.filter_map(|(old, new)| {
        let beyond = |claim: &&String| {
            claim.rsplit('-').next().and_then(|ordinal| ordinal.parse::<u64>().ok()).is_some_and(|ordinal| {
                ordinal >= new.number("/spec/ordinals/start").unwrap_or(0) + new.replicas()
            })
        };
        let left: Vec<&String> = picture.claims_of(old).into_iter().filter(beyond).collect();
        (new.replicas() < old.replicas() && !left.is_empty()).then(|| {
            forecast::about(
                ("fewer-replicas", "U2", Severity::Break),
                &picture.to,
                new,
                "/spec/replicas",
                format!("replicas go from {} to {}: these PVCs are used by no pod: {}", old.replicas(), new.replicas(), list(&left)),
                "keep the number; take nodes out of the store by its own means first, and lower the number after",
            )
        })
    })
    .collect()
}

/// Claims that will go with their set or its replicas from now on.
pub(super) fn claims_deleted(picture: &Picture) -> Vec<Forecast> {
    let field = "/spec/persistentVolumeClaimRetentionPolicy";
    let deletes = |set: &Object| {
        ["whenDeleted", "whenScaled"].map(|when| set.text(&format!("{field}/{when}")) == "Delete")
    };
    let kept = picture.kept();
    let sets = kept.iter().filter(|(_, new)| new.key.kind == "StatefulSet");
    sets.filter(|(old, new)| deletes(old).iter().zip(deletes(new)).any(|(before, after)| after && !before))
        .map(|(_, new)| {
            forecast::about(
                ("claims-deleted", "U10", Severity::Care),
                &picture.to,
                new,
                field,
                "from now on PVCs are deleted with the set, or when it is scaled down: `helm uninstall` then takes the data along",
                "leave the policy at Retain; who wants to be rid of the data can delete the PVCs",
            )
        })
        .collect()
}

/// Where a workload's images are kept, in the order of its containers.
fn repositories(workload: &Object) -> Vec<String> {
    let images = workload
        .servers()
        .into_iter()
        .filter_map(|(_, container)| container["image"].as_str().map(ImageName::parse));
    images.map(|image| image.repository()).collect()
}

fn list(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}
