//! The objects of one kind.

mod pods;

use std::{fmt::Debug, pin::Pin, time::Duration};

use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams},
    discovery::{ApiResource, Scope},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::DEADLINE;
use crate::error::{Error, Result, broke_off, within};

/// Objects a page: large clusters answer in pieces.
const PAGE: u32 = 500;

/// What can be asked for, changed and deleted.
pub trait Kind: Resource + Clone + Debug + DeserializeOwned + Send + Sync {}

impl<K: Resource + Clone + Debug + DeserializeOwned + Send + Sync> Kind for K {}

/// The same, of a kind that is known when this is compiled and whose objects are in namespaces.
pub trait Namespaced: Kind + Resource<DynamicType = (), Scope = NamespaceResourceScope> {}

impl<K: Kind + Resource<DynamicType = (), Scope = NamespaceResourceScope>> Namespaced for K {}

/// The objects of a kind, in a namespace or the whole cluster. Each call has [`DEADLINE`], unless [`within`] gives it
/// another, and its error says what was being done: `reading pod sentinel-1`, unless [`doing`] gives it other words.
///
/// [`within`]: Objects::within
/// [`doing`]: Objects::doing
#[derive(Clone)]
pub struct Objects<K> {
    api: Api<K>,
    /// In words: `statefulset`.
    kind: String,
    /// In words: `statefulsets`.
    plural: String,
    deadline: Duration,
    doing: Option<String>,
    dry_run: bool,
}

/// The objects of a kind in a namespace.
pub fn objects<K: Namespaced>(client: &Client, namespace: &str) -> Objects<K> {
    Objects::new(Api::namespaced(client.clone(), namespace), &())
}

/// The objects of a kind in the whole cluster: those of a kind without namespaces, or of all namespaces.
pub fn cluster_objects<K: Kind + Resource<DynamicType = ()>>(client: &Client) -> Objects<K> {
    Objects::new(Api::all(client.clone()), &())
}

/// The objects of a kind that only the API server knows, in this namespace where its objects are in namespaces.
pub fn dynamic_objects(
    client: &Client,
    resource: &ApiResource,
    scope: &Scope,
    namespace: &str,
) -> Objects<DynamicObject> {
    let api = match scope {
        Scope::Cluster => Api::all_with(client.clone(), resource),
        Scope::Namespaced => Api::namespaced_with(client.clone(), namespace, resource),
    };
    Objects::new(api, resource)
}

/// Reads again, once, where the connection broke before the answer: one that is used anew may be closing just then. On the heap, for
/// reads are parts of many calls.
fn twice<'read, T: Send + 'read, A>(
    read: impl Fn() -> A + Send + 'read,
) -> Pin<Box<dyn Future<Output = kube::Result<T>> + Send + 'read>>
where
    A: Future<Output = kube::Result<T>> + Send + 'read,
{
    Box::pin(async move {
        match read().await {
            Err(error) if broke_off(&error) => read().await,
            answer => answer,
        }
    })
}

impl<K: Kind> Objects<K> {
    fn new(api: Api<K>, kind: &K::DynamicType) -> Self {
        Self {
            api,
            kind: K::kind(kind).to_lowercase(),
            plural: K::plural(kind).into_owned(),
            deadline: DEADLINE,
            doing: None,
            dry_run: false,
        }
    }

    /// Gives each call this time.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Says in these words what is being done.
    #[must_use]
    pub fn doing(mut self, doing: impl Into<String>) -> Self {
        self.doing = Some(doing.into());
        self
    }

    /// Only asks whether the API server would take what it is given: nothing is made, changed or deleted.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// An object.
    ///
    /// # Errors
    /// There is none of this name, the API server refuses, or it has not answered in time; so it is for each call.
    pub async fn get(&self, name: &str) -> Result<K> {
        self.ask("reading", name, twice(|| self.api.get(name))).await
    }

    /// An object, if there is one of this name.
    ///
    /// # Errors
    /// As for [`get`](Self::get), but for a name that is not there.
    pub async fn get_opt(&self, name: &str) -> Result<Option<K>> {
        self.ask("reading", name, twice(|| self.api.get_opt(name))).await
    }

    /// All objects.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn list(&self) -> Result<Vec<K>> {
        self.pages(ListParams::default()).await
    }

    /// The objects with these labels: a label's name, or `name=value`.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn list_labelled(&self, labels: &str) -> Result<Vec<K>> {
        self.pages(ListParams::default().labels(labels)).await
    }

    /// From the beginning again where the next page is kept no longer.
    async fn pages(&self, parameters: ListParams) -> Result<Vec<K>> {
        let first = parameters.limit(PAGE);
        let pages = async {
            let (mut all, mut parameters) = (Vec::new(), first.clone());
            loop {
                let page = match twice(|| self.api.list(&parameters)).await {
                    Err(kube::Error::Api(status)) if status.code == 410 && !all.is_empty() => {
                        (all, parameters) = (Vec::new(), first.clone());
                        continue;
                    }
                    page => page?,
                };
                all.extend(page.items);
                match page.metadata.continue_.filter(|token| !token.is_empty()) {
                    Some(token) => parameters = parameters.continue_token(&token),
                    None => return Ok(all),
                }
            }
        };
        self.bounded(self.sentence("listing", &self.plural, ""), pages).await
    }

    /// Makes an object, and returns it as the API server made it.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn create(&self, object: &K) -> Result<K>
    where
        K: Serialize,
    {
        let parameters = PostParams { dry_run: self.dry_run, ..PostParams::default() };
        let name = object.meta().name.as_deref().unwrap_or_default();
        self.ask("creating", name, self.api.create(&parameters, object)).await
    }

    /// Changes an object by a merge patch, and returns it as it is then.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn merge(&self, name: &str, patch: &Value) -> Result<K> {
        let (parameters, patch) = (self.patching(PatchParams::default()), Patch::Merge(patch));
        self.ask("patching", name, self.api.patch(name, &parameters, &patch)).await
    }

    /// Changes an object by a strategic merge patch: lists whose elements have names are merged by them.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn merge_strategically(&self, name: &str, patch: &Value) -> Result<K> {
        let (parameters, patch) = (self.patching(PatchParams::default()), Patch::Strategic(patch));
        self.ask("patching", name, self.api.patch(name, &parameters, &patch)).await
    }

    /// Changes an object's status by a merge patch.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn merge_status(&self, name: &str, patch: &Value) -> Result<K> {
        let (parameters, patch) = (self.patching(PatchParams::default()), Patch::Merge(patch));
        self.ask("patching the status of", name, self.api.patch_status(name, &parameters, &patch)).await
    }

    /// Asks for so many replicas by an object's scale subresource, and returns the version that the object has then.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn scale(&self, name: &str, replicas: u32) -> Result<Option<String>> {
        let patch = json!({"spec": {"replicas": replicas}});
        let (parameters, patch) = (self.patching(PatchParams::default()), Patch::Merge(&patch));
        let scale = self.ask("scaling", name, self.api.patch_scale(name, &parameters, &patch)).await?;
        Ok(scale.metadata.resource_version)
    }

    /// Makes or changes an object by a server-side apply, and takes over from other managers what it names.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn apply(&self, name: &str, manager: &str, object: &Value) -> Result<K> {
        let (parameters, patch) = (self.patching(PatchParams::apply(manager).force()), Patch::Apply(object));
        self.ask("applying", name, self.api.patch(name, &parameters, &patch)).await
    }

    /// Makes or changes an object by a server-side apply, as far as no other manager owns what it names.
    ///
    /// # Errors
    /// As for [`get`](Self::get); where another owns a field, a 409 that names it.
    pub async fn apply_without_force(&self, name: &str, manager: &str, object: &Value) -> Result<K> {
        let (parameters, patch) = (self.patching(PatchParams::apply(manager)), Patch::Apply(object));
        self.ask("applying", name, self.api.patch(name, &parameters, &patch)).await
    }

    /// Changes an object by the merge patch that `patch` makes of it, if any; again, when somebody else changed it between
    /// the reading and the writing. All of it has the time of one call.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn merge_as_read(&self, name: &str, patch: impl Fn(&K) -> Option<Value>) -> Result<()> {
        let parameters = self.patching(PatchParams::default());
        let until_taken = async {
            loop {
                let found = self.api.get(name).await?;
                let Some(mut patch) = patch(&found) else { return Ok(()) };
                patch["metadata"]["resourceVersion"] = found.meta().resource_version.clone().into();
                drop(found);
                match self.api.patch(name, &parameters, &Patch::Merge(&patch)).await {
                    Err(kube::Error::Api(status)) if status.is_conflict() => {}
                    outcome => return outcome.map(drop),
                }
            }
        };
        self.ask("patching", name, until_taken).await
    }

    /// Begins to delete an object, and returns it as it is while it ends; none when it has gone at once.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn delete(&self, name: &str, parameters: &DeleteParams) -> Result<Option<K>> {
        let parameters = DeleteParams { dry_run: self.dry_run, ..parameters.clone() };
        Ok(self.ask("deleting", name, self.api.delete(name, &parameters)).await?.left())
    }

    /// Begins to delete the objects with these labels, and in the background what they own.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn delete_labelled(&self, labels: &str) -> Result<()> {
        let (parameters, selected) = (
            DeleteParams { dry_run: self.dry_run, ..DeleteParams::background() },
            ListParams::default().labels(labels),
        );
        let delete = self.api.delete_collection(&parameters, &selected);
        self.bounded(self.sentence("deleting", &self.plural, ""), delete).await.map(drop)
    }

    fn patching(&self, parameters: PatchParams) -> PatchParams {
        PatchParams { dry_run: self.dry_run, ..parameters }
    }

    async fn ask<T>(&self, verb: &str, name: &str, call: impl Future<Output = kube::Result<T>>) -> Result<T> {
        self.bounded(self.sentence(verb, &self.kind, name), call).await
    }

    async fn bounded<T>(&self, doing: String, call: impl Future<Output = kube::Result<T>>) -> Result<T> {
        within(self.deadline, &doing, call, Error::api(&doing)).await
    }

    /// What is being done, without the namespace: a scenario has one, whose name is made up.
    fn sentence(&self, verb: &str, what: &str, name: &str) -> String {
        match &self.doing {
            Some(doing) => doing.clone(),
            None if self.dry_run => format!("dry run of {verb} {what} {name}").trim_end().to_owned(),
            None => format!("{verb} {what} {name}").trim_end().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
