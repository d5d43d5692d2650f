//! What a scenario asks of a set: its claims, its revision, what the API server refuses it.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use serde_json::json;

use super::Run;
use crate::{
    claim::Claim,
    error::{Error, Result, within},
    wait::expectations::pods_have_claims,
    workload::Set,
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(10);
/// How much later than a pod its claims may be heard.
const HEARD: Duration = Duration::from_secs(10);

impl Run {
    /// The set's claims of this moment, those of all its pods among them: name and UID.
    ///
    /// # Errors
    /// When a pod's claim is not there.
    pub async fn claims_of(&self, set: &Set) -> Result<BTreeMap<String, String>> {
        self.wait(&pods_have_claims(&set.promise), HEARD).await?;
        Ok(self.log().now(|world| {
            let claims = world.claims_of(&set.promise);
            claims.map(|claim| (claim.meta.name.clone(), claim.meta.uid.clone())).collect()
        }))
    }

    /// Gives a claim a controller of its own: a ConfigMap of this name, made for it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn own_claim(&self, set: &Set, claim: &str, owner: &str) -> Result<()> {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": owner}});
        self.apply_objects([object]).await?;
        let api: Api<ConfigMap> = Api::namespaced(self.client().clone(), self.namespace());
        let doing = format!("reading configmap {owner}");
        let found = within(CALL, &doing, api.get(owner), Error::api(doing.clone())).await?;
        let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": owner,
            "uid": found.metadata.uid, "controller": true});
        let patch = json!({"metadata": {"ownerReferences": [reference]}});
        set.change_claim(claim, &format!("owned by configmap {owner}"), &patch).await
    }

    /// The revision that the set's template has now: name and UID of the ControllerRevision.
    ///
    /// # Errors
    /// When there is no such revision.
    pub fn revision(&self, set: &Set) -> Result<(String, String)> {
        let name = set.state()?.update_revision.to_string();
        let uid = self.log().now(|world| world.revisions.get(&name).map(|meta| meta.uid.clone()));
        let uid = uid.ok_or_else(|| Error::failed(format!("expected the ControllerRevision {name}")))?;
        Ok((name, uid))
    }

    /// Judges that the API server took something. Passes its refusal on.
    ///
    /// # Errors
    /// When it did not; that it refused is a finding as well.
    pub fn judge_taken<T>(&self, claim: Claim, what: &str, outcome: Result<T>) -> Result<T> {
        let refused = |error: &Error| match error {
            Error::Api { source, .. } => {
                matches!(&**source, kube::Error::Api(status) if (400..500).contains(&status.code))
            }
            _ => false,
        };
        match outcome {
            Err(error) if refused(&error) => self
                .found(claim, Err(Error::failed(format!("{what}: expected it to be taken; found: {error}")))),
            outcome => self.found(claim, outcome),
        }
    }

    /// Judges that the API server refused with this code, and with these words about what.
    pub fn judge_refused<T>(&self, claim: Claim, what: &str, outcome: Result<T>, code: u16, words: &str) {
        let expected = format!("{what}: expected a refusal with {code} that says {words:?}");
        let refused = |error: &Error| match error {
            Error::Api { source, .. } => matches!(&**source, kube::Error::Api(status) if status.code == code),
            _ => false,
        };
        let against = match outcome {
            Ok(_) => Some(format!("{expected}; it was taken")),
            Err(error) if refused(&error) && error.to_string().contains(words) => None,
            Err(error) if error.obstacle().is_some() && !matches!(code, 401 | 403 | 429) => {
                return self.not_judged(claim, &error);
            }
            Err(error) => Some(format!("{expected}; found: {error}")),
        };
        self.judge(claim, against);
    }
}
