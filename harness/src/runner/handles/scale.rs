//! Replicas are asked for, of whatever has them.

use std::time::Duration;

use external::api::{Namespaced, objects};
use serde_json::json;

use crate::{claim::Claim, error::Result, runner::Run, wait::expectations::asks_for, workload::Set};

/// How long the journal may take to show what a set asks for.
const SHOWN: Duration = Duration::from_secs(15);

impl Run {
    /// Scales a set by its scale subresource, and judges that it asks for so many then. Where we may not do so, it is scaled in the
    /// other way, and the report says so.
    ///
    /// # Errors
    /// When the API server refuses, or the set asks for another number; that is a finding as well.
    pub async fn judge_scaled(&self, claim: Claim, set: &Set, replicas: u32) -> Result<()> {
        match set.scale_by_subresource(replicas).await {
            Err(error) if error.is_forbidden() => {
                self.leave_out(format!("that a set can be scaled by its scale subresource: {error}"));
                return set.scale(replicas).await;
            }
            outcome => self.judge_taken(claim, "a scaling by the scale subresource", outcome)?,
        }
        self.expect(claim, &asks_for(&set.promise, replicas), SHOWN).await.map(drop)
    }
}

/// Asks for this many replicas; does not wait.
pub(super) async fn scale<K: Namespaced>(run: &Run, kind: &str, name: &str, replicas: u32) -> Result<()> {
    let doing = format!("{kind} {name}: scale to {replicas}");
    run.log().act("scale", format!("{kind}/{name}"), doing.clone());
    let objects = objects::<K>(run.client(), run.namespace()).doing(doing);
    objects.merge(name, &json!({"spec": {"replicas": replicas}})).await.map(drop)
}
