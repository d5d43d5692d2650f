//! Who may change pods and their sets on the way into the API server: where nobody does, they are as their manifests say.

use external::api;
use http::Request;
use kube::Client;
use serde_json::Value;

/// The API group of those who may.
const GROUP: &str = "/apis/admissionregistration.k8s.io";
/// The versions in which its policies are or were served.
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha1"];

/// Whether it is known that no webhook and no policy changes pods or their sets. Who may not look does not know.
pub(super) async fn changes_nothing(client: &Client) -> bool {
    let webhooks = items(client, "v1/mutatingwebhookconfigurations").await;
    let mut nobody = webhooks.is_some_and(|webhooks| !webhooks.iter().any(minds));
    for version in VERSIONS {
        let policies = items(client, &format!("{version}/mutatingadmissionpolicies")).await;
        nobody &= policies.is_some_and(|policies| policies.is_empty());
    }
    nobody
}

/// The objects at a path; no object where the API server knows no such kind, and none where it does not say.
async fn items(client: &Client, path: &str) -> Option<Vec<Value>> {
    let request = Request::get(format!("{GROUP}/{path}")).body(Vec::new()).ok()?;
    match api::call(format!("listing {path}"), client.request::<Value>(request)).await {
        Ok(mut list) => serde_json::from_value(list["items"].take()).ok(),
        Err(error) if error.is_not_found() => Some(Vec::new()),
        Err(_) => None,
    }
}

/// Whether a rule of the webhooks may be of pods or of StatefulSets, in whatever namespaces.
fn minds(configuration: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut rules = list(&configuration["webhooks"]).into_iter().flat_map(|webhook| list(&webhook["rules"]));
    let has = |value: &Value, any: &[&str]| {
        list(value).iter().any(|one| one.as_str().is_some_and(|one| any.contains(&one)))
    };
    rules.any(|rule| {
        [("", "pods", "pods/*"), ("apps", "statefulsets", "statefulsets/*")].into_iter().any(
            |(group, kind, parts)| {
                has(&rule["apiGroups"], &[group, "*"]) && has(&rule["resources"], &[kind, parts, "*", "*/*"])
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_webhook_is_of_pods_or_of_their_sets_when_a_rule_of_it_is() {
        let minds = |groups: &[&str], resources: &[&str]| {
            let other = json!({"apiGroups": ["apps"], "resources": ["deployments"]});
            let rule = json!({"apiGroups": groups, "resources": resources});
            minds(&json!({"webhooks": [{"rules": [other]}, {"rules": [rule]}]}))
        };
        assert!(minds(&[""], &["services", "pods"]) && minds(&["*"], &["*/*"]));
        assert!(minds(&["apps"], &["deployments", "statefulsets"]) && minds(&["apps"], &["*"]));
        assert!(!minds(&["apps"], &["pods"]) && !minds(&[""], &["configmaps", "statefulsets"]));
        assert!(!super::minds(&json!({"webhooks": [{}]})) && !super::minds(&json!({})));
    }
}
