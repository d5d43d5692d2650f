//! The claims of a set, as a scenario asks for them.

use std::collections::BTreeMap;

use super::Run;
use crate::{claim::S6, workload::Set};

impl Run {
    /// The set's claims of this moment: name and UID.
    pub fn claims_of(&self, set: &Set) -> BTreeMap<String, String> {
        let ours = |name: &str| set.promise.claim_ordinal(name).is_some();
        self.log().now(|world| {
            let claims = world.volume_claims.iter().filter(|(name, _)| ours(name));
            claims.map(|(name, claim)| (name.clone(), claim.meta.uid.clone())).collect()
        })
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
