//! One kind of a namespace, list then watch, without holes that nobody marks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use external::wait::pause;
use futures::{Stream, StreamExt, TryStreamExt};
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams, ObjectList, WatchEvent, WatchParams},
    core::Status,
};
use record::journal::{Change, Kind};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{Log, resource::resource};
use crate::error::{Error, Result, within};

/// How long a list may take.
const LIST_DEADLINE: Duration = Duration::from_secs(10);
/// How long a watch may be silent, while something is awaited, before a list checks that it is alive: one that laws
/// and expectations live on, and any other. Eight lists a second for each scenario would cost a small machine much.
const SILENCE: Duration = Duration::from_secs(1);
const SILENCE_ASIDE: Duration = Duration::from_secs(5);
/// How long, at the end, the watch has for what has happened already.
const CATCH_UP: Duration = Duration::from_secs(5);
/// How long to leave an API server alone that refused.
const BACK_OFF: Duration = Duration::from_millis(200);

/// Records one kind until it is told to stop.
pub(super) struct Watch {
    pub(super) kind: Kind,
    pub(super) api: Api<DynamicObject>,
    pub(super) log: Arc<Log>,
    pub(super) awaited: Arc<AtomicUsize>,
    /// The versions last recorded, by UID, with the object for a deletion that only a list shows.
    known: BTreeMap<String, (String, Value)>,
    /// The UIDs whose end is recorded.
    gone: BTreeSet<String>,
}

/// Why a watch ended.
enum End {
    Stopped,
    /// It can go on from the last version without missing anything.
    Resume,
    /// The API server no longer knows the versions in between.
    Expired(String),
}

impl Watch {
    pub(super) fn new(
        client: Client,
        namespace: &str,
        kind: Kind,
        log: Arc<Log>,
        awaited: Arc<AtomicUsize>,
    ) -> Self {
        let resource = resource(kind);
        let api = if kind.cluster_scoped() {
            Api::all_with(client, &resource)
        } else {
            Api::namespaced_with(client, namespace, &resource)
        };
        Self { kind, api, log, awaited, known: BTreeMap::new(), gone: BTreeSet::new() }
    }

    /// Lists, says that recording has begun, and watches until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken, begun: oneshot::Sender<Result<()>>) {
        let mut version = match self.list().await {
            Ok(list) => {
                let version = self.take_list(list);
                // Nobody listening means that the recorder is gone; then `stop` follows.
                drop(begun.send(Ok(())));
                version
            }
            Err(error) => {
                drop(begun.send(Err(error)));
                return;
            }
        };
        loop {
            match self.follow(&mut version, &stop).await {
                End::Stopped => return,
                End::Resume => {}
                End::Expired(reason) => {
                    let Some(list) = self.list_again(&stop).await else {
                        return self.log.gap(self.kind, reason, false);
                    };
                    self.log.gap(self.kind, reason, self.is_known(&list));
                    version = self.take_list(list);
                }
            }
        }
    }

    async fn list(&self) -> Result<ObjectList<DynamicObject>> {
        let doing = format!("listing {}", self.kind.name());
        let parameters = ListParams::default();
        let list = self.api.list(&parameters);
        within(LIST_DEADLINE, &doing, list, Error::api(doing.clone())).await
    }

    /// Lists until the API server answers; none when told to stop.
    async fn list_again(&self, stop: &CancellationToken) -> Option<ObjectList<DynamicObject>> {
        loop {
            match self.list().await {
                Ok(list) => return Some(list),
                Err(error) => tracing::warn!(kind = self.kind.name(), %error, "listing again"),
            }
            if stop.is_cancelled() {
                return None;
            }
            pause(BACK_OFF).await;
        }
    }

    /// Whether a list shows exactly the versions last recorded.
    fn is_known(&self, list: &ObjectList<DynamicObject>) -> bool {
        let same = |object: &DynamicObject| {
            let (Some(uid), Some(version)) = (&object.metadata.uid, &object.metadata.resource_version) else {
                return false;
            };
            self.known.get(uid).is_some_and(|(known, _)| known == version)
        };
        list.items.len() == self.known.len() && list.items.iter().all(same)
    }

    /// Records what a list shows that was not recorded yet; returns the list's version.
    fn take_list(&mut self, list: ObjectList<DynamicObject>) -> String {
        let version = list.metadata.resource_version.clone().unwrap_or_default();
        let mut missing: Vec<_> = self.known.keys().cloned().collect();
        for object in list.items {
            missing.retain(|uid| Some(uid) != object.metadata.uid.as_ref());
            self.record(Change::Listed, object);
        }
        for uid in missing {
            if let Some((_, object)) = self.known.remove(&uid) {
                self.log.object(Change::Deleted, self.kind, object);
            }
        }
        version
    }

    async fn follow(&mut self, version: &mut String, stop: &CancellationToken) -> End {
        let parameters = WatchParams::default();
        // A stop does not end this: what happened before it is still to be told.
        let stream = tokio::time::timeout(LIST_DEADLINE, self.api.watch(&parameters, version)).await;
        let mut stream = match stream {
            Ok(Ok(stream)) => stream.boxed(),
            _ if stop.is_cancelled() => {
                self.log.gap(
                    self.kind,
                    "the recording was stopped while the API server did not answer",
                    false,
                );
                return End::Stopped;
            }
            Ok(Err(error)) => return self.refused(error).await,
            Err(_) => return End::Resume,
        };
        let mut suspicious = false;
        let silence = match self.kind {
            Kind::Pod | Kind::StatefulSet | Kind::PersistentVolumeClaim => SILENCE,
            _ => SILENCE_ASIDE,
        };
        loop {
            let next = tokio::select! {
                () = stop.cancelled() => {
                    self.catch_up(&mut stream).await;
                    return End::Stopped;
                }
                next = tokio::time::timeout(silence, stream.try_next()) => next,
            };
            match next {
                Err(_) if self.awaited.load(Ordering::Relaxed) > 0 => {
                    // The first difference may be an event on its way; one that lasts is a dead stream.
                    let differs = self.differs().await;
                    if suspicious && differs {
                        return End::Resume;
                    }
                    suspicious = differs;
                }
                Err(_) => {}
                Ok(Ok(None)) => return End::Resume,
                Ok(Err(error)) => return self.refused(error).await,
                Ok(Ok(Some(event))) => {
                    suspicious = false;
                    match self.take(event) {
                        Ok(seen) => *version = seen,
                        Err(status) => return self.refused(kube::Error::Api(status)).await,
                    }
                }
            }
        }
    }

    /// Records what an event tells; returns the version up to which everything is known.
    fn take(&mut self, event: WatchEvent<DynamicObject>) -> std::result::Result<String, Box<Status>> {
        match event {
            WatchEvent::Added(object) => Ok(self.record(Change::Added, object)),
            WatchEvent::Modified(object) => Ok(self.record(Change::Modified, object)),
            WatchEvent::Deleted(object) => Ok(self.record(Change::Deleted, object)),
            WatchEvent::Bookmark(bookmark) => Ok(bookmark.metadata.resource_version),
            WatchEvent::Error(status) => Err(status),
        }
    }

    async fn refused(&self, error: kube::Error) -> End {
        if let kube::Error::Api(status) = &error
            && (status.code == 410 || status.reason == "Expired")
        {
            return End::Expired(status.message.clone());
        }
        tracing::debug!(kind = self.kind.name(), %error, "watch ended");
        pause(BACK_OFF).await;
        End::Resume
    }

    /// Whether a list shows other versions than those recorded. An API server that does not answer shows nothing.
    async fn differs(&self) -> bool {
        let Some(listed) = self.versions().await else { return false };
        let same = |(uid, version): (&String, &String)| {
            self.known.get(uid).is_some_and(|(known, _)| known == version)
        };
        listed.len() != self.known.len() || !listed.iter().all(same)
    }

    /// The versions that a list shows, by UID; none when the API server does not answer.
    async fn versions(&self) -> Option<BTreeMap<String, String>> {
        let parameters = ListParams::default();
        let list =
            tokio::time::timeout(LIST_DEADLINE, self.api.list_metadata(&parameters)).await.ok()?.ok()?;
        Some(
            list.items
                .into_iter()
                .filter_map(|object| Some((object.metadata.uid?, object.metadata.resource_version?)))
                .collect(),
        )
    }

    /// At the end: what had happened before the stop must be in the journal, or be marked as missing.
    async fn catch_up(
        &mut self,
        stream: &mut (impl Stream<Item = kube::Result<WatchEvent<DynamicObject>>> + Unpin),
    ) {
        let Some(listed) = self.versions().await else {
            return self.log.gap(
                self.kind,
                "at the stop, the API server did not say what the journal should hold",
                false,
            );
        };
        let newer = |known: &str, version: &str| known.parse::<u64>().ok() >= version.parse::<u64>().ok();
        let reading = async {
            loop {
                let told = listed.iter().all(|(uid, version)| {
                    self.gone.contains(uid)
                        || self.known.get(uid).is_some_and(|(known, _)| newer(known, version))
                });
                let ended =
                    || self.known.keys().all(|uid| listed.contains_key(uid) || self.born_since(uid, &listed));
                if told && ended() {
                    return true;
                }
                let Ok(Some(event)) = stream.try_next().await else { return false };
                if self.take(event).is_err() {
                    return false;
                }
            }
        };
        if tokio::time::timeout(CATCH_UP, reading).await != Ok(true) {
            self.log.gap(self.kind, "the recording was stopped before the watch had told everything", false);
        }
    }

    /// Whether an object that a list does not show is newer than all that it shows.
    fn born_since(&self, uid: &str, listed: &BTreeMap<String, String>) -> bool {
        let newest = listed.values().filter_map(|version| version.parse::<u64>().ok()).max().unwrap_or(0);
        self.known
            .get(uid)
            .and_then(|(version, _)| version.parse::<u64>().ok())
            .is_some_and(|version| version > newest)
    }

    /// Records a version, unless it is recorded already; returns it.
    fn record(&mut self, change: Change, object: DynamicObject) -> String {
        let mut metadata = object.metadata;
        metadata.managed_fields = None;
        let uid = metadata.uid.clone().unwrap_or_default();
        let version = metadata.resource_version.clone().unwrap_or_default();
        let mut value = object.data;
        if let Value::Object(fields) = &mut value {
            fields.insert("metadata".to_owned(), serde_json::to_value(metadata).unwrap_or_default());
        }
        let recorded = self.known.get(&uid).is_some_and(|(known, _)| *known == version);
        if change == Change::Deleted {
            self.known.remove(&uid);
            self.gone.insert(uid);
        } else if recorded {
            return version;
        } else {
            self.known.insert(uid, (version.clone(), value.clone()));
        }
        self.log.object(change, self.kind, value);
        version
    }
}
