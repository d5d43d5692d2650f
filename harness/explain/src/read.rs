//! Reading the picture: each call has a deadline, and what is not needed may be refused.

use external::{
    api::{self, Kind, Namespaced, Objects, cluster_objects, objects},
    error::{Error, Result, exit},
};
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Namespace, Pod},
};
use kube::{Client, ResourceExt};

use super::{
    Picture,
    picture::{Look, spec},
};

/// What the command needs, for who grants it.
const NEEDED: &str = "statefulsets.apps,pods,persistentvolumeclaims,events";

/// Looks at a set, once.
pub(super) async fn picture(client: &Client, namespace: &str, name: &str) -> Result<Picture> {
    let at = clock(client, namespace).await?;
    let set = set(client, namespace, name).await?;
    let (pods, claims, events) = tokio::try_join!(
        needed(client, namespace, "pods"),
        needed(client, namespace, "persistentvolumeclaims"),
        needed(client, namespace, "events"),
    )?;
    let (home, quotas, budgets, revisions, classes, volumes, nodes) = tokio::join!(
        home(client, namespace),
        optional(objects(client, namespace)),
        optional(objects(client, namespace)),
        optional(objects(client, namespace)),
        optional(cluster_objects(client)),
        optional(cluster_objects(client)),
        optional(cluster_objects(client)),
    );
    let mut picture = Picture {
        at,
        quiet: false,
        set,
        home,
        pods,
        claims,
        events,
        quotas,
        budgets,
        revisions,
        classes,
        volumes,
        nodes,
        neighbours: Ok(Vec::new()),
    };
    // They may be many, and only say how much room the nodes have.
    if picture.pods_of_set().values().any(|pod| spec(pod).node_name.is_none()) {
        picture.neighbours = optional(cluster_objects::<Pod>(client)).await;
    }
    Ok(picture)
}

/// The API server's clock: ours may be another. It is also the first question, so that it shows who does not answer.
async fn clock(client: &Client, namespace: &str) -> Result<Timestamp> {
    let doing = "asking the API server for its version";
    let clock = api::clock(client, doing).await.map_err(|error| trouble(namespace, "", error))?;
    Ok(clock.unwrap_or_else(Timestamp::now))
}

async fn set(client: &Client, namespace: &str, name: &str) -> Result<StatefulSet> {
    let doing = format!("get statefulset {name} in namespace {namespace}");
    let found = objects::<StatefulSet>(client, namespace).doing(doing).get_opt(name).await;
    match found.map_err(|error| trouble(namespace, "statefulsets.apps", error))? {
        Some(set) => Ok(set),
        None => Err(absent(client, namespace, name).await),
    }
}

/// No such set: what there is instead, as far as it can be seen.
async fn absent(client: &Client, namespace: &str, name: &str) -> Error {
    let there = cluster_objects::<Namespace>(client).get_opt(namespace).await;
    if matches!(there, Ok(None)) {
        return Error::trouble(
            exit::NO_SET,
            format!("there is no namespace {namespace}: kubectl get namespaces"),
        );
    }
    let names = optional(objects::<StatefulSet>(client, namespace)).await.unwrap_or_default();
    let names = names.iter().map(ResourceExt::name_any).collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none that can be seen".to_owned() } else { names };
    Error::trouble(
        exit::NO_SET,
        format!(
            "there is no StatefulSet {name} in namespace {namespace}; there are: {names}. Another namespace: -n; all: kubectl get statefulsets -A"
        ),
    )
}

async fn needed<K: Namespaced>(client: &Client, namespace: &str, kind: &str) -> Result<Vec<K>> {
    let doing = format!("list {kind} in namespace {namespace}");
    let found = objects::<K>(client, namespace).doing(doing).list().await;
    found.map_err(|error| trouble(namespace, kind, error))
}

/// What helps, and is left out where it can't be had.
async fn optional<K: Kind>(objects: Objects<K>) -> Look<K> {
    objects.list().await.map_err(reason)
}

/// Why something could not be looked at.
fn reason(error: Error) -> String {
    match error {
        Error::Api { source, .. } => match *source {
            kube::Error::Api(status) if status.code == 403 => "forbidden".to_owned(),
            other => other.to_string(),
        },
        Error::Deadline { deadline, .. } => format!("no answer within {deadline:?}"),
        other => other.to_string(),
    }
}

/// The namespace itself, which alone says that it is being deleted: in one that is, no event can be written any more.
async fn home(client: &Client, namespace: &str) -> Look<Namespace> {
    let found = cluster_objects::<Namespace>(client).get_opt(namespace).await;
    found.map(|found| found.into_iter().collect()).map_err(reason)
}

/// What a call that is needed ended with, as something that the user can act on.
fn trouble(namespace: &str, resource: &str, error: Error) -> Error {
    let (doing, error) = match error {
        Error::Api { doing, source } => (doing, *source),
        // No answer in time is as good as none.
        Error::Deadline { doing, deadline } => {
            return Error::trouble(
                exit::UNREACHABLE,
                format!(
                    "{doing}: the API server does not answer within {deadline:?}: check the context, the network and the cluster (kubectl cluster-info)"
                ),
            );
        }
        other => return other,
    };
    match error {
        kube::Error::Api(status) if status.code == 403 => {
            let role = format!("-n {namespace} --verb=get,list --resource={NEEDED}");
            let binding = format!("-n {namespace} --role=steadfast-explain --user={}", who(&status.message));
            let grant = format!(
                "kubectl create role steadfast-explain {role}; kubectl create rolebinding steadfast-explain {binding}"
            );
            let told = status.message.as_str();
            let message =
                format!("{doing}: forbidden: {told}. {resource} must be readable here. To grant it: {grant}");
            Error::trouble(exit::FORBIDDEN, message)
        }
        kube::Error::Api(status) if status.code == 401 => Error::trouble(
            exit::FORBIDDEN,
            format!(
                "{doing}: the API server does not accept the kubeconfig's credentials ({}): log in again",
                status.message
            ),
        ),
        kube::Error::Service(_) | kube::Error::HyperError(_) => Error::trouble(
            exit::UNREACHABLE,
            format!(
                "{doing}: the API server does not answer: {}: check the context, the network and the cluster (kubectl cluster-info)",
                chain(&error)
            ),
        ),
        other => Error::Api { doing, source: Box::new(other) },
    }
}

/// The user that a refusal names: `User "jane" cannot list resource …`.
fn who(message: &str) -> &str {
    message.split("User \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("NAME")
}

/// An error with what is behind it: connections hide the reason there.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let mut texts: Vec<String> = Vec::new();
    for text in sources.map(ToString::to_string) {
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}
