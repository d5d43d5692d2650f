//! Namespaces: one a scenario, labelled with its run, so that what a killed run left is found and swept.

use std::{collections::BTreeSet, time::Duration};

use camino::Utf8Path;
use external::api::{cluster_objects, objects};
use k8s_openapi::api::core::v1::{Namespace, Pod, ServiceAccount};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ObjectMeta},
    runtime::watcher::Config,
};
use sha2::{Digest, Sha256};

use super::{
    cluster_scoped::{Of, remove_outside},
    definitions::leave_definitions,
    kept,
    namespaces::sweep_given,
    ready::until,
    runs,
};
use crate::{error::Result, law::Obstacle, wait::until_answered};

/// The label with the run's id, on everything that a run creates.
pub const RUN_LABEL: &str = "steadfast.dev/run";
/// The label with the scenario's name, made fit by [`label_value`].
pub const SCENARIO_LABEL: &str = "steadfast.dev/scenario";

/// The finalizer with which a scenario keeps a pod from being gone.
pub const HOLD_FINALIZER: &str = "steadfast.dev/hold";

/// How long the API server may take to make or end what a whole scenario lives in: others do so at the same time.
pub(super) const CALL: Duration = Duration::from_secs(30);
/// How long an API server may be away when a scenario begins, which has asked nothing of it yet.
const AWAY: Duration = Duration::from_secs(60);
/// How long a fresh namespace may take to have its ServiceAccount.
const SETTLED: Duration = Duration::from_secs(30);

/// A text as a label's value: `ordering::scale_down` becomes `ordering.scale_down`, and what is too long ends in
/// a hash.
pub fn label_value(text: &str) -> String {
    const LONGEST: usize = 63;
    let fit =
        |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let value: String = text.replace("::", ".").chars().map(fit).collect();
    let value = value.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    if value.len() <= LONGEST {
        return value.to_owned();
    }
    let hash: String = Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hash}", &value[..LONGEST - 9])
}

/// Creates a namespace for a scenario, and waits until pods can be created in it.
///
/// # Errors
/// The API's own, at once where it refuses and after a minute where it is away; or no default ServiceAccount comes.
pub async fn create_namespace(client: &Client, name: &str, run: &str, scenario: &str) -> Result<()> {
    let labels = [(RUN_LABEL, run), (SCENARIO_LABEL, scenario)];
    let labels = labels.map(|(label, value)| (label.to_owned(), label_value(value)));
    let metadata =
        ObjectMeta { name: Some(name.to_owned()), labels: Some(labels.into()), ..ObjectMeta::default() };
    let namespace = Namespace { metadata, ..Namespace::default() };
    let namespaces = cluster_objects::<Namespace>(client).within(CALL);
    let make = || async {
        match namespaces.create(&namespace).await {
            // It was made, and the answer was lost: nobody else has one of this name.
            Err(error) if error.is_conflict() => Ok(Ok(())),
            Err(error) if error.obstacle() == Some(Obstacle::ApiAway) => Err(error),
            outcome => Ok(outcome.map(drop)),
        }
    };
    until_answered(&format!("the namespace {name} is made"), AWAY, make).await??;

    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), name);
    let config = Config::default().fields("metadata.name=default");
    let what = format!("the default ServiceAccount of namespace {name}");
    until(accounts, config, SETTLED, &what, |found| {
        if found.is_empty() { Err("it is not there".to_owned()) } else { Ok(()) }
    })
    .await
}

/// Begins to delete a namespace, with what its scenario made outside it; one that is not there is deleted already. Names what stays
/// and why.
///
/// # Errors
/// The API's own.
pub async fn delete_namespace(client: &Client, name: &str) -> Result<Vec<String>> {
    remove_outside(client, Of::Namespace(name)).await?;
    release_held_pods(client, name).await?;
    let namespaces = cluster_objects::<Namespace>(client).within(CALL);
    match namespaces.delete(name, &DeleteParams::background()).await {
        Err(error) if error.is_not_found() || error.is_conflict() => {}
        outcome => drop(outcome?),
    }
    // Not before: volumes are made as long as claims are.
    Ok(kept::let_go(client, name, None).await)
}

/// A scenario that ended early, or was killed, may have left pods held, and a held pod would keep its namespace.
pub(super) async fn release_held_pods(client: &Client, namespace: &str) -> Result<()> {
    let pods = objects::<Pod>(client, namespace).within(CALL);
    let doing = format!("looking for held pods in namespace {namespace}");
    let found = pods.clone().doing(doing).list().await?;
    for pod in found.iter().filter(|pod| pod.finalizers().iter().any(|held| held == HOLD_FINALIZER)) {
        let name = pod.name_any();
        let doing = format!("releasing the held pod {name} in namespace {namespace}");
        let patch = serde_json::json!({"metadata": {"finalizers": null}});
        match pods.clone().doing(doing).merge(&name, &patch).await {
            Err(error) if error.is_not_found() => {}
            released => drop(released?),
        }
    }
    Ok(())
}

/// The namespaces that a run made.
pub(super) async fn namespaces_of(client: &Client, run: &str) -> Result<Vec<String>> {
    let namespaces =
        cluster_objects::<Namespace>(client).doing(format!("listing the namespaces of run {run}"));
    match namespaces.list_labelled(&format!("{RUN_LABEL}={}", label_value(run))).await {
        // Who may not see them can't have made them.
        Err(error) if error.is_forbidden() => Ok(Vec::new()),
        found => Ok(found?.iter().map(ResourceExt::name_any).collect()),
    }
}

/// Deletes what killed runs left in this cluster, also in namespaces that are given, and returns the names of those namespaces.
/// Only runs that are recorded in this cache, and that no process holds, are swept.
///
/// # Errors
/// The API's own.
pub async fn sweep(
    client: &Client,
    cache: &Utf8Path,
    cluster: &str,
    given: &[String],
) -> Result<Vec<String>> {
    let (mut swept, mut left) = (Vec::new(), BTreeSet::new());
    for dead in runs::dead(cache)? {
        if dead.cluster != cluster {
            continue;
        }
        for name in namespaces_of(client, &dead.run).await? {
            left.extend(delete_namespace(client, &name).await?);
            swept.push(name);
        }
        for name in given {
            if let Some(stays) = sweep_given(client, name, &dead.run).await? {
                left.extend(stays);
                swept.push(name.clone());
            }
        }
        // What it may not take away, it may not have brought.
        leave_definitions(client, std::slice::from_ref(&dead.run)).await?;
        dead.forget();
    }
    for what in left {
        tracing::warn!(%what, "stays");
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_fit() {
        assert_eq!(label_value("ordering::scale_down::garage"), "ordering.scale_down.garage");
        assert_eq!(label_value("::control S9 (parallel)"), "control-S9--parallel");
        let long = label_value(&"a::b".repeat(40));
        assert!(long.len() <= 63 && long.ends_with(|letter: char| letter.is_ascii_hexdigit()), "{long}");
        assert_ne!(long, label_value(&"a::b".repeat(41)));
        assert_eq!(label_value(""), "");
    }
}
