//! A namespace that somebody gave us: empty when it is taken, marked while it is ours, emptied after each scenario.

use std::time::Duration;

use external::api::{Namespaced, dynamic_objects, objects};
use futures::future::try_join_all;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{
        ConfigMap, Event, LimitRange, PersistentVolumeClaim, Pod, ResourceQuota, Secret, Service,
        ServiceAccount,
    },
    policy::v1::PodDisruptionBudget,
    rbac::v1::{Role, RoleBinding},
};
use kube::{
    Client, ResourceExt,
    core::GroupVersionKind,
    discovery::{ApiResource, Scope},
};
use serde_json::json;

use super::super::{
    cluster_scoped::{Of, remove_outside},
    kept,
    namespace::{CALL, RUN_LABEL, label_value, release_held_pods},
};
use crate::{
    error::{Error, Result, exit},
    wait::{Progress, until_asked},
};

/// Our mark in a namespace that is given, for as long as a run has it.
const MARK: &str = "steadfast-in-use";
/// How long pods and claims may take to go: the longest grace period of ours is five minutes.
const EMPTIED: Duration = Duration::from_secs(360);
/// The regular service of the API server, which one namespace has from the start.
const API_SERVICE: &str = "kubernetes";

/// Takes all of them for a run, or none: each must be there, empty, and nobody's.
pub(super) async fn take_all(client: &Client, run: &str, names: &[String]) -> Result<()> {
    try_join_all(names.iter().map(|name| must_be_empty(client, name))).await?;
    for (number, name) in names.iter().enumerate() {
        if let Err(error) = mark(client, run, name).await {
            give_back(client, run, &names[..number]).await?;
            return Err(error);
        }
    }
    Ok(())
}

/// Takes our marks away. Names what is left for want of a right, and why.
pub(super) async fn give_back(client: &Client, run: &str, names: &[String]) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for name in names {
        match delete_ours::<ConfigMap>(client, name, run).await {
            Err(error) if error.is_forbidden() => {
                left.push(format!("our mark in the namespace {name} ({error})"));
            }
            deleted => deleted?,
        }
    }
    Ok(left)
}

/// Deletes all that a scenario made in a namespace, and waits until it is gone. Names what stays for want of a right, and why.
pub(super) async fn empty(client: &Client, name: &str, run: &str) -> Result<Vec<String>> {
    remove_outside(client, Of::Namespace(name)).await?;
    release_held_pods(client, name).await?;
    // It was empty: of these kinds all is ours, also what controllers made for us.
    delete_all::<StatefulSet>(client, name).await?;
    delete_all::<Deployment>(client, name).await?;
    delete_all::<PodDisruptionBudget>(client, name).await?;
    delete_all::<Pod>(client, name).await?;
    // Of a namespace that has no mark nobody knows since when it is ours.
    let since = mark_in(client, name).await?.and_then(|mark| mark.creation_timestamp());
    let left = match since {
        Some(since) => kept::let_go(client, name, Some(&since)).await,
        None => vec![format!("what a class may keep of namespace {name}, whose mark is gone")],
    };
    delete_all::<PersistentVolumeClaim>(client, name).await?;
    delete_all::<Event>(client, name).await?;
    delete_garage_nodes(client, name).await?;
    // Of these somebody may have put some there for us.
    delete_ours::<Service>(client, name, run).await?;
    delete_ours::<Secret>(client, name, run).await?;
    delete_ours::<RoleBinding>(client, name, run).await?;
    delete_ours::<Role>(client, name, run).await?;
    delete_ours::<ServiceAccount>(client, name, run).await?;
    delete_ours::<ResourceQuota>(client, name, run).await?;
    delete_ours::<LimitRange>(client, name, run).await?;
    let but_the_mark = format!("{},!{MARK}", ours(run));
    objects::<ConfigMap>(client, name).within(CALL).delete_labelled(&but_the_mark).await?;
    let sentence = format!("the namespace {name} is empty again");
    let ask = || async {
        let left = contents(client, name).await?;
        Ok(if left.is_empty() {
            Progress::Met
        } else {
            Progress::NotYet(format!("it has {}", left.join(", ")))
        })
    };
    until_asked(&sentence, EMPTIED, ask).await.map(|_| left)
}

/// The run that has a namespace, if one has.
pub(in crate::cluster) async fn run_in(client: &Client, name: &str) -> Result<Option<String>> {
    let found = mark_in(client, name).await?;
    Ok(found.and_then(|mark| mark.labels().get(RUN_LABEL).cloned()))
}

async fn mark_in(client: &Client, name: &str) -> Result<Option<ConfigMap>> {
    let marks = objects::<ConfigMap>(client, name).doing(format!("looking for our mark in namespace {name}"));
    marks.get_opt(MARK).await
}

/// Empties what a run left in a namespace that was given to it, and takes its mark away. Names what stays for want of a right; none
/// where there was no mark.
pub(in crate::cluster) async fn sweep_given(
    client: &Client,
    name: &str,
    run: &str,
) -> Result<Option<Vec<String>>> {
    if run_in(client, name).await? != Some(label_value(run)) {
        return Ok(None);
    }
    let mut left = empty(client, name, run).await?;
    left.extend(give_back(client, run, &[name.to_owned()]).await?);
    Ok(Some(left))
}

async fn must_be_empty(client: &Client, name: &str) -> Result<()> {
    let found = contents(client, name)
        .await
        .map_err(|error| if error.is_not_found() { not_there(name) } else { error })?;
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::trouble(
        exit::SETTINGS,
        format!(
            "the namespace {name} is not empty: it has {}. Give one in which nothing runs: all that is in it is deleted",
            found.join(", ")
        ),
    ))
}

fn not_there(name: &str) -> Error {
    Error::trouble(
        exit::SETTINGS,
        format!("there is no namespace {name}: the setting namespaces names those that exist"),
    )
}

async fn mark(client: &Client, run: &str, name: &str) -> Result<()> {
    let mark = json!({"metadata": {"name": MARK, "labels": {RUN_LABEL: label_value(run), MARK: "yes"}}});
    let mark: ConfigMap = serde_json::from_value(mark).map_err(|error| Error::bug(error.to_string()))?;
    let marks = objects::<ConfigMap>(client, name).doing(format!("taking the namespace {name}"));
    match marks.create(&mark).await {
        Err(error) if error.is_conflict() => Err(Error::trouble(
            exit::IN_USE,
            format!(
                "another run of ours uses the namespace {name}, or was killed there: `steadfast down --context CONTEXT` empties it"
            ),
        )),
        Err(error) if error.is_not_found() => Err(not_there(name)),
        marked => marked.map(drop),
    }
}

/// What a namespace holds of the kinds that scenarios run.
async fn contents(client: &Client, name: &str) -> Result<Vec<String>> {
    let mut found = named::<StatefulSet>(client, name).await?;
    found.extend(named::<Deployment>(client, name).await?);
    found.extend(named::<Pod>(client, name).await?);
    found.extend(named::<PersistentVolumeClaim>(client, name).await?);
    let services = named::<Service>(client, name).await?;
    found.extend(services.into_iter().filter(|service| *service != format!("service {API_SERVICE}")));
    Ok(found)
}

async fn named<K: Namespaced>(client: &Client, namespace: &str) -> Result<Vec<String>> {
    let kind = K::kind(&()).to_lowercase();
    let doing = format!("looking for what is in namespace {namespace}");
    let found = objects::<K>(client, namespace).doing(doing).list().await?;
    Ok(found.iter().map(|object| format!("{kind} {}", object.name_any())).collect())
}

fn ours(run: &str) -> String {
    format!("{RUN_LABEL}={}", label_value(run))
}

async fn delete_ours<K: Namespaced>(client: &Client, namespace: &str, run: &str) -> Result<()> {
    objects::<K>(client, namespace).within(CALL).delete_labelled(&ours(run)).await
}

async fn delete_all<K: Namespaced>(client: &Client, namespace: &str) -> Result<()> {
    objects::<K>(client, namespace).within(CALL).delete_labelled("").await
}

/// Garage's nodes write these themselves.
async fn delete_garage_nodes(client: &Client, namespace: &str) -> Result<()> {
    let kind = GroupVersionKind::gvk("deuxfleurs.fr", "v1", "GarageNode");
    let nodes = dynamic_objects(client, &ApiResource::from_gvk(&kind), &Scope::Namespaced, namespace);
    match nodes.within(CALL).delete_labelled("").await {
        // Nobody has defined them here.
        Err(error) if error.is_not_found() => Ok(()),
        deleted => deleted,
    }
}
