//! What a scenario asks of a set: its claims, its revision, what the API server refuses it.

use std::collections::BTreeMap;

use super::Run;
use crate::{
    claim::{Claim, S6},
    error::{Error, Result},
    workload::Set,
};

impl Run {
    /// The set's claims of this moment: name and UID.
    pub fn claims_of(&self, set: &Set) -> BTreeMap<String, String> {
        let ours = |name: &str| set.promise.claim_ordinal(name).is_some();
        self.log().now(|world| {
            let claims = world.volume_claims.iter().filter(|(name, _)| ours(name));
            claims.map(|(name, claim)| (name.clone(), claim.meta.uid.clone())).collect()
        })
    }

    /// The revision that the set's template has now: name and UID of the ControllerRevision.
    ///
    /// # Errors
    /// When there is no such revision.
    pub fn revision(&self, set: &Set) -> Result<(String, String)> {
        let name = set.state()?.update_revision.clone();
        let uid = self.log().now(|world| world.revisions.get(&name).map(|meta| meta.uid.clone()));
        let uid = uid.ok_or_else(|| Error::failed(format!("expected the ControllerRevision {name}")))?;
        Ok((name, uid))
    }

    /// Judges that the API server refused, with these words.
    pub fn judge_refused<T>(&self, claim: Claim, what: &str, outcome: Result<T>, words: &str) {
        let against = match outcome {
            Ok(_) => Some(format!("{what}: expected a refusal that says {words:?}; it was taken")),
            Err(error) if error.to_string().contains(words) => None,
            Err(error) => Some(format!("{what}: expected a refusal that says {words:?}; found: {error}")),
        };
        self.judge(claim, against);
    }

    /// Judges that there is one Bound claim for each template and replica, and no other.
    pub fn judge_claims_bound(&self, set: &Set, replicas: u32) {
        let start = set.promise.start;
        let wanted: Vec<_> =
            (start..start + replicas).flat_map(|ordinal| set.promise.claims(ordinal)).collect();
        let wanted: BTreeMap<String, String> =
            wanted.into_iter().map(|name| (name, "Bound".to_owned())).collect();
        let found = self.log().now(|world| {
            let claims =
                world.volume_claims.iter().filter(|(name, _)| set.promise.claim_ordinal(name).is_some());
            claims.map(|(name, claim)| (name.clone(), claim.phase.clone())).collect::<BTreeMap<_, _>>()
        });
        self.judge_equal(S6, &format!("the claims of {replicas} replicas"), wanted, found);
    }
}
