//! Reading the picture: each call has a deadline, and what is not needed may be refused.

use std::{fmt::Debug, time::Duration};

use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Namespace, Pod},
};
use kube::{Api, Client, Resource, ResourceExt, api::ListParams};
use serde::de::DeserializeOwned;

use super::{
    Picture,
    picture::{Look, spec},
};
use external::error::{Error, Result, exit, within};

const CALL: Duration = Duration::from_secs(15);
/// Objects a page: large clusters answer in pieces.
const PAGE: u32 = 500;
/// What the command needs, for who grants it.
const NEEDED: &str = "statefulsets.apps,pods,persistentvolumeclaims,events";

/// Looks at a set, once.
pub(super) async fn picture(client: &Client, namespace: &str, name: &str) -> Result<Picture> {
    let at = clock(client, namespace).await?;
    let set = set(client, namespace, name).await?;
    let namespaced = |kind: &str| format!("list {kind} in namespace {namespace}");
    let (pods, claims, events) = tokio::try_join!(
        needed(client, namespace, "pods"),
        needed(client, namespace, "persistentvolumeclaims"),
        needed(client, namespace, "events"),
    )?;
    let (home, quotas, budgets, revisions, classes, volumes, nodes) = tokio::join!(
        home(client, namespace),
        optional(Api::namespaced(client.clone(), namespace), namespaced("resourcequotas")),
        optional(Api::namespaced(client.clone(), namespace), namespaced("poddisruptionbudgets")),
        optional(Api::namespaced(client.clone(), namespace), namespaced("controllerrevisions")),
        optional(Api::all(client.clone()), "list storageclasses".to_owned()),
        optional(Api::all(client.clone()), "list persistentvolumes".to_owned()),
        optional(Api::all(client.clone()), "list nodes".to_owned()),
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
        picture.neighbours =
            optional(Api::<Pod>::all(client.clone()), "list pods of all namespaces".to_owned()).await;
    }
    Ok(picture)
}

/// The API server's clock: ours may be another. It is also the first question, so that it shows who does not answer.
async fn clock(client: &Client, namespace: &str) -> Result<Timestamp> {
    let doing = "asking the API server for its version";
    let ask = async {
        let request = http::Request::get("/version")
            .body(kube::client::Body::empty())
            .map_err(kube::Error::HttpError)?;
        client.send(request).await
    };
    let answer = within(CALL, doing, ask, |error| trouble(doing, namespace, "", error)).await;
    let answer = answer.map_err(no_answer)?;
    let date = answer.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    Ok(date.map_or_else(Timestamp::now, |date| date.timestamp()))
}

async fn set(client: &Client, namespace: &str, name: &str) -> Result<StatefulSet> {
    let doing = format!("get statefulset {name} in namespace {namespace}");
    let sets = Api::<StatefulSet>::namespaced(client.clone(), namespace);
    let found = within(CALL, &doing, sets.get_opt(name), |error| {
        trouble(&doing, namespace, "statefulsets.apps", error)
    });
    match found.await.map_err(no_answer)? {
        Some(set) => Ok(set),
        None => Err(absent(client, namespace, name).await),
    }
}

/// No such set: what there is instead, as far as it can be seen.
async fn absent(client: &Client, namespace: &str, name: &str) -> Error {
    let namespaces = Api::<Namespace>::all(client.clone());
    let doing = format!("get namespace {namespace}");
    let there = within(CALL, &doing, namespaces.get_opt(namespace), Error::api(&doing)).await;
    if matches!(there, Ok(None)) {
        return Error::trouble(
            exit::NO_SET,
            format!("there is no namespace {namespace}: kubectl get namespaces"),
        );
    }
    let sets = Api::<StatefulSet>::namespaced(client.clone(), namespace);
    let names = optional(sets, String::new()).await.unwrap_or_default();
    let names = names.iter().map(ResourceExt::name_any).collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none that can be seen".to_owned() } else { names };
    Error::trouble(
        exit::NO_SET,
        format!(
            "there is no StatefulSet {name} in namespace {namespace}; there are: {names}. Another namespace: -n; all: kubectl get statefulsets -A"
        ),
    )
}

async fn needed<K>(client: &Client, namespace: &str, kind: &str) -> Result<Vec<K>>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let doing = format!("list {kind} in namespace {namespace}");
    let all = pages(Api::<K>::namespaced(client.clone(), namespace));
    within(CALL, &doing, all, |error| trouble(&doing, namespace, kind, error)).await.map_err(no_answer)
}

/// What helps, and is left out where it can't be had.
async fn optional<K>(api: Api<K>, doing: String) -> Look<K>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    within(CALL, &doing, pages(api), Error::api(&doing)).await.map_err(reason)
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
    let doing = format!("get namespace {namespace}");
    let api = Api::<Namespace>::all(client.clone());
    let found = within(CALL, &doing, api.get_opt(namespace), Error::api(&doing)).await;
    found.map(|found| found.into_iter().collect()).map_err(reason)
}

async fn pages<K>(api: Api<K>) -> kube::Result<Vec<K>>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let mut parameters = ListParams::default().limit(PAGE);
    let mut all = Vec::new();
    loop {
        let page = api.list(&parameters).await?;
        all.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(all),
        }
    }
}

/// What a call that is needed ended with, as something that the user can act on.
fn trouble(doing: &str, namespace: &str, resource: &str, error: kube::Error) -> Error {
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
        other => Error::Api { doing: doing.to_owned(), source: Box::new(other) },
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

/// No answer in time is as good as none.
fn no_answer(error: Error) -> Error {
    match error {
        Error::Deadline { doing, deadline } => Error::trouble(
            exit::UNREACHABLE,
            format!(
                "{doing}: the API server does not answer within {deadline:?}: check the context, the network and the cluster (kubectl cluster-info)"
            ),
        ),
        other => other,
    }
}
