//! Who a pod is, and what shows that its data is its own, asked of each workload in its own way.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;

use super::Run;
use crate::{
    claim::{Claim, S6, S7},
    cluster::exec,
    error::{Error, Result},
    workload::{GARAGE, SENTINEL, Set, postgres::mount_point},
};

/// How long a program in a pod may take.
const EXEC: Duration = Duration::from_secs(15);
/// The file that a mark is on a sentinel's volume.
const MARK: &str = "mark";
/// What is found where there is none.
const NONE: &str = "none";

/// What shows that a pod's data is its own: what lies on each of its volumes, and what the workload is known by.
pub type Mark = BTreeMap<String, String>;

/// What an inspector found, as a mark.
fn marked(found: BTreeMap<String, Option<String>>) -> Mark {
    found.into_iter().map(|(volume, mark)| (volume, mark.unwrap_or_else(|| NONE.to_owned()))).collect()
}

/// Asks for the marks of a set's pods, all at once.
async fn each_pod<A>(set: &Set, ask: impl Fn(String) -> A) -> Result<BTreeMap<String, Mark>>
where
    A: Future<Output = Result<Mark>>,
{
    let pods: Vec<_> = set.pods().into_keys().collect();
    let marks = try_join_all(pods.iter().cloned().map(ask)).await?;
    Ok(pods.into_iter().zip(marks).collect())
}

impl Run {
    /// What the kernel calls the host inside a pod.
    ///
    /// # Errors
    /// When the pod can't be asked.
    pub async fn hostname(&self, pod: &str) -> Result<String> {
        match self.workload() {
            GARAGE => {
                let hostname = self.garage(pod).await?.node_info().await?.hostname;
                hostname.ok_or_else(|| Error::failed(format!("Garage at {pod} does not say its hostname")))
            }
            SENTINEL => Ok(self.sentinel(pod).identity().await?.hostname),
            _ => {
                let output = exec(
                    self.client(),
                    self.namespace(),
                    pod,
                    self.workload().container,
                    &["hostname"],
                    EXEC,
                )
                .await?;
                Ok(output.stdout.trim().to_owned())
            }
        }
    }

    /// Leaves something on each of the pod's volumes that no other pod has. What shows its data to be its own from then on is
    /// that, and what the workload itself keeps there: Garage its node id, PostgreSQL its system identifier.
    ///
    /// # Errors
    /// When the pod can't be asked. A volume that can't be written, or has another pod's mark, is a finding as well.
    pub async fn leave_mark(&self, pod: &str) -> Result<Mark> {
        let whose = format!("{pod} of {}", self.namespace());
        let text = format!("{whose}, {}", jiff::Timestamp::now());
        let found = if self.workload() == SENTINEL {
            let found = self.find_mark(pod).await?;
            self.against(S6, self.sentinel(pod).write(MARK, text.as_bytes()).await)?;
            found
        } else {
            marked(self.against(S6, self.inspect(pod, Some(&text)).await)?)
        };
        if let Some((volume, foreign)) =
            found.iter().find(|(_, mark)| *mark != NONE && !mark.starts_with(&whose))
        {
            let words = format!("{pod} has a volume {volume} on which another left its mark: {foreign:?}");
            return self.against(S7, Err(Error::failed(words)));
        }
        let mark: Mark = found.into_keys().map(|volume| (volume, text.clone())).collect();
        Ok(mark.into_iter().chain(self.own_mark(pod).await?).collect())
    }

    /// What is on the pod's volumes now; `none` where nothing is.
    ///
    /// # Errors
    /// When the pod can't be asked. A volume that can't be read is a finding as well.
    pub async fn find_mark(&self, pod: &str) -> Result<Mark> {
        if self.workload() != SENTINEL {
            let found = marked(self.against(S7, self.inspect(pod, None).await)?);
            return Ok(found.into_iter().chain(self.own_mark(pod).await?).collect());
        }
        let sentinel = self.sentinel(pod);
        let read = async {
            match sentinel.files().await?.contains_key(MARK) {
                true => sentinel.read(MARK).await,
                false => Ok(NONE.to_owned()),
            }
        };
        Ok(Mark::from([("data".to_owned(), self.against(S7, read.await)?)]))
    }

    /// As [`Run::leave_mark`], at each pod of a set, by name.
    ///
    /// # Errors
    /// As there.
    pub async fn leave_marks(&self, set: &Set) -> Result<BTreeMap<String, Mark>> {
        each_pod(set, |pod| async move { self.leave_mark(&pod).await }).await
    }

    /// Judges that on the volumes of a set's pods lies what was left there.
    ///
    /// # Errors
    /// As of [`Run::find_mark`].
    pub async fn judge_marks(&self, claim: Claim, set: &Set, left: &BTreeMap<String, Mark>) -> Result<()> {
        let mut found = each_pod(set, |pod| async move { self.find_mark(&pod).await }).await?;
        for (pod, mark) in left {
            let found = found.remove(pod).unwrap_or_default();
            self.judge_equal(claim, &format!("the data of {pod}"), mark, &found);
        }
        Ok(())
    }

    /// What the workload itself keeps on its volumes, and is known by.
    async fn own_mark(&self, pod: &str) -> Result<Option<(String, String)>> {
        let (what, own) = match self.workload() {
            SENTINEL => return Ok(None),
            GARAGE => ("node id", self.garage(pod).await?.node_info().await?.node_id),
            _ => ("system identifier", self.postgres(pod).await?.system_identifier().await?),
        };
        Ok(Some((what.to_owned(), own)))
    }

    /// Where a directory of a PostgreSQL pod is mounted from, and where its claim is.
    ///
    /// # Errors
    /// When the pod can't be asked, or its manifest has no such mount.
    pub async fn mount_of(&self, set: &Set, ordinal: u32, directory: &str) -> Result<(String, String)> {
        let pod = set.pod_name(ordinal);
        let arguments = ["cat", "/proc/mounts"];
        let container = set.workload.container;
        let output = exec(self.client(), self.namespace(), &pod, container, &arguments, EXEC).await?;
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
