//! What helps a process that finds no space: it depends on what it writes to.

use k8s_openapi::api::core::v1::{EmptyDirVolumeSource, Volume};

use crate::{
    cause::Cause,
    claim,
    container::{At, mounted},
    picture::spec,
};

/// Advice for a process that found no space, as this line of its log says.
pub(super) fn advise(at: &At<'_>, line: &str, cause: Cause) -> Cause {
    if let Some((_, volume)) = mounted::spoken_of(at, line) {
        return of_volume(at, volume, cause);
    }
    let volumes: Vec<&Volume> = mounted::all(at).into_iter().map(|(_, volume)| volume).collect();
    let claims: Vec<String> = volumes.iter().filter_map(|volume| claim::of_volume(at.pod, volume)).collect();
    let empty = volumes.into_iter().find(|volume| volume.empty_dir.is_some());
    match empty.filter(|_| claims.is_empty()) {
        Some(volume) => of_volume(at, volume, cause),
        None if claims.is_empty() => grow(at, &claim::mounted(at.pod), cause),
        None => grow(at, &claims, cause),
    }
}

fn of_volume(at: &At<'_>, volume: &Volume, cause: Cause) -> Cause {
    match (&volume.empty_dir, claim::of_volume(at.pod, volume)) {
        (Some(empty), _) => of_empty(at, &volume.name, empty, cause),
        (None, Some(claim)) => grow(at, &[claim], cause),
        (None, None) => grow(at, &[], cause),
    }
}

/// A volume that comes and goes with its pod: its own limit, or that of what holds it.
fn of_empty(at: &At<'_>, name: &str, empty: &EmptyDirVolumeSource, cause: Cause) -> Cause {
    let set = at.picture.name();
    let in_memory = empty.medium.as_deref() == Some("Memory");
    let raise = match &empty.size_limit {
        Some(limit) => {
            format!("raise sizeLimit of volume {name}, an emptyDir (now {}), in statefulset {set}", limit.0)
        }
        None if in_memory => format!(
            "give volume {name}, an emptyDir in memory, a larger bound: resources.limits.memory, or sizeLimit, in statefulset {set}"
        ),
        None => {
            let node = spec(at.pod).node_name.as_deref().unwrap_or("NODE");
            format!(
                "volume {name} is an emptyDir, whose space is that of the disk of node {node}: make room there (kubectl describe node {node}), or put what is large on a claim"
            )
        }
    };
    let cause = cause.advise(raise);
    if in_memory {
        return cause.advise("what is on it counts as memory of the containers: resources.limits.memory must have room for it; or leave out medium: Memory");
    }
    cause.advise("or write less: what is on it is only for as long as the pod is there")
}

fn grow(at: &At<'_>, claims: &[String], cause: Cause) -> Cause {
    let (name, which) = match claims {
        [] => ("NAME", String::new()),
        [one] => (one.as_str(), String::new()),
        several => ("NAME", format!(" (one of {})", several.join(", "))),
    };
    let size = "'{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"SIZE\"}}}}'";
    cause
        .advise(format!(
            "grow the claim{which}, where its class allows it: {}",
            at.picture.kubectl(&format!("patch pvc {name} -p {size}"))
        ))
        .advise("or free some: never a write-ahead log by hand; look for what holds it (a replication slot, an archive that fails)")
}
