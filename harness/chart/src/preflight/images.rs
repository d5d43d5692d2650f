//! U8: every image is there before anything starts.

use std::collections::{BTreeMap, BTreeSet};

use external::ImageName;

use super::Picture;
use crate::{Forecast, Object, Rendered, Severity, forecast};

/// Images of the new chart that can't be had, each once; those of a registry that does not answer are told together.
pub(super) fn missing(picture: &Picture) -> Vec<Forecast> {
    let before = images(&picture.held);
    let mut forecasts = Vec::new();
    let mut silent: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
    for (image, (object, pointer)) in images(&picture.new) {
        let Some(absence) = picture.missing_images.get(image) else { continue };
        if !absence.sure {
            silent.entry(ImageName::parse(image).registry).or_default().push((image, absence.why.as_str()));
            continue;
        }
        // What runs already in this image does so without the upgrade.
        let severity = if before.contains_key(image) { Severity::Care } else { Severity::Break };
        forecasts.push(forecast::about(
            ("image-missing", "U8", severity),
            &picture.to,
            object,
            &pointer,
            format!("image {image} can't be had: {}", absence.why),
            "name an image that its registry still has; where registries are not reached, load it onto the nodes first",
        ));
    }
    for (registry, images) in silent {
        let why: BTreeSet<&str> = images.iter().map(|(_, why)| *why).collect();
        let names: Vec<&str> = images.iter().map(|(image, _)| *image).collect();
        forecasts.push(Forecast {
            cause: "image-not-looked-up".to_owned(),
            claim: "U8".to_owned(),
            severity: Severity::Note,
            object: format!("registry {registry}"),
            message: format!(
                "not judged: it does not tell whether it has {}: {}",
                names.join(", "),
                why.into_iter().collect::<Vec<_>>().join("; ")
            ),
            place: None,
            remedy: "make sure that the nodes can pull them, or ask again from where the registry answers"
                .to_owned(),
        });
    }
    forecasts
}

/// The images of a rendered chart, each with the first object that names it, and where.
pub fn images(rendered: &Rendered) -> BTreeMap<&str, (&Object, String)> {
    let mut images = BTreeMap::new();
    for object in rendered.workloads().filter(|object| !object.is_test()) {
        for (pointer, container) in object.containers() {
            if let Some(image) = container["image"].as_str() {
                images.entry(image).or_insert((object, format!("{pointer}/image")));
            }
        }
    }
    images
}
