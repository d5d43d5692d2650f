//! U8: every image is there before anything starts.

use super::Picture;
use crate::{Forecast, Severity, forecast};

/// Images of the new chart that can't be had.
pub(super) fn missing(picture: &Picture) -> Vec<Forecast> {
    let mut forecasts = Vec::new();
    for object in picture.new.workloads().filter(|object| !object.is_test()) {
        for (pointer, container) in object.containers() {
            let image = container["image"].as_str().unwrap_or_default();
            let Some(absence) = picture.missing_images.get(image) else { continue };
            let (severity, what) = match absence.sure {
                true => (Severity::Break, "can't be had"),
                false => (Severity::Care, "is not on the nodes, and its registry does not answer here"),
            };
            forecasts.push(forecast::about(
                ("image-missing", "U8", severity),
                &picture.to,
                object,
                &format!("{pointer}/image"),
                format!("image {image} {what}: {}", absence.why),
                "name an image that its registry still has; where registries are not reached, load it onto the nodes first",
            ));
        }
    }
    forecasts
}
