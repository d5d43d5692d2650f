//! A new object is tried in the way in which it would be applied.

use external::{api::Objects, error::Result};
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::{
    Look,
    objects::Answer,
    said::{Said, conflicts, said},
};
use crate::{Object, Way, preflight::three_way};

/// What `kubectl apply` and Argo CD leave of what they applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Look<'_> {
    /// What Helm adds to every object of a release.
    pub(super) fn mark(&self, value: &mut Value) {
        let metadata = &mut value["metadata"];
        metadata["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
        metadata["annotations"]["meta.helm.sh/release-name"] = json!(self.release.name);
        metadata["annotations"]["meta.helm.sh/release-namespace"] = json!(self.release.namespace);
    }

    /// Tries it as a dry run; where somebody else owns a field of it, that is noted, and it is tried with force.
    pub(super) async fn try_one(
        &self,
        objects: Objects<DynamicObject>,
        value: &Value,
        old: Option<&Object>,
        answer: &mut Answer,
    ) -> Result<Said<DynamicObject>> {
        let name = answer.key.name.as_str();
        let Some(live) = &answer.live else {
            // Nobody else can own anything of it, and a create says what a patch would.
            let made: DynamicObject = match serde_json::from_value(value.clone()) {
                Ok(made) => made,
                Err(_) => return said(objects.apply(name, self.manager(), value).await),
            };
            return said(objects.create(&made).await);
        };
        if !self.server_side {
            let last = live["metadata"]["annotations"][LAST_APPLIED].as_str();
            let last =
                last.filter(|_| !self.way.has_release()).and_then(|text| serde_json::from_str(text).ok());
            let applied = last.or_else(|| old.map(|old| old.value.clone())).unwrap_or_default();
            let strategic =
                said(objects.merge_strategically(name, &three_way::patch(&applied, value, true)).await)?;
            return match strategic {
                // Only the API's own kinds know how their lists are merged.
                Said::No(status) if status.code == 415 => {
                    said(objects.merge(name, &three_way::patch(&applied, value, false)).await)
                }
                answer => Ok(answer),
            };
        }
        match said(objects.apply_without_force(name, self.manager(), value).await)? {
            Said::No(status) if status.code == 409 => {
                answer.conflicts = conflicts(&status, self.manager());
                // What else would be refused is known only with force.
                said(objects.apply(name, self.manager(), value).await)
            }
            answer => Ok(answer),
        }
    }

    /// Under which name objects are applied.
    fn manager(&self) -> &'static str {
        if self.way == Way::Flux { "helm-controller" } else { "helm" }
    }
}
