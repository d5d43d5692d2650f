//! U6: what makes the upgrade, or the life after it, more dangerous than before.

use serde_json::Value;

use super::Picture;
use crate::{Forecast, Object, Severity, forecast};

/// Probes, grace periods, budgets and policies that are weaker in the new chart.
pub(super) fn weakened(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    let mut care = |new: &Object, field: &str, message: String, remedy: &str| {
        forecasts.push(forecast::about(
            ("weaker", "U6", Severity::Care),
            &picture.to,
            new,
            field,
            message,
            remedy,
        ));
    };
    for (old, new) in picture.kept() {
        let Some(pod) = new.pod() else { continue };
        let grace =
            |object: &Object| object.number(&format!("{pod}/terminationGracePeriodSeconds")).unwrap_or(30);
        if grace(new) < grace(old) {
            let message = format!(
                "the grace period goes from {} s to {} s: a server that stops slower is killed",
                grace(old),
                grace(new)
            );
            care(
                new,
                &format!("{pod}/terminationGracePeriodSeconds"),
                message,
                "give the server the time that it needs to stop cleanly",
            );
        }
        for (pointer, container) in new.containers() {
            let name = container["name"].as_str().unwrap_or_default();
            let before = old.container(&container["name"]);
            for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
                let had = before.map_or(&Value::Null, |old| &old[probe]);
                if !had.is_null() && container[probe].is_null() {
                    let message = format!(
                        "container {name} has no {probe} any more{}",
                        match probe {
                            "readinessProbe" => ": a roll goes on before the server takes requests",
                            _ => "",
                        }
                    );
                    care(new, &format!("{pointer}/{probe}"), message, "keep the probe");
                } else if !had.is_null() && had != &container[probe] {
                    care(
                        new,
                        &format!("{pointer}/{probe}"),
                        format!("the {probe} of container {name} changes"),
                        "make sure that it passes before the store has quorum",
                    );
                }
            }
        }
        for (field, what) in [
            ("/spec/updateStrategy/type", "the update strategy"),
            ("/spec/podManagementPolicy", "the pod management policy"),
            ("/spec/replicas", "the number of replicas"),
        ] {
            let of = |object: &Object| {
                object
                    .value
                    .pointer(field)
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            };
            if new.key.kind == "StatefulSet" && of(old) != of(new) {
                let words = |value: Option<String>| value.unwrap_or_else(|| "the default".to_owned());
                care(
                    new,
                    field,
                    format!("{what} goes from {} to {}", words(of(old)), words(of(new))),
                    "say in the notes why, and what to do before",
                );
            }
        }
    }
    for budget in picture.gone().into_iter().filter(|object| object.key.kind == "PodDisruptionBudget") {
        care(
            budget,
            "/metadata/name",
            "the new chart has no such disruption budget: a drain may take all pods at once".to_owned(),
            "keep the budget",
        );
    }
    forecasts
}
