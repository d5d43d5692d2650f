//! Reading the picture: each call has a deadline, and what is not needed may be refused.

pub(crate) mod logs;

use external::{
    api::{self, Kind, Namespaced, Objects, cluster_objects, objects},
    error::{Error, Result, exit},
};
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    coordination::v1::Lease,
    core::v1::{Namespace, Node, PersistentVolume, Pod},
    storage::v1::{CSINode, StorageClass, VolumeAttachment},
};
use kube::{Client, ResourceExt};

use super::{
    Picture,
    picture::{Look, spec},
};

/// What the command needs, for who grants it.
const NEEDED: &str = "statefulsets.apps,pods,persistentvolumeclaims,events";

/// What no namespace has.
#[derive(Clone)]
struct Cluster {
    lease: Look<Lease>,
    classes: Look<StorageClass>,
    volumes: Look<PersistentVolume>,
    nodes: Look<Node>,
    drivers: Look<CSINode>,
    attachments: Look<VolumeAttachment>,
}

/// Looks at a set, once.
pub(super) async fn picture(client: &Client, namespace: &str, name: &str) -> Result<Picture> {
    let at = clock(client, namespace).await?;
    let set = set(client, namespace, name).await?;
    let (cluster, around) = tokio::join!(cluster(client), around(client, namespace, at, set));
    let mut picture = around?.of(cluster);
    picture.logs = logs::read(client, &picture).await;
    Ok(picture)
}

/// Looks at all sets of a namespace, or of all namespaces, once.
pub(super) async fn pictures(client: &Client, namespace: Option<&str>) -> Result<Vec<Picture>> {
    let at = clock(client, namespace.unwrap_or("all")).await?;
    let doing = format!(
        "list statefulsets in {}",
        namespace.map_or_else(|| "all namespaces".to_owned(), |name| format!("namespace {name}"))
    );
    let sets = match namespace {
        Some(namespace) => objects::<StatefulSet>(client, namespace),
        None => cluster_objects::<StatefulSet>(client),
    };
    let sets = sets.doing(doing).list().await;
    let mut sets =
        sets.map_err(|error| trouble(namespace.unwrap_or("NAMESPACE"), "statefulsets.apps", error))?;
    if sets.is_empty()
        && let Some(namespace) = namespace
    {
        there(client, namespace).await?;
    }
    sets.sort_by_key(|set| (set.namespace(), set.name_any()));
    let cluster = Box::pin(cluster(client)).await;
    let mut pictures: Vec<Picture> = Vec::new();
    for set in sets {
        let namespace = set.namespace().unwrap_or_default();
        let mut picture = match pictures.last().filter(|last| last.namespace() == namespace) {
            Some(last) => Picture { set, ..last.clone() },
            None => Box::pin(around(client, &namespace, at, set)).await?.of(cluster.clone()),
        };
        picture.logs = logs::read(client, &picture).await;
        pictures.push(picture);
    }
    Ok(pictures)
}

async fn cluster(client: &Client) -> Cluster {
    let (lease, classes, volumes, nodes, drivers, attachments) = tokio::join!(
        lease(client),
        optional(cluster_objects(client)),
        optional(cluster_objects(client)),
        optional(cluster_objects(client)),
        optional(cluster_objects(client)),
        optional(cluster_objects(client)),
    );
    Cluster { lease, classes, volumes, nodes, drivers, attachments }
}

async fn lease(client: &Client) -> Look<Lease> {
    let found = objects::<Lease>(client, "kube-system").get_opt("kube-controller-manager").await;
    found.map(|found| found.into_iter().collect()).map_err(reason)
}

/// What a namespace shows of a set.
struct Around(Picture);

impl Around {
    fn of(self, cluster: Cluster) -> Picture {
        let Cluster { lease, classes, volumes, nodes, drivers, attachments } = cluster;
        Picture { lease, classes, volumes, nodes, drivers, attachments, ..self.0 }
    }
}

async fn around(client: &Client, namespace: &str, at: Timestamp, set: StatefulSet) -> Result<Around> {
    let (pods, claims, events) = tokio::try_join!(
        needed(client, namespace, "pods"),
        needed(client, namespace, "persistentvolumeclaims"),
        needed(client, namespace, "events"),
    )?;
    let (home, quotas, budgets, revisions, services, policies) = tokio::join!(
        home(client, namespace),
        optional(objects(client, namespace)),
        optional(objects(client, namespace)),
        optional(objects(client, namespace)),
        optional(objects(client, namespace)),
        optional(objects(client, namespace)),
    );
    // They may be many, and only say how much room the nodes have and who is beside whom.
    let homeless = pods.iter().any(|pod| spec(pod).node_name.is_none());
    let neighbours = if homeless { optional(cluster_objects::<Pod>(client)).await } else { Ok(Vec::new()) };
    Ok(Around(Picture {
        set,
        home,
        pods,
        claims,
        events,
        quotas,
        budgets,
        revisions,
        services,
        policies,
        neighbours,
        ..Picture::at(at)
    }))
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

/// Fails when there is no such namespace.
async fn there(client: &Client, namespace: &str) -> Result<()> {
    match cluster_objects::<Namespace>(client).get_opt(namespace).await {
        Ok(None) => Err(Error::trouble(
            exit::NO_SET,
            format!("there is no namespace {namespace}: kubectl get namespaces"),
        )),
        // Who may not see namespaces may see what is in one.
        _ => Ok(()),
    }
}

/// No such set: what there is instead, as far as it can be seen.
async fn absent(client: &Client, namespace: &str, name: &str) -> Error {
    if let Err(nowhere) = there(client, namespace).await {
        return nowhere;
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
pub(super) async fn optional<K: Kind>(objects: Objects<K>) -> Look<K> {
    objects.list().await.map_err(reason)
}

/// Why something could not be looked at.
pub(super) fn reason(error: Error) -> String {
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
