//! What a pod was given where its set asks for something else: its time to stop, its memory.

use std::{fmt::Debug, time::Duration};

use k8s_openapi::api::core::v1::PodSpec;
use record::quantity;

use super::{Pod, admission};
use crate::{
    error::{Error, Result},
    law::Obstacle,
    workload::sentinel::Held,
};

/// What no limit may be above, in MiB, so that a pod that passes it harms no node.
const HARMLESS: f64 = 1024.0;

impl Pod {
    /// What its spec has here, where somebody else gave that to it, or to the template of its set: what we asked for is another.
    ///
    /// # Errors
    /// [`Error::Failed`] where nobody else may have, and whatever says nothing when the API server does not tell.
    async fn given_instead<T: PartialEq + Debug>(
        &self,
        what: &str,
        of: impl Fn(&PodSpec) -> Option<T>,
    ) -> Result<Option<Option<T>>> {
        let pod = self.object().await?;
        let asked = of(&self.asked()?);
        // A pod may be given other resources while it runs, which makes another generation of it.
        let as_made = pod.metadata.generation.unwrap_or(1) <= 1;
        let Some(given) = instead(of(&pod.spec.unwrap_or_default()), asked.as_ref()) else { return Ok(None) };
        // In a cluster of ours there is nobody else.
        if as_made
            && (self.run.is_in_cluster_of_ours() || admission::changes_nothing(self.run.client()).await)
        {
            return Err(Error::failed(format!(
                "the {what} of {}: expected {asked:?}, as its set asks, found {given:?}; and nothing changes sets or pods here on their way in",
                self.name
            )));
        }
        Ok(Some(given))
    }

    /// How long it may take to stop, where it was made to have so many seconds.
    ///
    /// # Errors
    /// When the API server does not tell.
    pub async fn grace(&self, asked: u64) -> Result<Duration> {
        let given = self.given_instead("grace period", |spec| spec.termination_grace_period_seconds).await?;
        let given = given.flatten().and_then(|seconds| u64::try_from(seconds).ok());
        Ok(Duration::from_secs(given.unwrap_or(asked)))
    }

    /// How many MiB are too many for it, where it was made so that so many are: twice its limit. None where it was given no
    /// limit, or so large a one that a node would suffer.
    ///
    /// # Errors
    /// When the API server does not tell.
    pub async fn too_many_mebibytes(&self, asked: u32) -> Result<Option<u32>> {
        let container = self.run.workload().container;
        if memory_limit(&self.asked()?, container).is_none()
            && let Some(limit) = memory_limit(&self.object().await?.spec.unwrap_or_default(), container)
        {
            let words =
                format!("{} was given a memory limit of {limit}, and its set asks for none", self.name);
            return Err(Error::not_judged(Obstacle::Quota, words));
        }
        let given = self.given_instead("memory limit", |spec| memory_limit(spec, container)).await?;
        Ok(given.map_or(Some(asked), |limit| twice(limit.as_deref()?)))
    }

    /// Lets its sentinel not stop when it is told, for as long as its grace lasts.
    ///
    /// # Errors
    /// When it does not answer, or has less grace than its set asks for: what is watched meanwhile might end before.
    pub async fn hold_stop(&self) -> Result<()> {
        self.has_its_grace().await?;
        self.run.sentinel(&self.name).hold(Held { stop: Some(true), ..Held::default() }).await
    }

    /// Sees that it has all the grace that its set asks for.
    ///
    /// # Errors
    /// [`Error::NotJudged`] when it has less, and whatever says nothing when the API server does not tell.
    pub async fn has_its_grace(&self) -> Result<()> {
        let asked =
            self.asked()?.termination_grace_period_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let Some(asked) = asked else { return Ok(()) };
        let given = self.grace(asked).await?;
        if given >= Duration::from_secs(asked) {
            return Ok(());
        }
        let message = format!("{} was given {given:?} to stop, and its set asks for {asked} s", self.name);
        Err(Error::not_judged(Obstacle::Admission, message))
    }

    /// The spec that the set asks for which was deployed last.
    fn asked(&self) -> Result<PodSpec> {
        let asked = self.run.state().asked.pointer("/spec/template/spec").cloned();
        let asked = asked.map(serde_json::from_value).transpose();
        asked.map(Option::unwrap_or_default).map_err(|error| Error::bug(error.to_string()))
    }
}

/// What was given where something else was asked for; none where nothing was.
fn instead<T: PartialEq>(given: Option<T>, asked: Option<&T>) -> Option<Option<T>> {
    (asked.is_some() && given.as_ref() != asked).then_some(given)
}

fn memory_limit(spec: &PodSpec, container: &str) -> Option<String> {
    let container = spec.containers.iter().find(|one| one.name == container)?;
    Some(container.resources.as_ref()?.limits.as_ref()?.get("memory")?.0.clone())
}

/// Twice a limit, in whole MiB.
fn twice(limit: &str) -> Option<u32> {
    let mebibytes = quantity::parse(limit)? / f64::from(1 << 20);
    (mebibytes <= HARMLESS).then_some((mebibytes * 2.0).ceil() as u32)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_given_counts_where_it_is_not_what_was_asked_for() {
        assert_eq!(instead(Some(30), Some(&8)), Some(Some(30)));
        assert_eq!(instead(None, Some(&8)), Some(None));
        assert_eq!(instead(Some(8), Some(&8)), None);
        assert_eq!(instead(Some(30), None), None);
    }

    #[test]
    fn a_limit_is_read_of_the_container_that_is_meant_and_passed_by_as_much_again() {
        let limits = json!({"limits": {"memory": "96Mi"}});
        let spec = json!({"containers": [{"name": "mesh"}, {"name": "db", "resources": limits}]});
        let spec: PodSpec = serde_json::from_value(spec).unwrap();
        assert_eq!(memory_limit(&spec, "db").as_deref().and_then(twice), Some(192));
        assert_eq!(memory_limit(&spec, "mesh"), None);
        assert_eq!((twice("1Gi"), twice("2Gi"), twice("100M")), (Some(2048), None, Some(191)));
    }
}
