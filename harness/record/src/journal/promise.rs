//! What a StatefulSet's manifest promises, before any sabotage: the measure that laws apply.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What laws hold a set to. Read from the manifest as shipped, so that a control's sabotage cannot lower the bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The set's name.
    pub set: String,
    /// The governing service.
    pub service: String,
    /// Whether pods come and go one at a time (`podManagementPolicy: OrderedReady`).
    pub ordered: bool,
    /// The lowest ordinal.
    pub start: u32,
    /// Claim templates by name, with the storage that each asks for.
    pub templates: BTreeMap<String, String>,
    /// Whether claims outlive a scale-down.
    pub keeps_claims_when_scaled: bool,
    /// Whether claims outlive the set.
    pub keeps_claims_when_deleted: bool,
    /// Whether pods of an older revision stay until somebody deletes them (`updateStrategy: OnDelete`).
    #[serde(default)]
    pub on_delete: bool,
    /// Whether all pods of the old revision go before any of the new one comes (`updateStrategy: Recreate`).
    #[serde(default)]
    pub recreate: bool,
    /// A roll leaves so many of the lowest ordinals alone.
    #[serde(default)]
    pub partition: u32,
    /// How many pods a roll may take away at once.
    #[serde(default = "one")]
    pub max_unavailable: u32,
    /// How long a pod must be Ready before the next one is touched.
    #[serde(default)]
    pub min_ready_seconds: u32,
}

const fn one() -> u32 {
    1
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

/// A number of pods, or of the replicas so many in a hundred, rounded up; one at least.
fn max_unavailable(manifest: &Value) -> u32 {
    let given = manifest.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable");
    let of_hundred = || {
        let percent: u32 = given?.as_str()?.strip_suffix('%')?.parse().ok()?;
        let replicas = manifest.pointer("/spec/replicas").and_then(number).unwrap_or(1);
        Some(replicas.saturating_mul(percent).div_ceil(100))
    };
    given.and_then(number).or_else(of_hundred).unwrap_or(1).max(1)
}

impl Promise {
    /// Reads the promise of a StatefulSet's manifest; what it leaves out has the API's default.
    pub fn of(manifest: &Value) -> Self {
        let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let retains = |pointer: &str| text(pointer) != "Delete";
        let templates = manifest.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
        let number = |pointer: &str| manifest.pointer(pointer).and_then(number).unwrap_or(0);
        Self {
            set: text("/metadata/name").to_owned(),
            service: text("/spec/serviceName").to_owned(),
            ordered: text("/spec/podManagementPolicy") != "Parallel",
            start: number("/spec/ordinals/start"),
            templates: templates
                .into_iter()
                .flatten()
                .map(|template| {
                    let get = |pointer| template.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                    (get("/metadata/name").to_owned(), get("/spec/resources/requests/storage").to_owned())
                })
                .collect(),
            keeps_claims_when_scaled: retains("/spec/persistentVolumeClaimRetentionPolicy/whenScaled"),
            keeps_claims_when_deleted: retains("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted"),
            on_delete: text("/spec/updateStrategy/type") == "OnDelete",
            recreate: text("/spec/updateStrategy/type") == "Recreate",
            partition: number("/spec/updateStrategy/rollingUpdate/partition"),
            max_unavailable: max_unavailable(manifest),
            min_ready_seconds: number("/spec/minReadySeconds"),
        }
    }

    /// The name of the pod with this ordinal.
    pub fn pod(&self, ordinal: u32) -> String {
        format!("{}-{ordinal}", self.set)
    }

    /// The ordinal in a pod's name; none if the name is not one of this set's.
    pub fn ordinal(&self, pod: &str) -> Option<u32> {
        let digits = pod.strip_prefix(self.set.as_str())?.strip_prefix('-')?;
        let canonical =
            digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()));
        if canonical { digits.parse().ok() } else { None }
    }

    /// Whether a roll leaves this ordinal alone: the partition counts from where ordinals start.
    pub fn holds_back(&self, ordinal: u32) -> bool {
        ordinal < self.start.saturating_add(self.partition)
    }

    /// The names of an ordinal's claims.
    pub fn volume_claims(&self, ordinal: u32) -> impl Iterator<Item = String> {
        self.templates.keys().map(move |template| format!("{template}-{}-{ordinal}", self.set))
    }

    /// The ordinal in a claim's name; none if the name is not one of this set's.
    pub fn claim_ordinal(&self, claim: &str) -> Option<u32> {
        self.templates
            .keys()
            .find_map(|template| self.ordinal(claim.strip_prefix(template.as_str())?.strip_prefix('-')?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_replicas_is_rounded_up_to_whole_pods() {
        let of = |replicas: u32, most: Value| {
            let roll = serde_json::json!({"rollingUpdate": {"maxUnavailable": most}});
            Promise::of(&serde_json::json!({"spec": {"replicas": replicas, "updateStrategy": roll}}))
                .max_unavailable
        };
        assert_eq!(of(5, serde_json::json!("50%")), 3);
        assert_eq!(of(5, serde_json::json!("1%")), 1);
        assert_eq!(of(5, serde_json::json!(2)), 2);
        assert_eq!(of(5, Value::Null), 1);
    }

    #[test]
    fn ordinals_are_read_from_names_of_the_set_alone() {
        let promise = Promise::of(&serde_json::json!({"metadata": {"name": "db"}, "spec": {
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "8Gi"}}}}]}}));
        assert_eq!(promise.ordinal("db-0"), Some(0));
        assert_eq!(promise.ordinal("db-12"), Some(12));
        for other in ["db", "db-", "db-01", "db-x", "db-headless-0", "dbs-0", "db-+1"] {
            assert_eq!(promise.ordinal(other), None, "{other}");
        }
        assert_eq!(promise.claim_ordinal("data-db-3"), Some(3));
        assert_eq!(promise.claim_ordinal("meta-db-3"), None);
        assert!(promise.ordered && promise.keeps_claims_when_scaled && promise.keeps_claims_when_deleted);
        assert_eq!(promise.templates["data"], "8Gi");
    }
}
