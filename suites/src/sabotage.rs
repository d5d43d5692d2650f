//! The sabotage of controls: each breaks one promise on purpose.

use harness::{Error, Result, manifest::Manifest, runner::Sabotage, wait::expectations, workload::Workload};
use serde_json::{Value, json};

use crate::{comparison::STATELESS, seconds};

/// The pods come and go at once.
pub const PARALLEL: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let patch = json!({"spec": {"podManagementPolicy": "Parallel"}});
    manifest.merge("StatefulSet", workload.name, &patch)
});

/// The pods come and go one at a time.
pub const ORDERED_READY: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("StatefulSet", workload.name, &json!({"spec": {"podManagementPolicy": "OrderedReady"}}))
});

/// What should have no order has one.
pub const STATEFUL_SET_FOR_DEPLOYMENT: Sabotage = Sabotage::Manifest(|manifest, _| {
    let object = manifest.find("Deployment", STATELESS)?;
    object["kind"] = json!("StatefulSet");
    object["spec"]["serviceName"] = json!(STATELESS);
    Ok(())
});

/// Those that were Ready are not, and those that were not are.
pub const READY_AND_NOT_READY_SWAPPED: Sabotage =
    Sabotage::At("scaling down by two: not by ordinal against the highest first", |run, _| {
        Box::pin(async move {
            for pod in run.pods_named(STATELESS) {
                let ready = run.log().now(|world| world.pods.get(&pod).is_some_and(|pod| pod.healthy()));
                run.set_gate(&pod, !ready).await?;
            }
            run.wait(&expectations::so_many_ready(STATELESS, 2), seconds(30)).await.map(drop)
        })
    });

/// A claim goes when its ordinal is scaled away.
pub const DELETE_CLAIMS_WHEN_SCALED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let patch = json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}});
    manifest.merge("StatefulSet", workload.name, &patch)
});

/// A claim goes when its set is deleted.
pub const DELETE_CLAIMS_WHEN_DELETED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let patch = json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}});
    manifest.merge("StatefulSet", workload.name, &patch)
});

/// The data is written to an emptyDir; the claims stay, and nobody writes to them.
pub const EMPTY_DIRECTORY: Sabotage = Sabotage::Manifest(empty_directory);

fn empty_directory(manifest: &mut Manifest, workload: &Workload) -> Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    let pod = &mut set["spec"]["template"]["spec"];
    let mounts =
        scratch_mounts(pod).ok_or_else(|| Error::bug("the container has no volume mounts to sabotage"))?;
    let scratch = json!({"name": "scratch", "emptyDir": {}});
    match pod["volumes"].as_array_mut() {
        Some(volumes) => volumes.push(scratch),
        None => pod["volumes"] = json!([scratch]),
    }
    pod["containers"][0]["volumeMounts"] = Value::Array(mounts);
    Ok(())
}

/// The mounts, with the data's own turned to the scratch volume and its claim out of the way.
fn scratch_mounts(pod: &Value) -> Option<Vec<Value>> {
    let mut mounts = pod["containers"][0]["volumeMounts"].as_array()?.clone();
    let data = mounts.iter_mut().find(|mount| mount["name"] == "data")?;
    data["name"] = json!("scratch");
    mounts.push(json!({"name": "data", "mountPath": "/unused"}));
    Some(mounts)
}

/// The claim of the pod that the scenario deletes goes with it: it is held only for as long as a pod uses it.
pub const CLAIM_DELETED_WITH_POD: Sabotage =
    Sabotage::At("delete pod 1, and wait for it to come back", |_, set| {
        Box::pin(async move {
            let claim = set.promise.claims(1).next();
            let claim = claim.ok_or_else(|| Error::bug("the set has no claim to delete"))?;
            set.delete_claim(&claim).await
        })
    });

/// As a controller would that rolls from the bottom.
pub const LOWEST_ROLLED_FIRST: Sabotage = Sabotage::At("sentinel-2 is new and not Ready", |_, set| {
    Box::pin(async move { set.unannounced().delete_pod(0).await })
});

/// The revision that a rollback would use is gone.
pub const HISTORY_LOST: Sabotage = Sabotage::At("the template is taken back", |run, set| {
    Box::pin(async move {
        let now = set.state()?.update_revision.clone();
        let all = run.log().now(|world| world.revisions.keys().cloned().collect::<Vec<_>>());
        for old in all.into_iter().filter(|name| *name != now) {
            set.delete_revision(&old).await?;
        }
        Ok(())
    })
});

/// As a controller would that knows no partition.
pub const PARTITION_IGNORED: Sabotage =
    Sabotage::At("pod 0 is deleted: it comes back as it was", |_, set| {
        Box::pin(async move {
            let patch = json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}});
            set.unannounced().patch("partition 0", &patch).await
        })
    });

/// Pods are replaced without anybody deleting them.
pub const ROLLING_UPDATE: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let patch = json!({"spec": {"updateStrategy": {"type": "RollingUpdate"}}});
    manifest.merge("StatefulSet", workload.name, &patch)
});

/// A pod counts as available as soon as it is Ready.
pub const MIN_READY_SECONDS_REMOVED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("StatefulSet", workload.name, &json!({"spec": {"minReadySeconds": 0}}))
});

/// The set is made anew with the value that the scenario means to be refused: changing it to what it is already is
/// taken.
pub const FIELD_CHANGED_BEFORE: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("StatefulSet", workload.name, &json!({"spec": {"serviceName": "elsewhere"}}))
});

/// Nobody asks whether a pod is ready: it is as soon as it runs.
pub const READINESS_PROBE_REMOVED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let set = manifest.find("StatefulSet", workload.name)?;
    set["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = Value::Null;
    Ok(())
});

/// The governing service selects no pod.
pub const HEADLESS_SELECTS_NOTHING: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("Service", workload.headless, &json!({"spec": {"selector": {"app": "nobody"}}}))
});

/// The governing service has an address of its own.
pub const HEADLESS_TURNED_REGULAR: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("Service", workload.headless, &json!({"spec": {"clusterIP": null}}))
});

/// The database is written beside the claim, into the container.
pub const DATA_DIRECTORY_OFF_THE_CLAIM: Sabotage =
    Sabotage::Manifest(|manifest, workload| workload.with_variable(manifest, "PGDATA", "/tmp/pgdata"));

/// What an ext4 volume has from the start, and kind's volumes have not.
pub fn add_lost_and_found(manifest: &mut Manifest, workload: &Workload) -> Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    let pod = &mut set["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let mount =
        container["volumeMounts"].as_array().into_iter().flatten().find(|mount| mount["name"] == "data");
    let mount = mount.ok_or_else(|| Error::bug("the container does not mount its data"))?.clone();
    let directory = format!("{}/lost+found", mount["mountPath"].as_str().unwrap_or_default());
    pod["initContainers"] = json!([{
        "name": "lost-and-found",
        "image": container["image"],
        "command": ["mkdir", "-p", directory],
        "volumeMounts": [mount],
        "resources": container["resources"],
    }]);
    Ok(())
}
