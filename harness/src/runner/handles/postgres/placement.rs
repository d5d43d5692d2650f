//! Whether all that a database keeps lies on the PVCs of its set.

use std::collections::BTreeSet;

use super::PostgresStore;
use crate::{
    error::{Error, Result},
    workload::{Set, postgres::off_the_claims},
};

/// Where what it may not lose may lie elsewhere, by a link. An empty glob stays as it is, and is none.
const DIRECTORIES: &str =
    "for directory in \"$1\" \"$1\"/base \"$1\"/global \"$1\"/pg_wal \"$1\"/pg_tblspc/*; do
    if [ -e \"$directory\" ]; then echo \"$directory\"; readlink -f \"$directory\"; fi
done";

impl PostgresStore {
    /// Which directories of a pod's database are on no PVC of its set, wherever links lead, in words.
    ///
    /// # Errors
    /// When the pod can't be asked.
    pub async fn against_placement(&self, set: &Set, ordinal: u32) -> Result<Vec<String>> {
        let name = set.pod_name(ordinal);
        let data = self.session(&name).await?.data_directory().await?;
        let pod = self.run.pod(&*name);
        let listed = pod.exec(&["sh", "-c", DIRECTORIES, "directories", &data]).await?;
        let lines: Vec<String> = listed.stdout.lines().map(str::to_owned).collect();
        let directories: Vec<(String, String)> = lines
            .chunks_exact(2)
            .filter_map(|pair| Some((pair.first()?.clone(), pair.get(1)?.clone())))
            .collect();
        if listed.code != 0 || directories.is_empty() {
            let said = listed.stderr.trim();
            return Err(Error::environment(format!("asking {name} where {data} leads to: {said}")));
        }
        let mounts = pod.exec(&["cat", "/proc/mounts"]).await?;
        let claimed = self.claimed(set, ordinal).await?;
        Ok(off_the_claims(&directories, &mounts.stdout, &claimed))
    }

    /// Where the database's container has the PVCs of its set.
    async fn claimed(&self, set: &Set, ordinal: u32) -> Result<BTreeSet<String>> {
        let asked = self.run.pod(set.pod_name(ordinal));
        let pod = asked.object().await?.spec.unwrap_or_default();
        let claims: BTreeSet<String> = set.promise.volume_claims(ordinal).collect();
        let volumes = pod.volumes.unwrap_or_default().into_iter().filter(|volume| {
            let claim = volume.persistent_volume_claim.as_ref();
            claim.is_some_and(|claim| claims.contains(&claim.claim_name))
        });
        let volumes: BTreeSet<String> = volumes.map(|volume| volume.name).collect();
        let own = pod.containers.into_iter().filter(|container| container.name == set.workload.container);
        let mounts = own.flat_map(|container| container.volume_mounts.unwrap_or_default());
        let paths = mounts.filter(|mount| volumes.contains(&mount.name)).map(|mount| mount.mount_path);
        // The image may have links on the way there as well.
        let ask: Vec<String> = ["readlink", "-f"].map(str::to_owned).into_iter().chain(paths).collect();
        let ask: Vec<&str> = ask.iter().map(String::as_str).collect();
        let resolved = asked.exec(&ask).await?;
        Ok(resolved.stdout.lines().map(str::to_owned).collect())
    }

    /// Adds a tablespace at a new directory of a pod. The server starts without it as well, while nobody keeps anything there.
    ///
    /// # Errors
    /// When it can't be done.
    pub async fn add_tablespace(&self, pod: &str, directory: &str) -> Result<()> {
        self.run.log().act("tablespace", format!("pod/{pod}"), format!("add a tablespace at {directory}"));
        let made = self.run.pod(pod).exec(&["mkdir", "-p", directory]).await?;
        if made.code != 0 {
            let said = made.stderr.trim();
            return Err(Error::environment(format!("making {directory} at {pod}: {said}")));
        }
        let session = self.session(pod).await?;
        let statement = format!("create tablespace elsewhere location '{directory}'");
        session.run("adding a tablespace", session.client().batch_execute(&statement)).await
    }
}
