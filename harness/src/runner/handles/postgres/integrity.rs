//! Whether what a PostgreSQL keeps is sound, by the programs that come with it.

use std::time::Duration;

use external::api::objects;
use k8s_openapi::api::core::v1::Pod as PodObject;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::PostgresStore;
use crate::{
    error::{Error, Result},
    wait::until_answered,
    workload::Set,
};

/// How long it may take to read a whole database.
const READ: Duration = Duration::from_secs(120);
/// The pod that reads the data directory of a server that is stopped.
const READER: &str = "checksums";
/// Lines enough to hold all that is wrong, where something is.
const LINES: i64 = 40;

impl PostgresStore {
    /// What amcheck says against the heaps and indexes of all databases of a pod, each row of a heap looked up in its indexes, and
    /// the server against its own pages; none where all is sound.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn against_soundness(&self, pod: &str) -> Result<Option<String>> {
        // From 127.0.0.1 no password is asked.
        let check = "pg_amcheck -h 127.0.0.1 -U \"$POSTGRES_USER\" --maintenance-db \"$POSTGRES_DB\" --all \
                     --install-missing --heapallindexed 2>&1";
        let output = self.run.pod(pod).exec_within(&["sh", "-c", check], READ).await?;
        if output.code != 0 {
            let said = output.stdout.trim();
            return Ok(Some(format!("pg_amcheck at {pod} ended with {}: {said}", output.code)));
        }
        let failures = self.session(pod).await?.checksum_failures().await?;
        Ok((failures != 0).then(|| format!("{pod} counts {failures} failed checksums of pages")))
    }

    /// What `pg_checksums` says against the data directory on the PVC of a pod that is scaled away; none where all is sound. It runs
    /// in a pod of its own, with the workload's image and volumes.
    ///
    /// # Errors
    /// When that pod does not come to its end in time.
    pub async fn against_checksums(&self, set: &Set, ordinal: u32) -> Result<Option<String>> {
        self.run.apply_objects([reader(set, ordinal)?]).await?;
        let pods = objects::<PodObject>(self.run.client(), self.run.namespace());
        let ask = || async {
            let status = pods.get(READER).await?.status.unwrap_or_default();
            let ended = status.container_statuses.unwrap_or_default().into_iter().next();
            let ended = ended.and_then(|container| container.state?.terminated);
            ended.ok_or_else(|| {
                let phase = status.phase.unwrap_or_default();
                Error::environment(format!("pod {READER} is {phase}"))
            })
        };
        let ended =
            until_answered("the data directory is read to its end", self.run.stretch(READ), ask).await?;
        let said = pods.log(READER, set.workload.container, false, LINES).await?;
        pods.delete(READER, &DeleteParams::default()).await?;
        let code = ended.exit_code;
        Ok((code != 0).then(|| format!("pg_checksums ended with {code}: {}", said.trim())))
    }

    /// Overwrites a page of a table in its file, as a disk would that errs. The server does not see it until it reads the page again.
    ///
    /// # Errors
    /// When it can't be done.
    pub async fn spoil_page(&self, pod: &str, table: &str) -> Result<()> {
        let session = self.session(pod).await?;
        session.freeze(table).await?;
        let file = format!("{}/{}", session.data_directory().await?, session.file_of(table).await?);
        self.run.log().act("spoil", format!("pod/{pod}"), format!("overwrite a page of {table}"));
        let overwrite =
            "dd if=/dev/urandom of=\"$1\" bs=8192 seek=1 count=1 conv=notrunc status=none && sync";
        let output = self.run.pod(pod).exec(&["sh", "-c", overwrite, "spoil", &file]).await?;
        if output.code != 0 {
            let said = output.stderr.trim();
            return Err(Error::environment(format!("overwriting a page of {file}: {said}")));
        }
        Ok(())
    }
}

/// A pod that reads the data directory on a PVC of a set, and is the workload otherwise.
fn reader(set: &Set, ordinal: u32) -> Result<Value> {
    let workload = set.workload;
    let mut manifest = workload.manifest()?;
    let template = manifest.find("StatefulSet", workload.name)?["spec"].take();
    let mut pod = template["template"]["spec"].clone();
    let container = workload.container_in(&mut pod)?;
    container["command"] = json!(["sh", "-c", "exec pg_checksums --check -D \"$PGDATA\" 2>&1"]);
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        container[probe] = Value::Null;
    }
    pod["restartPolicy"] = json!("Never");
    let claims = template["volumeClaimTemplates"].as_array().into_iter().flatten();
    let names = claims.filter_map(|claim| claim["metadata"]["name"].as_str());
    let volumes = names.map(|name| {
        let claim = format!("{name}-{}", set.pod_name(ordinal));
        json!({"name": name, "persistentVolumeClaim": {"claimName": claim}})
    });
    let kept = pod["volumes"].as_array().into_iter().flatten().cloned();
    pod["volumes"] = volumes.chain(kept).collect();
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": READER}, "spec": pod}))
}
