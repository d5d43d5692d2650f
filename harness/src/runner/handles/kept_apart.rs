//! Pods that somebody else's network policies keep from each other.

use external::api::objects;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt;

use crate::{
    error::{Error, Result},
    law::Obstacle,
    runner::Run,
};

impl Run {
    /// Passes an outcome on. Where a network policy keeps pods apart, what failed says nothing of a claim.
    ///
    /// # Errors
    /// The outcome's own, and that the API server does not say which policies there are.
    pub async fn unless_kept_apart<T>(&self, outcome: Result<T>) -> Result<T> {
        let Err(Error::Failed(message)) = outcome else { return outcome };
        let policies = objects::<NetworkPolicy>(self.client(), self.namespace());
        match policies.doing("reading the network policies of a namespace of ours").list().await {
            // None of ours: whatever is there, somebody else put there.
            Ok(found) => Err(match found.first() {
                Some(policy) => Error::not_judged(
                    Obstacle::Network,
                    format!("{message}; the network policy {} may be why", policy.name_any()),
                ),
                None => Error::Failed(message),
            }),
            // Who may not see them takes it that there are none.
            Err(error) if error.is_forbidden() => Err(Error::Failed(message)),
            Err(error) => Err(error),
        }
    }
}
