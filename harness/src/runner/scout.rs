//! Before anything is judged: what the cluster is like, and what of the selected can't be run on it.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{needs::Needs, pilot};
use crate::{
    cluster::{
        Cluster, Namespaces, RUN_LABEL,
        terrain::{self, Scout},
    },
    error::{Error, Result},
    manifest::{Local, Manifest, apply::apply, pod_of},
    report::terrain::{Dns, Family, KnownBy, Terrain},
    wait::until_answered,
    workload::{AIRBYTE_DB, DAGSTER_POSTGRESQL, GARAGE, SENTINEL, Workload, folder, sentinel::Sentinel},
};

/// How long a pod may take until it answers.
const ANSWERED: Duration = Duration::from_secs(90);
/// How long a name may lag behind its Service.
const NAMED: Duration = Duration::from_secs(30);
/// A Service that nobody has asked for before, so that its name is in no cache.
const SERVICE: &str = "terrain";

/// Reads the terrain, and says which of the selected can't be run there, and why.
pub(super) async fn survey(
    cluster: &mut Cluster,
    namespaces: &Namespaces,
    run: &str,
    needs: &Needs,
) -> Result<(Terrain, BTreeMap<String, String>)> {
    let short = run.rsplit('-').next().unwrap_or(run);
    let scout = Scout {
        namespace: namespaces.choose(format!("steadfast-terrain-{short}")).await?,
        run: run.to_owned(),
        local: cluster.local.clone(),
        pods: pods(&cluster.local)?,
    };
    let client = cluster.clients.plumbing.clone();
    terrain::survey(&client, namespaces, &scout, async |terrain| {
        // The nodes of ours have the images, and its volumes were waited for.
        if cluster.nodes().is_empty() {
            pilot::send(cluster, &scout, &terrain.nodes).await?;
        }
        (terrain.hearing_seconds, terrain.clients_stick) =
            terrain::hearing(&client, !cluster.nodes().is_empty()).await;
        // Ours has one control plane, and one who rules it.
        terrain.controllers_elected = cluster.nodes().is_empty();
        if terrain.dns.is_none() {
            match ask_a_pod(cluster, &scout, terrain.family()).await {
                Ok(dns) => terrain.dns = Some(dns),
                Err(error) => terrain.unread.push(format!("the DNS, from inside a pod: {error}")),
            }
        }
        needs.missing(cluster, terrain, &scout.namespace).await
    })
    .await
}

/// A pod of each workload, as its set would make it.
fn pods(local: &Local) -> Result<Vec<(String, Value)>> {
    let workloads = [SENTINEL, GARAGE, DAGSTER_POSTGRESQL, AIRBYTE_DB];
    workloads.iter().map(|workload| Ok((workload.name.to_owned(), pod(workload, local)?))).collect()
}

fn pod(workload: &Workload, local: &Local) -> Result<Value> {
    let mut manifest = workload.manifest()?;
    manifest.take(local);
    let mut pod = pod_of(manifest.find("StatefulSet", workload.name)?);
    // It need not be there yet: an account says nothing of whether the pod would be taken.
    if let Some(pod) = pod["spec"].as_object_mut() {
        pod.remove("serviceAccountName");
    }
    Ok(pod)
}

/// Asks a pod of ours which domain its names end in, and how long answers say that they may be kept.
async fn ask_a_pod(cluster: &Cluster, scout: &Scout, family: Family) -> Result<Dns> {
    let namespace = scout.namespace.as_str();
    let mut manifest = Manifest::load(&folder("probe")?)?;
    let pod = "probe";
    manifest.objects.push(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE},
        "spec": {"selector": {"app": pod}, "ports": [{"port": SENTINEL.port}]}}));
    manifest.take(&cluster.local);
    apply(&cluster.clients.plumbing, namespace, &manifest, &[(RUN_LABEL, &scout.run)]).await?;
    let asked = Sentinel::new(cluster.clients.plumbing.clone(), namespace, pod);
    let search =
        until_answered("a pod of ours says what its resolver is told", ANSWERED, || asked.search()).await?;
    let services = format!("{namespace}.svc.");
    let domain = search.iter().find_map(|domain| domain.strip_prefix(&services));
    let domain = domain.ok_or_else(|| {
        Error::environment(format!(
            "expected a search domain {services}… in a pod's resolv.conf, found {search:?}"
        ))
    })?;
    let record = family.record();
    let named = || async {
        let answer = asked.resolve(&format!("{SERVICE}.{namespace}.svc.{domain}."), record).await?;
        let code = answer.code.clone();
        answer.ttl.filter(|_| code == "NOERROR").ok_or_else(|| Error::environment(format!("it is {code}")))
    };
    let address = until_answered("a Service of ours has its name", NAMED, named).await?;
    let absent = asked.resolve(&format!("nobody.{namespace}.svc.{domain}."), record).await?;
    Ok(Dns {
        domain: domain.to_owned(),
        address_seconds: address.into(),
        // Who does not say how long may keep it as long as an address.
        absence_seconds: absent.ttl.unwrap_or(address).into(),
        client_seconds: address.into(),
        node_cache: false,
        forwards_absence: false,
        names_pods: false,
        known_by: KnownBy::Measurement,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_of_each_workload_has_every_volume_that_it_mounts() {
        for (workload, pod) in pods(&Local::default()).unwrap() {
            let names = |list: &Value| -> Vec<String> {
                let names = list.as_array().into_iter().flatten().map(|entry| entry["name"].to_string());
                names.collect()
            };
            let volumes = names(&pod["spec"]["volumes"]);
            let mounts = names(&pod["spec"]["containers"][0]["volumeMounts"]);
            assert!(
                !mounts.is_empty() && mounts.iter().all(|mount| volumes.contains(mount)),
                "{workload}: {pod}"
            );
        }
    }
}
