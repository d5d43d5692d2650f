//! What a container has mounted where.

use k8s_openapi::api::core::v1::{PersistentVolumeSpec, Volume, VolumeMount};

use super::At;
use crate::{Picture, picture::spec};

/// The mounts of a container with their volumes.
pub(crate) fn all<'a>(at: &'a At<'_>) -> Vec<(&'a VolumeMount, &'a Volume)> {
    let mounts = at.template().and_then(|container| container.volume_mounts.as_deref()).unwrap_or_default();
    let volumes = spec(at.pod).volumes.as_deref().unwrap_or_default();
    let with = |mount: &'a VolumeMount| Some((mount, volumes.iter().find(|it| it.name == mount.name)?));
    mounts.iter().filter_map(with).collect()
}

/// The mount whose path a line of a log has in it, the longest such path.
pub(crate) fn spoken_of<'a>(at: &'a At<'_>, line: &str) -> Option<(&'a VolumeMount, &'a Volume)> {
    let said = |mount: &VolumeMount| {
        mount.mount_path.len() > 1 && line.contains(mount.mount_path.trim_end_matches('/'))
    };
    let found = all(at).into_iter().filter(|(mount, _)| said(mount));
    found.max_by_key(|(mount, _)| mount.mount_path.len())
}

/// The persistent volume that a claim is bound to.
pub(crate) fn bound<'a>(picture: &'a Picture, claim: &str) -> Option<&'a PersistentVolumeSpec> {
    let name = picture.claim(claim)?.spec.as_ref()?.volume_name.as_deref()?;
    let volumes = picture.volumes.as_deref().unwrap_or_default();
    volumes.iter().find(|volume| volume.metadata.name.as_deref() == Some(name))?.spec.as_ref()
}
