//! Label selectors.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// Whether a selector selects these labels.
pub(super) fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let meets = |needed: &LabelSelectorRequirement| {
        let values = needed.values.as_deref().unwrap_or_default();
        let found = labels.get(&needed.key);
        match needed.operator.as_str() {
            "In" => found.is_some_and(|found| values.contains(found)),
            "NotIn" => !found.is_some_and(|found| values.contains(found)),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            _ => false,
        }
    };
    selector.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().flatten().all(meets)
}
