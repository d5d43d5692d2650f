//! Sabotage of manifests, before they are applied.

use harness::{
    Error, Result,
    manifest::Manifest,
    runner::Sabotage,
    workload::{SENTINEL, Workload},
};
use serde_json::{Value, json};

use crate::comparison::STATELESS;

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

/// A PVC goes when its ordinal is scaled away.
pub const DELETE_VOLUME_CLAIMS_WHEN_SCALED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let patch = json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}});
    manifest.merge("StatefulSet", workload.name, &patch)
});

/// A PVC goes when its set is deleted.
pub const DELETE_VOLUME_CLAIMS_WHEN_DELETED: Sabotage = Sabotage::Manifest(claims_go_with_the_set);

/// A set that owns its claims: they are deleted with it, unless it leaves what it owns. Where no set may, the API server drops that.
pub fn claims_go_with_the_set(manifest: &mut Manifest, workload: &Workload) -> Result<()> {
    let patch = json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}});
    manifest.merge("StatefulSet", workload.name, &patch)
}

/// The data is written to an emptyDir; the PVCs stay, and nobody writes to them.
pub const EMPTY_DIRECTORY: Sabotage =
    Sabotage::Manifest(|manifest, workload| off_the_volume(manifest, workload, "data"));

/// As above, with the file in it by which Garage knows the directory for its own: without, it refuses to start.
pub const EMPTY_BUT_MARKED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    off_the_volume(manifest, workload, "data")?;
    let container = workload.container(manifest)?.clone();
    let set = manifest.find("StatefulSet", workload.name)?;
    set["spec"]["template"]["spec"]["initContainers"] = json!([{
        "name": "marker",
        "image": "postgres:17",
        "imagePullPolicy": "IfNotPresent",
        "command": ["touch", "/data/garage-marker"],
        "volumeMounts": [{"name": "scratch", "mountPath": "/data"}],
        "securityContext": container["securityContext"],
        "resources": container["resources"],
    }]);
    Ok(())
});

/// Garage's own data, its node id and its layout, is written beside the PVC.
pub const META_OFF_THE_VOLUME: Sabotage =
    Sabotage::Manifest(|manifest, workload| off_the_volume(manifest, workload, "meta"));

fn off_the_volume(manifest: &mut Manifest, workload: &Workload, volume: &str) -> Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    let pod = &mut set["spec"]["template"]["spec"];
    let mounts = workload.container_in(pod)?["volumeMounts"].as_array_mut();
    put_aside(mounts, volume).ok_or_else(|| Error::bug("the container has no volume mounts to sabotage"))?;
    let scratch = json!({"name": "scratch", "emptyDir": {}});
    match pod["volumes"].as_array_mut() {
        Some(volumes) => volumes.push(scratch),
        None => pod["volumes"] = json!([scratch]),
    }
    Ok(())
}

/// Turns the PVC's mount to the scratch volume, and mounts the PVC out of the way.
fn put_aside(mounts: Option<&mut Vec<Value>>, volume: &str) -> Option<()> {
    let mounts = mounts?;
    let mount = mounts.iter_mut().find(|mount| mount["name"] == volume)?;
    mount["name"] = json!("scratch");
    mounts.push(json!({"name": volume, "mountPath": "/unused"}));
    Some(())
}

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
    workload.container(manifest)?["readinessProbe"] = Value::Null;
    Ok(())
});

/// Nobody asks whether the pods beside the set live.
pub const LIVENESS_PROBES_REMOVED: Sabotage = Sabotage::Manifest(|manifest, _| {
    for pod in manifest.objects.iter_mut().filter(|object| object["kind"] == "Pod") {
        SENTINEL.container_in(&mut pod["spec"])?["livenessProbe"] = Value::Null;
    }
    Ok(())
});

/// Nobody asks whether a pod has started: it has as soon as it runs.
pub const STARTUP_PROBE_REMOVED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    workload.container(manifest)?["startupProbe"] = Value::Null;
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

/// The database is written beside the PVC, into the container.
pub const DATA_DIRECTORY_OFF_THE_VOLUME: Sabotage =
    Sabotage::Manifest(|manifest, workload| workload.with_variable(manifest, "PGDATA", "/tmp/pgdata"));

/// What an ext4 volume has from the start, and kind's volumes have not.
pub fn add_lost_and_found(manifest: &mut Manifest, workload: &Workload) -> Result<()> {
    let container = workload.container(manifest)?.clone();
    let mount =
        container["volumeMounts"].as_array().into_iter().flatten().find(|mount| mount["name"] == "data");
    let mount = mount.ok_or_else(|| Error::bug("the container does not mount its data"))?.clone();
    let directory = format!("{}/lost+found", mount["mountPath"].as_str().unwrap_or_default());
    let set = manifest.find("StatefulSet", workload.name)?;
    set["spec"]["template"]["spec"]["initContainers"] = json!([{
        "name": "lost-and-found",
        "image": container["image"],
        "command": ["mkdir", "-p", directory],
        "volumeMounts": [mount],
        "securityContext": container["securityContext"],
        "resources": container["resources"],
    }]);
    Ok(())
}

/// The ordinals begin at 1.
pub const ORDINALS_START_AT_ONE: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("StatefulSet", workload.name, &json!({"spec": {"ordinals": {"start": 1}}}))
});

/// The ordinals begin at 0, whatever is asked.
pub const START_IGNORED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("StatefulSet", workload.name, &json!({"spec": {"ordinals": null}}))
});

/// The kernel's hostname is the pod's whole name in the DNS.
pub const HOSTNAME_AS_FULL_NAME: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let patch = json!({"spec": {"template": {"spec": {"setHostnameAsFQDN": true}}}});
    manifest.merge("StatefulSet", workload.name, &patch)
});

/// The PVCs are named after another template.
pub const TEMPLATE_RENAMED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let set = manifest.find("StatefulSet", workload.name)?;
    set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] = json!("disk");
    workload.container(manifest)?["volumeMounts"][0]["name"] = json!("disk");
    Ok(())
});

/// The PVCs ask for half of what they should.
pub const VOLUME_CLAIMS_TOO_SMALL: Sabotage =
    Sabotage::Manifest(|manifest, workload| volume_claims_of(manifest, workload, "32Mi"));

/// The template asks already for what the scenario means to be refused.
pub const TEMPLATE_CHANGED_BEFORE: Sabotage = Sabotage::Manifest(larger_volume_claims);

/// Claims of twice the size.
pub fn larger_volume_claims(manifest: &mut Manifest, workload: &Workload) -> Result<()> {
    volume_claims_of(manifest, workload, "128Mi")
}

fn volume_claims_of(manifest: &mut Manifest, workload: &Workload, storage: &str) -> Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    set["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = json!(storage);
    Ok(())
}

/// The governing service is there.
pub const HEADLESS_PRESENT: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.objects.push(workload.manifest()?.find("Service", workload.headless)?.clone());
    Ok(())
});

/// No service publishes pods that are not Ready.
pub const NOT_READY_UNPUBLISHED: Sabotage = Sabotage::Manifest(|manifest, _| {
    manifest.merge(
        "Service",
        crate::network::PUBLISHING,
        &json!({"spec": {"publishNotReadyAddresses": false}}),
    )
});

/// The governing service publishes pods whatever they are.
pub const NOT_READY_PUBLISHED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    manifest.merge("Service", workload.headless, &json!({"spec": {"publishNotReadyAddresses": true}}))
});

/// The budget is for nobody.
pub const BUDGET_SELECTS_NOTHING: Sabotage = Sabotage::Manifest(|manifest, _| {
    let nobody = json!({"spec": {"selector": {"matchLabels": {"app": "nobody"}}}});
    manifest.merge("PodDisruptionBudget", crate::disruption::BUDGET, &nobody)
});

/// Nothing is done before SIGTERM, as by a kubelet that runs no hooks.
pub const PRE_STOP_REMOVED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    workload.container(manifest)?["lifecycle"] = Value::Null;
    Ok(())
});

/// Pods have longer than is promised, as by a kubelet that kills late: by more than the busiest machine is granted.
pub const LONGER_GRACE: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let set = manifest.find("StatefulSet", workload.name)?;
    set["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = json!(22);
    Ok(())
});

/// A pod may take what it wants.
pub const MEMORY_LIMIT_REMOVED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    workload.container(manifest)?["resources"]["limits"] = Value::Null;
    Ok(())
});

/// Garage's nodes may not write where they would find each other.
pub const DISCOVERY_FORBIDDEN: Sabotage =
    Sabotage::Manifest(|manifest, _| manifest.merge("Role", "garage-discovery", &json!({"rules": []})));

/// Readiness needs no quorum: the probe that we ship.
pub const READINESS_AS_SHIPPED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let shipped = workload.container(&mut workload.manifest()?)?["readinessProbe"].clone();
    workload.container(manifest)?["readinessProbe"] = shipped;
    Ok(())
});

/// A roll takes away one pod at a time.
pub const ONE_AT_A_TIME: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let patch = json!({"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}}}});
    manifest.merge("StatefulSet", workload.name, &patch)
});

/// The set that should lack memory lacks its node instead.
pub const ANOTHER_CAUSE: Sabotage = Sabotage::Manifest(|manifest, _| {
    let pod = &mut manifest.find("StatefulSet", "memory")?["spec"]["template"]["spec"];
    SENTINEL.container_in(pod)?["resources"] = json!({});
    pod["nodeSelector"] = json!({"disk": "of-gold"});
    Ok(())
});

/// Nobody asks whether PostgreSQL is ready, and it takes its time.
pub const READY_BEFORE_IT_SERVES: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let container = workload.container(manifest)?;
    container["startupProbe"] = Value::Null;
    container["readinessProbe"] = Value::Null;
    container["command"] = json!(["sh", "-c", "sleep 20; exec docker-entrypoint.sh postgres"]);
    Ok(())
});

/// The set that should lack a ConfigMap lacks a Secret instead.
pub const SECRET_FOR_CONFIG_MAP: Sabotage = Sabotage::Manifest(|manifest, _| {
    let pod = &mut manifest.find("StatefulSet", "settings")?["spec"]["template"]["spec"];
    SENTINEL.container_in(pod)?["envFrom"] = json!([{"secretRef": {"name": "no-such-settings"}}]);
    Ok(())
});

/// The ServiceAccount that should be missing is there.
pub const ACCOUNT_MADE: Sabotage = Sabotage::Manifest(|manifest, _| {
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "no-such-account"}});
    manifest.objects.push(account);
    Ok(())
});

/// The set that cordoned nodes should stop goes onto them all the same.
pub const CORDON_TOLERATED: Sabotage = Sabotage::Manifest(|manifest, _| {
    let tolerations = json!([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]);
    let patch = json!({"spec": {"template": {"spec": {"tolerations": tolerations}}}});
    manifest.merge("StatefulSet", "late", &patch)
});

/// PostgreSQL is told to stop in the way that waits until its clients leave, and has less time for it.
pub const CLIENTS_WAITED_FOR: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let until_left = "docker-entrypoint.sh postgres & server=$!; trap 'kill -TERM $server' INT TERM; wait $server; wait $server";
    workload.container(manifest)?["command"] = json!(["sh", "-c", until_left]);
    let patch = json!({"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 15}}}});
    manifest.merge("StatefulSet", workload.name, &patch)
});
