//! Reading the picture. Nothing is changed: charts are rendered, objects are tried as a dry run.

use std::collections::{BTreeMap, BTreeSet};

use external::{
    api::{self, Objects, cluster_objects, dynamic_objects, objects, served_kind},
    error::{Error, Result, exit},
    images::{Absence, image_missing, whole_name},
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim};
use kube::{
    Client, ResourceExt,
    api::DynamicObject,
    core::{GroupVersionKind, Status},
    discovery::Scope,
};
use serde_json::{Value, json};

use super::{Picture, Trial};
use crate::{Chart, Helm, Object, Release, Rendered, Way, helm::Lookup, rendered::Key};

/// Helm's own, so that a dry run takes over what it owns.
const HELM: &str = "helm";
/// Questions at once.
const AT_ONCE: usize = 6;

/// What is asked of the preflight.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The release.
    pub release: &'a Release,
    /// How the new chart gets there.
    pub way: Way,
    /// The chart that the release comes from; without it, what the release holds is enough.
    pub from: Option<&'a Chart>,
    /// The chart that it goes to.
    pub to: &'a Chart,
    /// The images that the cluster is known to have, beside those that its nodes name.
    pub images: &'a [String],
}

/// Looks once.
///
/// # Errors
/// A chart does not render, there is no such release, or the API server shows or tries nothing: each right that is
/// missing is named.
pub async fn read(client: &Client, helm: &Helm, question: Question<'_>) -> Result<Picture> {
    let Question { release, way, from, to, images } = question;
    let lookup = if way == Way::Helm { Lookup::Cluster } else { Lookup::Nothing };
    let held = held(helm, release, way, from).await?;
    let offline = helm.render(to, release, Lookup::Nothing, true).await?;
    let (new, again, blind) = match helm.render(to, release, lookup, true).await {
        Ok(new) => (new, helm.render(to, release, lookup, true).await?, false),
        // Where Helm looks things up it also asks for each kind, and that one is not served is what we want to tell.
        Err(error) if error.to_string().contains("no matches for kind") => {
            (offline.clone(), offline.clone(), true)
        }
        Err(error) => return Err(error),
    };
    // A set that goes is worth a judgement as well.
    if held.of_kind("StatefulSet").chain(new.of_kind("StatefulSet")).next().is_none() {
        return Err(to.without_set());
    }
    let kubernetes = api::version(client).await?;
    let look = Look { client, namespace: &release.namespace, way, new: &new };
    let (trials, live) = look.at_objects(&held).await?;
    let (claims, missing_images) = tokio::try_join!(look.claims(), look.missing_images(images))?;
    Ok(Picture {
        release: release.clone(),
        way,
        to: to.clone(),
        held,
        new,
        again,
        offline,
        blind,
        trials,
        live,
        claims,
        missing_images,
        kubernetes,
    })
}

async fn held(helm: &Helm, release: &Release, way: Way, from: Option<&Chart>) -> Result<Rendered> {
    match (way, from) {
        (Way::Helm, _) => helm.held(release).await,
        (Way::Apply, Some(from)) => helm.render(from, release, Lookup::Nothing, false).await,
        (Way::Apply, None) => Err(Error::trouble(
            exit::SETTINGS,
            "what was applied leaves no release to read: name the old chart with --from",
        )),
    }
}

struct Look<'a> {
    client: &'a Client,
    namespace: &'a str,
    way: Way,
    new: &'a Rendered,
}

/// An answer about one object.
struct Answer {
    key: Key,
    trial: Option<Trial>,
    live: Option<Value>,
    /// A right that is missing, in the API server's words.
    forbidden: Option<String>,
}

impl Look<'_> {
    /// Tries every new object, and reads every object that is there.
    async fn at_objects(&self, held: &Rendered) -> Result<(BTreeMap<Key, Trial>, BTreeMap<Key, Value>)> {
        let new = self.new.by_key(self.namespace);
        let mut objects: BTreeMap<Key, (&Object, bool)> =
            held.by_key(self.namespace).into_iter().map(|(key, object)| (key, (object, false))).collect();
        objects.extend(new.into_iter().map(|(key, object)| (key, (object, true))));
        let mut questions = Vec::new();
        for (key, (object, is_new)) in objects {
            questions.push(self.at(key, object, is_new).boxed());
        }
        let answers: Vec<Answer> = stream::iter(questions).buffer_unordered(AT_ONCE).try_collect().await?;
        let missing: BTreeSet<&str> =
            answers.iter().filter_map(|answer| answer.forbidden.as_deref()).collect();
        if !missing.is_empty() {
            let missing = missing.into_iter().collect::<Vec<_>>().join("\n  ");
            return Err(Error::trouble(
                exit::FORBIDDEN,
                format!(
                    "these rights are missing for the preflight (patch is asked for a dry run, which changes nothing):\n  {missing}"
                ),
            ));
        }
        let (mut trials, mut live) = (BTreeMap::new(), BTreeMap::new());
        for Answer { key, trial, live: there, .. } in answers {
            trials.extend(trial.map(|trial| (key.clone(), trial)));
            live.extend(there.map(|there| (key, there)));
        }
        Ok((trials, live))
    }

    async fn at(&self, key: Key, object: &Object, is_new: bool) -> Result<Answer> {
        let mut answer = Answer { key, trial: None, live: None, forbidden: None };
        let doing = format!("looking at {}", object.key);
        let (group, version) = object.api_version.split_once('/').unwrap_or(("", &object.api_version));
        let kind = GroupVersionKind::gvk(group, version, &object.key.kind);
        let (resource, scope) = match said(served_kind(self.client, &kind, &doing).await)? {
            Said::Yes(served) => served,
            Said::No(status) if status.code == 403 => {
                answer.forbidden = Some(status.message);
                return Ok(answer);
            }
            // A kind that the chart itself defines is served once its definition is there.
            Said::No(_) => {
                answer.trial = (is_new && !self.defines(object)).then_some(Trial::NotServed);
                return Ok(answer);
            }
        };
        let namespace = object.key.namespace.as_deref().unwrap_or(self.namespace);
        let objects = dynamic_objects(self.client, &resource, &scope, namespace);
        match said(objects.clone().doing(doing).get_opt(&object.key.name).await)? {
            Said::Yes(found) => answer.live = found.and_then(|found| serde_json::to_value(found).ok()),
            Said::No(status) => {
                answer.forbidden = Some(status.message);
                return Ok(answer);
            }
        }
        // Helm deletes and creates hooks; what it would apply is everything else.
        if is_new && (self.way == Way::Apply || object.hooks().is_empty()) && !in_definitions(object) {
            match self.try_one(objects, object, &scope).await? {
                Said::Yes(()) => answer.trial = Some(Trial::Taken),
                Said::No(status)
                    if status.code == 403
                        && status.reason == "Forbidden"
                        && !status.message.contains("admission") =>
                {
                    answer.forbidden = Some(status.message);
                }
                Said::No(status) => answer.trial = Some(refusal(status)),
            }
        }
        Ok(answer)
    }

    async fn try_one(
        &self,
        objects: Objects<DynamicObject>,
        object: &Object,
        scope: &Scope,
    ) -> Result<Said<()>> {
        let mut value = object.value.clone();
        if *scope == Scope::Namespaced && object.key.namespace.is_none() {
            value["metadata"]["namespace"] = json!(self.namespace);
        }
        let objects = objects.dry_run().doing(format!("dry run of {}", object.key));
        said(objects.apply(&object.key.name, HELM, &value).await.map(drop))
    }

    /// Whether the chart itself brings the definition of an object's kind.
    fn defines(&self, object: &Object) -> bool {
        self.new.of_kind("CustomResourceDefinition").any(|definition| {
            definition.text("/spec/group") == object.key.group
                && definition.text("/spec/names/kind") == object.key.kind
        })
    }

    async fn claims(&self) -> Result<BTreeSet<String>> {
        let doing = format!("list persistentvolumeclaims in namespace {}", self.namespace);
        let claims = objects::<PersistentVolumeClaim>(self.client, self.namespace).doing(&doing);
        match said(claims.list().await)? {
            Said::Yes(found) => Ok(found.iter().map(ResourceExt::name_any).collect()),
            Said::No(status) => Err(Error::trouble(exit::FORBIDDEN, format!("{doing}: {}", status.message))),
        }
    }

    /// The new chart's images that neither the nodes nor our engine have, and that no registry gives.
    async fn missing_images(&self, known: &[String]) -> Result<BTreeMap<String, Absence>> {
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        for object in self.new.workloads().filter(|object| !object.is_test()) {
            let images = object.containers();
            wanted.extend(images.iter().filter_map(|(_, container)| container["image"].as_str()));
        }
        let nodes = self.images_on_nodes().await;
        let mut missing = BTreeMap::new();
        for image in wanted {
            let whole = whole_name(image);
            let there = known.iter().any(|known| whole_name(known) == whole) || nodes.contains(&whole);
            if !there && let Some(why) = image_missing(image).await? {
                missing.insert(image.to_owned(), why);
            }
        }
        Ok(missing)
    }

    /// The images that the nodes name; a node names its largest fifty. Not everybody may ask.
    async fn images_on_nodes(&self) -> BTreeSet<String> {
        let nodes = cluster_objects::<Node>(self.client).list().await.unwrap_or_default();
        let images = nodes.into_iter().filter_map(|node| node.status?.images).flatten();
        images.filter_map(|image| image.names).flatten().map(|name| whole_name(&name)).collect()
    }
}

/// Whether it stands in crds/, which Helm does not upgrade.
fn in_definitions(object: &Object) -> bool {
    object.key.kind == "CustomResourceDefinition" && object.template.contains("/crds/")
}

/// What the API server says: something, or no.
enum Said<T> {
    Yes(T),
    No(Box<Status>),
}

/// What the API server said, where a refusal is an answer as well.
fn said<T>(answer: Result<T>) -> Result<Said<T>> {
    let (doing, error) = match answer {
        Ok(answer) => return Ok(Said::Yes(answer)),
        Err(Error::Api { doing, source }) => (doing, *source),
        Err(error) => return Err(error),
    };
    match error {
        kube::Error::Api(status) if is_answer(&status) => Ok(Said::No(status)),
        kube::Error::Api(_) | kube::Error::Auth(_) => Err(Error::api(doing)(error)),
        // Nobody answers.
        error => Err(Error::trouble(
            exit::UNREACHABLE,
            format!("{doing}: the API server does not answer: {error}"),
        )),
    }
}

/// Whether it is the object that is refused, and not the asking.
fn is_answer(status: &Status) -> bool {
    // A field that a definition does not have is told as an error of the server.
    let unknown_field = status.message.contains("failed to create typed patch object");
    unknown_field || ((400..500).contains(&status.code) && status.code != 429)
}

fn refusal(status: Box<Status>) -> Trial {
    let causes = status.details.as_ref().map(|details| &details.causes).into_iter().flatten();
    let causes = causes.map(|cause| (cause.field.clone(), cause.message.clone())).collect();
    Trial::Refused { message: status.message.clone(), causes }
}
