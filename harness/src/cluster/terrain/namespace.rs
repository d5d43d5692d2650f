//! What a fresh namespace tells: the families of its Services, what its pods are refused for, how its objects are kept.

use std::collections::BTreeMap;

use external::{
    api::{self, Namespaced, objects},
    refusal,
};
use futures::future::try_join_all;
use http::{HeaderMap, header::WARNING};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::{
    ConfigMap, Event, LimitRange, LimitRangeItem, PersistentVolumeClaim, ResourceQuota, Service,
};
use kube::{Client, ResourceExt, client::Body};
use serde_json::{Value, json};

use super::{
    super::namespace::{RUN_LABEL, label_value},
    Scout, known,
};
use crate::{
    error::{Error, Result},
    report::terrain::{Family, NamespaceRules, Terrain},
};

/// Asks a namespace of ours, and writes into the terrain what it tells. One thing that may not be read hides no other.
pub(super) async fn tell(client: &Client, scout: &Scout) -> Terrain {
    let quotas = objects::<ResourceQuota>(client, &scout.namespace);
    let quotas = quotas.doing("reading the quotas of a fresh namespace");
    let ranges = objects::<LimitRange>(client, &scout.namespace);
    let ranges = ranges.doing("reading the limit ranges of a fresh namespace");
    let (families, claims_changed, pods, quotas, ranges, apart) = tokio::join!(
        families(client, scout),
        claims_changed(client, scout),
        try_join_all(scout.pods.iter().map(|(_, pod)| dry_run(client, scout, pod))),
        quotas.list(),
        ranges.list(),
        events_apart(client, scout),
    );
    let mut unread = Vec::new();
    let mut rules = NamespaceRules::default();
    let pods = known(pods, &mut unread).unwrap_or_default();
    for ((workload, _), (refusal, warnings)) in scout.pods.iter().zip(pods) {
        rules.refuses.extend(refusal.map(|why| (workload.clone(), why)));
        rules.warns.extend(warnings);
    }
    rules.claims_changed = known(claims_changed, &mut unread).flatten();
    rules.warns.sort();
    rules.warns.dedup();
    rules.limits.extend(known(quotas, &mut unread).iter().flatten().map(quota));
    rules.limits.extend(known(ranges, &mut unread).iter().flatten().flat_map(limits));
    Terrain {
        families: known(families, &mut unread).unwrap_or_default(),
        events_apart: known(apart, &mut unread).flatten(),
        namespace: rules,
        unread,
        ..Terrain::default()
    }
}

/// The families of a Service that would like every one.
async fn families(client: &Client, scout: &Scout) -> Result<Vec<Family>> {
    let service = object::<Service>(json!({"metadata": {"name": "families"},
        "spec": {"clusterIP": "None", "ipFamilyPolicy": "PreferDualStack", "selector": {"app": "none"}}}))?;
    let services = objects::<Service>(client, &scout.namespace).dry_run();
    let made = services.doing("reading the IP families, by a dry run of a Service").create(&service).await?;
    let families = made.spec.and_then(|spec| spec.ip_families).unwrap_or_default();
    let family = |name: &String| match name.as_str() {
        "IPv4" => Some(Family::IPv4),
        "IPv6" => Some(Family::IPv6),
        _ => None,
    };
    Ok(families.iter().filter_map(family).collect())
}

/// What the API server makes of a PVC that is not as it was asked for; none where it makes none at all.
async fn claims_changed(client: &Client, scout: &Scout) -> Result<Option<String>> {
    let asked = object::<PersistentVolumeClaim>(json!({"metadata": {"name": "claims"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}}))?;
    let claims = objects::<PersistentVolumeClaim>(client, &scout.namespace).dry_run();
    match claims.doing("seeing by a dry run whether somebody changes claims").create(&asked).await {
        Ok(made) => Ok(changed(asked, made)),
        Err(error) if error.is_refusal() => Ok(None),
        Err(error) => Err(error),
    }
}

fn changed(asked: PersistentVolumeClaim, made: PersistentVolumeClaim) -> Option<String> {
    let seen = |claim: PersistentVolumeClaim| {
        let spec = claim.spec.unwrap_or_default();
        let storage = spec.resources.and_then(|resources| resources.requests?.remove("storage"));
        (storage.map(|storage| storage.0).unwrap_or_default(), spec.access_modes.unwrap_or_default())
    };
    let ((asked, asked_modes), (made, made_modes)) = (seen(asked), seen(made));
    let differs = (&asked, &asked_modes) != (&made, &made_modes);
    let words =
        || format!("one of {asked} {} is made {made} {}", asked_modes.join(" "), made_modes.join(" "));
    differs.then(words)
}

fn quota(quota: &ResourceQuota) -> String {
    let hard = quota.spec.as_ref().and_then(|spec| spec.hard.as_ref());
    format!("quota {}: {}", quota.name_any(), quantities(hard))
}

fn limits(range: &LimitRange) -> Vec<String> {
    let told = |limit: &LimitRangeItem| {
        let bounds = [("at least", &limit.min), ("at most", &limit.max), ("by default", &limit.default)];
        let bounds = bounds.iter().filter(|(_, bound)| bound.is_some());
        let bounds: Vec<_> =
            bounds.map(|(word, bound)| format!("{word} {}", quantities(bound.as_ref()))).collect();
        format!("limit range {}: {} {}", range.name_any(), limit.type_, bounds.join(", "))
    };
    range.spec.iter().flat_map(|spec| &spec.limits).map(told).collect()
}

fn quantities<Q: serde::Serialize>(quantities: Option<&BTreeMap<String, Q>>) -> String {
    let one = |(name, quantity): (&String, &Q)| {
        let quantity = serde_json::to_value(quantity).unwrap_or_default();
        format!("{name} {}", quantity.as_str().unwrap_or_default())
    };
    quantities.into_iter().flatten().map(one).collect::<Vec<_>>().join(", ")
}

/// What the API server says of a pod that it is not to make: why it refuses it, and what it warns of.
async fn dry_run(client: &Client, scout: &Scout, pod: &Value) -> Result<(Option<String>, Vec<String>)> {
    let doing = "asking by a dry run whether pods of ours would be taken";
    let bug = |error: &dyn std::fmt::Display| Error::bug(format!("{doing}: {error}"));
    let uri = format!("/api/v1/namespaces/{}/pods?dryRun=All", scout.namespace);
    let body = serde_json::to_vec(pod).map_err(|error| bug(&error))?;
    let request = http::Request::post(uri).header(http::header::CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(body)).map_err(|error| bug(&error))?;
    let answered = async {
        // By hand, since a client that reads answers throws warnings away.
        let answer = client.send(request).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((head, body))
    };
    let (head, body) = api::call(doing, answered).await?;
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message = said["message"].as_str().unwrap_or_default();
    let refused = match head.status.as_u16() {
        200..300 => false,
        // Not for what it is, but for where it would be: a policy, a quota, a webhook.
        400..422 => true,
        _ if refusal::behind(message).is_some() => true,
        code => return Err(Error::environment(format!("{doing}: {message} ({code})"))),
    };
    Ok((refused.then(|| message.to_owned()), warnings(&head.headers)))
}

/// The texts of HTTP's warnings: `299 - "would violate PodSecurity"`.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let text = |value: &http::HeaderValue| {
        let value = value.to_str().ok()?;
        let (_, text) = value.split_once('"')?;
        Some(text.trim_end_matches('"').replace("\\\"", "\""))
    };
    headers.get_all(WARNING).iter().filter_map(text).collect()
}

/// Whether an event that is made between two other objects does not have a version between theirs.
async fn events_apart(client: &Client, scout: &Scout) -> Result<Option<bool>> {
    let reference = json!({"kind": "ConfigMap", "name": "before", "namespace": scout.namespace});
    let event = json!({"metadata": {"name": "between"}, "involvedObject": reference, "reason": "Terrain",
        "message": "compares versions", "type": "Normal"});
    let before = made::<ConfigMap>(client, scout, json!({"metadata": {"name": "before"}})).await?;
    let between = made::<Event>(client, scout, event).await?;
    let after = made::<ConfigMap>(client, scout, json!({"metadata": {"name": "after"}})).await?;
    Ok(apart(&before, &between, &after))
}

/// None where versions are no numbers.
fn apart(before: &str, between: &str, after: &str) -> Option<bool> {
    let number = |version: &str| version.parse::<u64>().ok();
    let (before, between, after) = (number(before)?, number(between)?, number(after)?);
    Some(!(before < between && between < after))
}

/// Makes an object, and returns its version.
async fn made<K: Namespaced + serde::Serialize>(
    client: &Client,
    scout: &Scout,
    mut value: Value,
) -> Result<String> {
    // By it, a namespace that is given is emptied.
    value["metadata"]["labels"] = json!({RUN_LABEL: label_value(&scout.run)});
    let object = object::<K>(value)?;
    let doing = format!("reading whether events are kept apart: making a {}", K::kind(&()));
    let made = objects::<K>(client, &scout.namespace).doing(doing).create(&object).await?;
    Ok(made.resource_version().unwrap_or_default())
}

fn object<K: serde::de::DeserializeOwned>(value: Value) -> Result<K> {
    serde_json::from_value(value).map_err(|error| Error::bug(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_apart_when_their_versions_do_not_fit_between() {
        assert_eq!(apart("100", "101", "102"), Some(false));
        assert_eq!(apart("100", "7", "101"), Some(true));
        assert_eq!(apart("100", "90000", "101"), Some(true));
        assert_eq!(apart("100", "x", "101"), None);
    }

    #[test]
    fn who_changes_claims_is_seen_by_one_that_is_not_as_it_was_asked_for() {
        let claim = |storage: &str, mode: &str| -> PersistentVolumeClaim {
            let spec = json!({"accessModes": [mode], "resources": {"requests": {"storage": storage}}});
            serde_json::from_value(json!({"spec": spec})).unwrap()
        };
        let asked = || claim("64Mi", "ReadWriteOnce");
        assert_eq!(changed(asked(), asked()), None);
        let larger = changed(asked(), claim("1Gi", "ReadWriteOnce"));
        assert_eq!(larger.unwrap(), "one of 64Mi ReadWriteOnce is made 1Gi ReadWriteOnce");
        assert!(changed(asked(), claim("64Mi", "ReadWriteOncePod")).is_some());
    }

    #[test]
    fn a_warning_is_its_text() {
        let mut headers = HeaderMap::new();
        let said = r#"299 - "would violate PodSecurity \"restricted:latest\": runAsNonRoot != true""#;
        headers.append(WARNING, said.parse().unwrap());
        headers.append(WARNING, "299 -".parse().unwrap());
        assert_eq!(
            warnings(&headers),
            [r#"would violate PodSecurity "restricted:latest": runAsNonRoot != true"#]
        );
    }
}
