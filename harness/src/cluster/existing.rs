//! A cluster that is not ours: used only by name, and only with an explicit yes.

use std::time::Duration;

use kube::{Client, config::Kubeconfig};

use super::{
    Image, Loader, Node, Reporter, Site,
    client::{self, Clients},
    images, kind, ready, terrain,
};
use crate::{
    error::{Error, Result, exit},
    manifest::Local,
    report::{
        result::{ClusterFacts, ImageFacts},
        terrain::Terrain,
    },
    settings::{FeatureGates, Settings},
};

/// How long the API server may take to be ready: it is there or not.
const READY: Duration = Duration::from_secs(30);

/// Whether the user has said yes to this context.
fn permitted(context: &str, allowed: Option<&str>) -> Result<()> {
    let what = "Steadfast creates and deletes namespaces, pods and volumes there, and stops pods";
    let how = format!("set STEADFAST_ALLOW_CONTEXT={context} if you want that");
    match allowed {
        Some(allowed) if allowed == context => Ok(()),
        Some(allowed) => Err(Error::trouble(
            exit::FOREIGN_CONTEXT,
            format!(
                "context {context} was not made by Steadfast, and the yes is for {allowed}. {what}: {how}"
            ),
        )),
        None => Err(Error::trouble(
            exit::FOREIGN_CONTEXT,
            format!("context {context} was not made by Steadfast. {what}: {how}"),
        )),
    }
}

/// Opens an existing cluster.
pub(super) async fn open(
    context: &str,
    settings: &Settings,
    progress: &Reporter,
) -> Result<(Clients, ClusterFacts, Local)> {
    permitted(context, settings.allow_context.as_deref())?;
    let kubeconfig = Kubeconfig::read().map_err(|error| {
        Error::environment(format!("reading the kubeconfig for context {context}: {error}"))
    })?;
    if !kubeconfig.contexts.iter().any(|known| known.name == context) {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|known| known.name.as_str()).collect();
        let known = known.join(", ");
        return Err(Error::trouble(
            exit::FOREIGN_CONTEXT,
            format!("the kubeconfig has no context {context}; it has: {known}"),
        ));
    }
    let clients = client::from_kubeconfig(kubeconfig, Some(context)).await?;
    ready::api(&clients.plumbing, READY).await.map_err(|error| refused(context, error))?;
    let mut facts = facts(&clients, context, Vec::new()).await?;
    // Before the first write: which cluster this is.
    progress.say(format!(
        "using context {context}: Kubernetes {}, nodes {}",
        facts.kubernetes,
        facts.nodes.join(", ")
    ));
    let class = settings.storage_class.as_deref();
    Box::pin(ready::something(&clients.plumbing, class, Duration::from_secs(120))).await?;
    let images = load(context, settings, progress).await?;
    let several_systems = terrain::several_systems(&terrain::nodes_seen(&clients.plumbing).await?);
    let local = Local { several_systems, ..images::local(settings, &images) };
    facts.images = images.into_iter().map(|image| image.facts).collect();
    Ok((clients, facts, local))
}

/// A client of an existing cluster that is ready, without the yes to change anything there.
pub(super) async fn reader(context: &str) -> Result<Client> {
    let client = client::reader(None, Some(context)).await?;
    ready::api(&client, READY).await.map_err(|error| refused(context, error))?;
    Ok(client)
}

/// Says of credentials that are not accepted that it is they.
fn refused(context: &str, error: Error) -> Error {
    match error.status() {
        Some(status) if status.code == 401 => Error::trouble(
            exit::FORBIDDEN,
            format!(
                "the API server of context {context} does not accept its credentials: log in again ({error})"
            ),
        ),
        _ => error,
    }
}

/// What an existing cluster is like, and which rights we lack there, without making anything.
///
/// # Errors
/// It can't be reached, does not accept our credentials, has no storage class for us, or gives no right to run anything.
pub async fn outlook(context: &str, settings: &Settings) -> Result<Terrain> {
    let client = reader(context).await?;
    let mut terrain = Box::pin(terrain::look(&client, settings.storage_class.as_deref())).await;
    terrain.lacking = terrain::rights(&client, &settings.namespaces).await?;
    let several_systems = terrain::several_systems(&terrain.nodes);
    let local = Local { several_systems, ..images::local(settings, &images::of_nodes(settings)) };
    terrain.charts_barred = terrain::charts_barred(&client, &local).await?;
    terrain.namespace.given = !settings.namespaces.is_empty();
    let class = settings.storage_class.as_deref();
    Box::pin(ready::something(&client, class, Duration::from_secs(10))).await?;
    Ok(terrain)
}

/// What there is to know about a cluster.
pub(super) async fn facts(clients: &Clients, name: &str, images: Vec<ImageFacts>) -> Result<ClusterFacts> {
    let client = &clients.plumbing;
    let kubernetes = external::api::version(client).await?;
    let nodes = terrain::nodes_seen(client).await?.into_iter().map(|node| node.name).collect();
    Ok(ClusterFacts {
        name: name.to_owned(),
        kubernetes,
        feature_gates: FeatureGates::default(),
        nodes,
        images,
        terrain: None,
    })
}

/// Where an existing cluster is; a kind cluster on our engine can be given images.
pub(super) async fn site(context: &str, settings: &Settings) -> Site {
    let loader = async {
        let cluster = context.strip_prefix("kind-")?.to_owned();
        let nodes = kind::nodes(&cluster).await.unwrap_or_default();
        let kind = kind::find(&settings.cache).ok()?;
        (!nodes.is_empty()).then(|| Loader { kind, cluster, scratch: settings.cache.clone(), ours: false })
    };
    let loader = loader.await;
    Site { kubeconfig: None, context: Some(context.to_owned()), cache: settings.cache.clone(), loader }
}

/// A kind cluster on our engine gets our images, unless the settings say where its nodes find them; any other must be able to
/// pull them.
async fn load(context: &str, settings: &Settings, progress: &Reporter) -> Result<Vec<Image>> {
    let cluster = context.strip_prefix("kind-").filter(|_| !images::are_chosen(settings));
    let Some(cluster) = cluster else { return Ok(images::of_nodes(settings)) };
    let nodes = kind::running(cluster).await.unwrap_or_default();
    if nodes.is_empty() {
        return Ok(images::of_nodes(settings));
    }
    let images = images::provide(settings, &images::WORKLOADS, progress).await?;
    let references: Vec<&str> = images.iter().map(|image| image.facts.reference.as_str()).collect();
    let binary = kind::find(&settings.cache)?;
    let scratch = settings.cache.join(format!("images-{}", std::process::id()));
    // The control plane of a cluster that is not ours may take pods as well.
    let nodes: Vec<&Node> = nodes.iter().collect();
    kind::load(&binary, cluster, &references, &nodes, scratch, progress).await?;
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_are_not_accepted_have_the_code_of_credentials() {
        let answered = |code| {
            let status = kube::core::Status { code, ..kube::core::Status::default() };
            refused("production", Error::api("waiting")(kube::Error::Api(Box::new(status))))
        };
        assert_eq!(answered(401).exit_code(), exit::FORBIDDEN);
        assert!(answered(401).to_string().contains("context production"));
        assert_eq!(answered(500).exit_code(), Error::environment("").exit_code());
    }

    #[test]
    fn a_foreign_context_needs_the_same_name_again() {
        assert!(permitted("production", Some("production")).is_ok());
        for allowed in [None, Some("staging"), Some("")] {
            let error = permitted("production", allowed).unwrap_err();
            assert_eq!(error.exit_code(), exit::FOREIGN_CONTEXT);
            assert!(error.to_string().contains("STEADFAST_ALLOW_CONTEXT=production"), "{error}");
        }
    }
}
