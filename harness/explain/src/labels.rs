//! Label selectors.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::Service,
    apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
};

/// Whether a Service stands for pods with these labels; one without a selector does for none.
pub(super) fn stands_for(service: &Service, labels: &BTreeMap<String, String>) -> bool {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    selector
        .filter(|selector| !selector.is_empty())
        .is_some_and(|selector| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

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
