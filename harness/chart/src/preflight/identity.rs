//! U2: nothing is renamed or orphaned, no PVC is left unused.

use super::Picture;
use crate::{Forecast, Object, Severity, Way, forecast};

/// Sets that the new chart has no more, or under another name.
pub(super) fn sets_gone(picture: &Picture) -> Vec<Forecast> {
    let held = picture.held_objects();
    let comes = |set: &&Object| {
        !held.values().any(|old| old.key.kind == "StatefulSet" && old.key.name == set.key.name)
    };
    let newcomers: Vec<&Object> = picture.new.of_kind("StatefulSet").filter(comes).collect();
    let gone = picture.gone().into_iter().filter(|object| object.key.kind == "StatefulSet");
    gone.map(|old| {
        let claims = picture.claims_of(old);
        let left = match claims.len() {
            0 => String::new(),
            _ => format!("; its PVCs stay behind, used by no pod: {}", list(&claims)),
        };
        let fate = match picture.way {
            Way::Helm => "Helm deletes it",
            Way::Apply => "nothing deletes it: it runs on beside what is new",
        };
        let template = |set: &Object| set.containers().iter().map(|(_, container)| repository(container)).collect::<Vec<_>>();
        let heir = newcomers.iter().find(|new| template(new) == template(old));
        let (cause, message, object) = match heir {
            Some(new) => (
                "set-renamed",
                format!("it is called {} in the new chart, and starts empty; as {} {fate}{left}", new.key.name, old.key.name),
                *new,
            ),
            None => ("set-gone", format!("the new chart has no such set; {fate}{left}"), old),
        };
        let severity = if claims.is_empty() { Severity::Break } else { Severity::Loss };
        let mut forecast = forecast::about(
            (cause, "U2", severity),
            &picture.to,
            object,
            "/metadata/name",
            message,
            "keep the set's name (nameOverride and fullnameOverride, the fullname helper, the chart's own name); if it must go, say in the notes how its data is moved to the new PVCs first",
        );
        forecast.object = old.key.to_string();
        forecast
    })
    .collect()
}

/// Other objects that the new chart has no more, where somebody may miss them.
pub(super) fn others_gone(picture: &Picture) -> Vec<Forecast> {
    let found = picture.gone().into_iter().filter_map(|object| {
        let kept = object.annotation("helm.sh/resource-policy") == "keep";
        let (cause, severity, message, remedy) = match object.key.kind.as_str() {
            "PersistentVolumeClaim" if !kept => (
                "claim-gone",
                Severity::Loss,
                "the new chart has no such PVC: Helm deletes it with its data",
                "keep it in the chart, or annotate it with helm.sh/resource-policy: keep in a release before this one",
            ),
            "Service" => (
                "service-gone",
                Severity::Care,
                "the new chart has no service of this name: clients that use its name lose it",
                "keep the old name for one more version, and say in the notes what replaces it",
            ),
            "Secret" if !kept => (
                "secret-gone",
                Severity::Care,
                "the new chart has no secret of this name: what reads it elsewhere fails at its next start",
                "keep it, or annotate it with helm.sh/resource-policy: keep in a release before this one",
            ),
            "Deployment" | "DaemonSet" => (
                "workload-gone",
                Severity::Care,
                "the new chart has no workload of this name: Helm deletes it",
                "say in the notes what replaces it; two controllers of one volume must not overlap",
            ),
            _ => return None,
        };
        Some(forecast::about((cause, "U2", severity), &picture.to, object, "/metadata/name", message, remedy))
    });
    found.collect()
}

/// Claims of pods that a smaller number of replicas has no more.
pub(super) fn claims_left(picture: &Picture) -> Vec<Forecast> {
    let sets = picture.kept().into_iter().filter(|(_, new)| new.key.kind == "StatefulSet");
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
    let sets = picture.kept().into_iter().filter(|(_, new)| new.key.kind == "StatefulSet");
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

fn repository(container: &serde_json::Value) -> String {
    let image = container["image"].as_str().unwrap_or_default();
    image
        .split('@')
        .next()
        .unwrap_or_default()
        .rsplit_once(':')
        .map_or(image, |(repository, _)| repository)
        .to_owned()
}

fn list(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}
