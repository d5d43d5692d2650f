//! Server-side apply, in an order in which each object finds what it needs.

use std::time::Duration;

use external::api::{dynamic_objects, served_kind};
use kube::{
    Client,
    core::{GroupVersionKind, TypeMeta},
    discovery::Scope,
};
use serde_json::{Value, json};

use super::Manifest;
use crate::{
    cluster::{RUN_LABEL, share, use_label},
    error::{Error, Result, within},
    law::Obstacle,
    wait::{pause, until_answered},
};

/// Our field manager.
pub const FIELD_MANAGER: &str = "steadfast";
/// How long a new kind may take until the API serves it.
const KIND_DEADLINE: Duration = Duration::from_secs(20);
/// How long all addresses of Services may be given.
const ROOM_DEADLINE: Duration = Duration::from_secs(120);

/// Applies every object of a manifest in a namespace, with these labels.
///
/// # Errors
/// When the API server refuses an object; the message names it.
pub async fn apply(
    client: &Client,
    namespace: &str,
    manifest: &Manifest,
    labels: &[(&str, &str)],
) -> Result<()> {
    let mut objects: Vec<&Value> = manifest.objects.iter().collect();
    objects.sort_by_key(|object| rank(object["kind"].as_str().unwrap_or_default()));
    for object in objects {
        apply_one(client, namespace, object, labels).await?;
    }
    Ok(())
}

/// What others refer to comes first, and what makes pods last: its pods find claims, budgets and services that were made for them.
fn rank(kind: &str) -> u8 {
    match kind {
        "CustomResourceDefinition" => 0,
        "ServiceAccount" | "Secret" | "ConfigMap" => 1,
        "Role" | "ClusterRole" => 2,
        "RoleBinding" | "ClusterRoleBinding" => 3,
        "Deployment" | "Pod" | "StatefulSet" => 5,
        _ => 4,
    }
}

async fn apply_one(client: &Client, namespace: &str, object: &Value, labels: &[(&str, &str)]) -> Result<()> {
    let types: TypeMeta = TypeMeta {
        api_version: object["apiVersion"].as_str().unwrap_or_default().to_owned(),
        kind: object["kind"].as_str().unwrap_or_default().to_owned(),
    };
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let doing = format!("applying {} {name}", types.kind);
    let kind = GroupVersionKind::try_from(&types)
        .map_err(|error| Error::environment(format!("{doing}: its apiVersion is malformed: {error}")))?;
    let (resource, scope) = served_kind(client, &kind, &doing).await?;
    let objects = dynamic_objects(client, &resource, &scope, namespace).doing(&doing);
    let mut object = object.clone();
    for (label, value) in labels {
        object["metadata"]["labels"][*label] = json!(value);
    }
    if scope == Scope::Namespaced {
        object["metadata"]["namespace"] = json!(namespace);
    }
    if types.kind != "CustomResourceDefinition" {
        // Services of others go, and their addresses are free again.
        let sentence = format!("{doing}: there is an address left");
        let made = until_answered(&sentence, ROOM_DEADLINE, || async {
            unless_full(objects.apply(name, FIELD_MANAGER, &object).await)
        });
        return made.await?.map(drop);
    }
    // A definition is the whole cluster's: one that is there is somebody's, or another run's, and stays as it is.
    let run = labels.iter().find(|(label, _)| *label == RUN_LABEL).map(|(_, run)| *run);
    let there = match run {
        Some(run) => share(client, name, run).await?,
        None => objects.get_opt(name).await?.is_some(),
    };
    if !there {
        if let Some(run) = run {
            object["metadata"]["labels"][use_label(run)] = json!("yes");
        }
        objects.apply(name, FIELD_MANAGER, &object).await?;
    }
    served(client, &object, &doing).await
}

/// What was answered; an error where no answer is taken yet, for all addresses are given.
fn unless_full<T>(answer: Result<T>) -> Result<Result<T>> {
    match answer {
        Err(error) if error.obstacle() == Some(Obstacle::Room) => Err(error),
        answer => Ok(answer),
    }
}

/// A definition is accepted before its kind is served, so the API must be asked until it is.
async fn served(client: &Client, definition: &Value, doing: &str) -> Result<()> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let kind =
        GroupVersionKind::gvk(text("/spec/group"), text("/spec/versions/0/name"), text("/spec/names/kind"));
    let serving = async {
        while served_kind(client, &kind, doing).await.is_err() {
            pause(Duration::from_millis(50)).await;
        }
        Ok::<_, Error>(())
    };
    within(KIND_DEADLINE, &format!("{doing}: waiting until the API serves {}", kind.kind), serving, |error| {
        error
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_address_left_is_asked_again_and_any_other_answer_is_one() {
        let answered = |code, message: &str| {
            let status =
                kube::core::Status { code, message: message.into(), ..kube::core::Status::default() };
            unless_full::<()>(Err(Error::api("applying Service db")(kube::Error::Api(Box::new(status)))))
        };
        assert!(
            answered(500, "Internal error occurred: failed to allocate a serviceIP: range is full").is_err()
        );
        assert!(answered(422, "Service \"db\" is invalid").unwrap().is_err());
        assert!(unless_full(Ok(())).unwrap().is_ok());
    }

    #[test]
    fn what_makes_pods_comes_after_all_that_they_need() {
        for needed in
            ["CustomResourceDefinition", "Secret", "RoleBinding", "Service", "PersistentVolumeClaim"]
        {
            assert!(rank(needed) < rank("StatefulSet"), "{needed}");
        }
    }
}
