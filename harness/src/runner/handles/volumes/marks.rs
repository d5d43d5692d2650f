//! What shows that a pod's data is its own, asked of each workload in its own way.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use super::Volumes;
use crate::{
    claim::{S6, S7},
    error::{Error, Result},
    workload::{Kind, Set},
};

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

impl Volumes {
    /// Leaves something on each of the pod's volumes that no other pod has. What shows its data to be its own from then on is
    /// that, and what the workload itself keeps there: Garage its node id, PostgreSQL its system identifier.
    ///
    /// # Errors
    /// When the pod can't be asked. A volume that can't be written, or has another pod's mark, is a finding as well.
    pub async fn leave_mark(&self, pod: &str) -> Result<Mark> {
        let whose = format!("{pod} of {}", self.run.namespace());
        let text = format!("{whose}, {}", jiff::Timestamp::now());
        let found = if self.kind() == Kind::Sentinel {
            let found = self.find_mark(pod).await?;
            self.run.against(S6, self.run.sentinel(pod).write(MARK, text.as_bytes()).await)?;
            found
        } else {
            marked(self.run.against(S6, self.inspect(pod, Some(&text)).await)?)
        };
        if let Some((volume, foreign)) =
            found.iter().find(|(_, mark)| *mark != NONE && !mark.starts_with(&whose))
        {
            let words = format!("{pod} has a volume {volume} on which another left its mark: {foreign:?}");
            return self.run.against(S7, Err(Error::failed(words)));
        }
        let mark: Mark = found.into_keys().map(|volume| (volume, text.clone())).collect();
        Ok(mark.into_iter().chain(self.own_mark(pod).await?).collect())
    }

    /// What is on the pod's volumes now; `none` where nothing is.
    ///
    /// # Errors
    /// When the pod can't be asked. A volume that can't be read is a finding as well.
    pub async fn find_mark(&self, pod: &str) -> Result<Mark> {
        if self.kind() != Kind::Sentinel {
            let found = marked(self.run.against(S7, self.inspect(pod, None).await)?);
            return Ok(found.into_iter().chain(self.own_mark(pod).await?).collect());
        }
        let sentinel = self.run.sentinel(pod);
        let read = async {
            match sentinel.files().await?.contains_key(MARK) {
                true => sentinel.read(MARK).await,
                false => Ok(NONE.to_owned()),
            }
        };
        Ok(Mark::from([("data".to_owned(), self.run.against(S7, read.await)?)]))
    }

    /// As [`Volumes::leave_mark`], at each pod of the set, by name.
    ///
    /// # Errors
    /// As there.
    pub async fn leave_marks(&self) -> Result<BTreeMap<String, Mark>> {
        each_pod(&self.set, |pod| async move { self.leave_mark(&pod).await }).await
    }

    /// Judges that on the volumes of the set's pods lies what was left there.
    ///
    /// # Errors
    /// As of [`Volumes::find_mark`].
    pub async fn judge_marks(&self, claim: Claim, left: &BTreeMap<String, Mark>) -> Result<()> {
        let mut found = each_pod(&self.set, |pod| async move { self.find_mark(&pod).await }).await?;
        for (pod, mark) in left {
            let found = found.remove(pod).unwrap_or_default();
            self.run.judge_equal(claim, &format!("the data of {pod}"), mark, &found);
        }
        Ok(())
    }

    /// What the workload itself keeps on its volumes, and is known by.
    async fn own_mark(&self, pod: &str) -> Result<Option<(String, String)>> {
        let (what, own) = match self.kind() {
            Kind::Sentinel | Kind::Chart => return Ok(None),
            Kind::Garage => ("node id", self.run.garage().admin(pod).await?.node_info().await?.node_id),
            Kind::PostgreSql { .. } => {
                ("system identifier", self.run.postgres().session(pod).await?.system_identifier().await?)
            }
        };
        Ok(Some((what.to_owned(), own)))
    }
}
