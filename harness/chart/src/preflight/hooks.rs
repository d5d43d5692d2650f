//! U7: every pod gets the new revision; what Helm will not upgrade is named.

use super::Picture;
use crate::{Forecast, Severity, forecast};

/// Workloads and their services that are hooks: Helm makes them once and never upgrades them, or makes them anew each time.
pub(super) fn workloads_as_hooks(picture: &Picture) -> Vec<Forecast> {
    if !picture.way.has_release() {
        return Vec::new();
    }
    let held = picture.held_objects();
    let lasting = ["StatefulSet", "Deployment", "DaemonSet", "PersistentVolumeClaim"];
    let mut forecasts = Vec::new();
    for object in picture.new.objects.iter().filter(|object| lasting.contains(&object.key.kind.as_str())) {
        let hooks = object.hooks();
        if hooks.is_empty() || object.is_test() {
            continue;
        }
        let when = hooks.join(", ");
        let at_upgrade = hooks.iter().any(|hook| hook.ends_with("-upgrade"));
        let deleted = object.annotation("helm.sh/hook-delete-policy");
        let old = held.get(&picture.key(object));
        let same = old.is_some_and(|old| old.value == object.value);
        let before = old.is_some_and(|old| old.hooks() == hooks);
        let (cause, claim, severity, message) = if !at_upgrade {
            // A claim has nothing to upgrade, and what stays the same misses nothing this time.
            let harmless = same || object.key.kind == "PersistentVolumeClaim";
            (
                "never-upgraded",
                "U7",
                if harmless { Severity::Note } else { Severity::Break },
                format!(
                    "it is a hook ({when}): Helm never upgrades it, so its image and settings stay as first installed, and `helm uninstall` leaves it"
                ),
            )
        } else if deleted.is_empty() || deleted.contains("before-hook-creation") {
            // The claims of a set, or those that a pod names, are not the hook's own.
            let (severity, what) = match object.key.kind.as_str() {
                "PersistentVolumeClaim" => (Severity::Loss, ", with its data"),
                _ if !object.servers().iter().any(|(_, container)| object.keeps_data(container)) => {
                    (Severity::Note, ": it keeps no data")
                }
                _ if before => (Severity::Care, ": all its pods go at once, as before, and its PVCs stay"),
                _ => (Severity::Break, ": all its pods go at once, and its PVCs stay"),
            };
            (
                "made-anew",
                "U2",
                severity,
                format!("it is a hook ({when}) that Helm deletes and makes anew at each upgrade{what}"),
            )
        } else {
            ("hook", "U7", Severity::Care, format!("it is a hook ({when}): Helm does not manage it"))
        };
        forecasts.push(forecast::about(
            (cause, claim, severity),
            &picture.to,
            object,
            "/metadata/annotations/helm.sh/hook",
            message,
            "make it an ordinary object of the chart; users must then annotate what is there for their release once (meta.helm.sh/release-name and -namespace)",
        ));
    }
    forecasts
}

/// Objects that were the release's own and become hooks: Helm deletes them, and makes them again only at an installation.
pub(super) fn become_hooks(picture: &Picture) -> Vec<Forecast> {
    let lasting = ["StatefulSet", "Deployment", "DaemonSet", "PersistentVolumeClaim", "Service"];
    let kept = picture.kept();
    let becoming = kept.iter().filter(|(old, new)| {
        picture.way.has_release()
            && lasting.contains(&new.key.kind.as_str())
            && old.hooks().is_empty()
            && !new.hooks().is_empty()
    });
    becoming
        .map(|(_, new)| {
            forecast::about(
                ("becomes-a-hook", "U2", Severity::Loss),
                &picture.to,
                new,
                "/metadata/annotations/helm.sh/hook",
                format!("it becomes a hook ({}): Helm deletes what is there, as the new chart has no such object of its own", new.hooks().join(", ")),
                "leave it an ordinary object of the chart",
            )
        })
        .collect()
}

/// Rolls that the strategy holds back: pods keep the old revision after the upgrade.
pub(super) fn rolls_held_back(picture: &Picture) -> Vec<Forecast> {
    let kept = picture.kept();
    let sets = kept.iter().filter(|(old, new)| {
        new.key.kind == "StatefulSet"
            && old.value.pointer("/spec/template") != new.value.pointer("/spec/template")
    });
    sets.filter_map(|(_, new)| {
        let partition = new.number("/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
        let (field, what) = if new.text("/spec/updateStrategy/type") == "OnDelete" {
            (
                "/spec/updateStrategy/type",
                "updateStrategy is OnDelete: pods keep the old revision until somebody deletes them"
                    .to_owned(),
            )
        } else if partition > 0 {
            (
                "/spec/updateStrategy/rollingUpdate/partition",
                format!(
                    "pods below ordinal {partition} keep the old revision: the partition holds them back"
                ),
            )
        } else {
            return None;
        };
        Some(forecast::about(
            ("roll-held-back", "U7", Severity::Care),
            &picture.to,
            new,
            field,
            what,
            "say in the notes which pods have to be deleted, in which order; or let the controller roll",
        ))
    })
    .collect()
}
