//! U2: volumes that a set's claim templates have made, and that the new pods have no more.

use super::Picture;
use crate::{Forecast, Object, Severity, forecast};

/// Sets that have a template no more, where no volume of the new pods names the claims that it has made.
pub(super) fn gone(picture: &Picture) -> Vec<Forecast> {
    let kept = picture.kept();
    let sets = kept.iter().filter(|(_, new)| new.key.kind == "StatefulSet");
    let mut forecasts = Vec::new();
    for (old, new) in sets {
        for template in old.templates().into_iter().filter(|name| !new.templates().contains(name)) {
            let named = new.claim_names();
            let left: Vec<&str> = picture
                .made_by(old, template)
                .into_iter()
                .map(String::as_str)
                .filter(|claim| !named.contains(claim))
                .collect();
            if left.is_empty() {
                continue;
            }
            forecasts.push(forecast::about(
                ("template-gone", "U2", Severity::Loss),
                &picture.to,
                new,
                "/spec/volumeClaimTemplates",
                format!(
                    "volumeClaimTemplates has no {template} any more{}: what is in {} is not seen any more",
                    instead(new, template),
                    left.join(", ")
                ),
                "keep the template under its name; data moves only by a copy into what replaces it",
            ));
        }
    }
    forecasts
}

/// What the new pods have under the template's name.
fn instead(new: &Object, template: &str) -> &'static str {
    let volumes = new.items("/spec/template/spec/volumes");
    match volumes.iter().find(|volume| volume["name"] == template) {
        Some(volume) if !volume["emptyDir"].is_null() => ", and its pods have an emptyDir of that name",
        Some(_) => ", and its pods have another volume of that name",
        None => "",
    }
}
