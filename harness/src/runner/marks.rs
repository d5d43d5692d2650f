//! Who a pod is, and what shows that its data is its own, asked of each workload in its own way.

use std::time::Duration;

use super::Run;
use crate::{
    claim::{S6, S7},
    cluster::exec,
    error::{Error, Result},
    workload::{Set, postgres::mount_point},
};

/// How long a program in a pod may take.
const EXEC: Duration = Duration::from_secs(15);
/// The file that a mark is on a sentinel's volume.
const MARK: &str = "mark";
/// What is found where there is none.
const NONE: &str = "none";

impl Run {
    /// What the kernel calls the host inside a pod.
    ///
    /// # Errors
    /// When the pod can't be asked.
    pub async fn hostname(&self, pod: &str) -> Result<String> {
        match self.workload().name {
            "garage" => {
                let hostname = self.garage(pod).await?.node_info().await?.hostname;
                hostname.ok_or_else(|| Error::failed(format!("Garage at {pod} does not say its hostname")))
            }
            "sentinel" => Ok(self.sentinel(pod).identity().await?.hostname),
            _ => {
                let output =
                    exec(self.client(), self.namespace(), pod, "postgresql", &["hostname"], EXEC).await?;
                Ok(output.stdout.trim().to_owned())
            }
        }
    }

    /// Leaves something on the pod's volume that no other pod has, or reads what the workload itself keeps there:
    /// Garage its node id, PostgreSQL its system identifier.
    ///
    /// # Errors
    /// When the pod can't be asked. A volume that can't be written, or has another pod's mark, is a finding as well.
    pub async fn leave_mark(&self, pod: &str) -> Result<String> {
        if self.workload().name != "sentinel" {
            return self.find_mark(pod).await;
        }
        let whose = format!("{pod} of {}", self.namespace());
        let found = self.find_mark(pod).await?;
        if found != NONE && !found.starts_with(&whose) {
            let words = format!("{pod} has a volume on which another left its mark: {found:?}");
            return self.against(S7, Err(Error::failed(words)));
        }
        let mark = format!("{whose}, {}", jiff::Timestamp::now());
        let written = self.sentinel(pod).write(MARK, mark.as_bytes()).await;
        self.against(S6, written)?;
        Ok(mark)
    }

    /// What is on the pod's volume now; `none` when nothing is.
    ///
    /// # Errors
    /// When the pod can't be asked. A volume that can't be read is a finding as well.
    pub async fn find_mark(&self, pod: &str) -> Result<String> {
        match self.workload().name {
            "garage" => Ok(self.garage(pod).await?.node_info().await?.node_id),
            "sentinel" => {
                let sentinel = self.sentinel(pod);
                let read = async {
                    if !sentinel.files().await?.contains_key(MARK) {
                        return Ok(NONE.to_owned());
                    }
                    sentinel.read(MARK).await
                };
                self.against(S7, read.await)
            }
            _ => self.postgres(pod).await?.system_identifier().await,
        }
    }

    /// Where a directory of a PostgreSQL pod is mounted from, and where its claim is.
    ///
    /// # Errors
    /// When the pod can't be asked, or its manifest has no such mount.
    pub async fn mount_of(&self, set: &Set, ordinal: u32, directory: &str) -> Result<(String, String)> {
        let pod = set.pod_name(ordinal);
        let arguments = ["cat", "/proc/mounts"];
        let output = exec(self.client(), self.namespace(), &pod, "postgresql", &arguments, EXEC).await?;
        let mut manifest = self.workload().manifest()?;
        let set = manifest.find("StatefulSet", set.workload.name)?;
        let mounts = set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"].as_array();
        let claimed = mounts.into_iter().flatten().find(|mount| mount["name"] == "data");
        let claimed = claimed.and_then(|mount| mount["mountPath"].as_str());
        let claimed = claimed.ok_or_else(|| Error::bug("the container does not mount its data"))?;
        Ok((mount_point(&output.stdout, directory).to_owned(), claimed.to_owned()))
    }

    /// A secret's value from the workload's manifest.
    pub(super) fn secret(&self, secret: &str, key: &str) -> Result<String> {
        let mut manifest = self.workload().manifest()?;
        let value = manifest.find("Secret", secret)?["stringData"][key].as_str().map(str::to_owned);
        value.ok_or_else(|| Error::bug(format!("the secret {secret} has no {key}")))
    }
}
