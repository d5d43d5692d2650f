//! One kind of a namespace, list then watch, without holes that nobody marks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use external::wait::pause;
use futures::{Stream, StreamExt, TryStreamExt};
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams, ObjectList, WatchEvent, WatchParams},
    core::Status,
};
use record::{
    journal::{Change, Kind},
    law::Obstacle,
};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Log, resource::resource};
use crate::error::{Error, Result, within};

/// Somebody who wants to know when everything that had happened before is recorded.
pub(super) type Asked = oneshot::Sender<Result<()>>;

/// How long a list may take.
const LIST_DEADLINE: Duration = Duration::from_secs(10);
/// How long a watch may be silent, while something is awaited, before a list checks that it is alive: one that laws
/// and expectations live on, and any other. Eight lists a second for each scenario would cost a small machine much.
const SILENCE: Duration = Duration::from_secs(1);
const SILENCE_ASIDE: Duration = Duration::from_secs(5);
/// An API server that takes longer for a list was away meanwhile, and so may its controllers have been.
const SLOW: Duration = Duration::from_secs(2);
/// How long the watch has to tell what has happened already.
const CATCH_UP: Duration = Duration::from_secs(5);
/// How long to leave an API server alone that refused, and one that no longer lets us in.
const BACK_OFF: Duration = Duration::from_millis(200);
const SHUT_OUT: Duration = Duration::from_secs(2);
/// An API server that comes back forbids everything, until it has read who may do what. To leave it alone meanwhile would
/// be to miss what its controllers do first.
const STARTING: Duration = Duration::from_secs(5);

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
    asked: mpsc::UnboundedReceiver<Asked>,
    /// Since when the API server does not answer.
    away: Option<Instant>,
    /// Since when it answers that we may not watch.
    forbids: Option<Instant>,
    /// Why the API server does not let us in.
    shut_out: Option<(Obstacle, String)>,
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
        asked: mpsc::UnboundedReceiver<Asked>,
    ) -> Self {
        Self {
            kind,
            api: Api::namespaced_with(client, namespace, &resource(kind)),
            log,
            awaited,
            known: BTreeMap::new(),
            gone: BTreeSet::new(),
            asked,
            away: None,
            forbids: None,
            shut_out: None,
        }
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
            match Box::pin(self.follow(&mut version, &stop)).await {
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
            Err(_) => {
                self.away.get_or_insert_with(Instant::now);
                return End::Resume;
            }
        };
        self.back();
        let mut suspicious = false;
        loop {
            let silence = self.silence();
            let next = tokio::select! {
                () = stop.cancelled() => {
                    if let Err(error) = self.catch_up(&mut stream, version).await {
                        self.log.gap(self.kind, format!("at the stop: {error}"), false);
                    }
                    return End::Stopped;
                }
                Some(asked) = self.asked.recv() => {
                    let told = self.catch_up(&mut stream, version).await;
                    // A watch that is behind is a dead stream, or a slow one: another goes on where this one was.
                    let behind = matches!(&told, Err(Error::NotJudged { obstacle: Obstacle::Recording, .. }));
                    drop(asked.send(told));
                    if behind {
                        return End::Resume;
                    }
                    continue;
                }
                next = tokio::time::timeout(silence, stream.try_next()) => next,
            };
            match next {
                Err(_) => {
                    // The first difference may be an event on its way; one that lasts is a dead stream.
                    let differs = self.differs().await;
                    if suspicious && differs {
                        return End::Resume;
                    }
                    suspicious = differs;
                }
                Ok(Ok(None)) => return End::Resume,
                Ok(Err(error)) => return self.refused(error).await,
                Ok(Ok(Some(event))) => {
                    suspicious = false;
                    self.back();
                    match self.take(event) {
                        Ok(seen) => *version = seen,
                        Err(status) => return self.refused(kube::Error::Api(status)).await,
                    }
                }
            }
        }
    }

    /// How long the stream may be silent before a list checks that it is alive.
    fn silence(&self) -> Duration {
        let first = matches!(self.kind, Kind::Pod | Kind::StatefulSet | Kind::PersistentVolumeClaim);
        if first && self.awaited.load(Ordering::Relaxed) > 0 { SILENCE } else { SILENCE_ASIDE }
    }

    /// The API server answers: how long it did not is written down, since its controllers may have been away as well.
    fn back(&mut self) {
        if let Some(away) = self.away.take().map(|since| since.elapsed()).filter(|away| *away > SLOW) {
            self.log.gap(self.kind, format!("the API server did not answer for {away:.1?}"), true);
        }
        self.forbids = None;
        if let Some((obstacle, _)) = self.shut_out.take() {
            tracing::info!(kind = self.kind.name(), %obstacle, "the API server lets us in again");
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

    async fn refused(&mut self, error: kube::Error) -> End {
        if let kube::Error::Api(status) = &error
            && (status.code == 410 || status.reason == "Expired")
        {
            return End::Expired(status.message.clone());
        }
        let name = self.kind.name();
        let error = Error::api(format!("watching {name}"))(error);
        let forbids = error.obstacle().filter(|why| matches!(why, Obstacle::Credentials | Obstacle::Rights));
        let shut_out = forbids.filter(|_| {
            let since = *self.forbids.get_or_insert_with(Instant::now);
            self.away.is_none() || since.elapsed() > STARTING
        });
        match shut_out {
            Some(obstacle) if self.shut_out.is_none() => {
                tracing::error!(%error, "{obstacle}: nothing of {name} is recorded until it lets us in again");
                self.shut_out = Some((obstacle, error.to_string()));
            }
            Some(_) => {}
            None => {
                tracing::debug!(%error, "the watch ended");
                self.away.get_or_insert_with(Instant::now);
            }
        }
        while let Ok(asked) = self.asked.try_recv() {
            drop(asked.send(Err(self.blind(&error))));
        }
        pause(if shut_out.is_some() { SHUT_OUT } else { BACK_OFF }).await;
        End::Resume
    }

    /// Why nobody can say what has happened.
    fn blind(&self, error: &Error) -> Error {
        let (obstacle, message) = match &self.shut_out {
            Some((obstacle, why)) => (*obstacle, why.clone()),
            None => (error.obstacle().unwrap_or(Obstacle::ApiAway), error.to_string()),
        };
        Error::not_judged(obstacle, message)
    }

    /// Whether a list shows other versions than those recorded. An API server that does not answer shows nothing.
    async fn differs(&mut self) -> bool {
        let Ok(listed) = self.versions().await else { return false };
        let same = |(uid, version): (&String, &String)| {
            self.known.get(uid).is_some_and(|(known, _)| known == version)
        };
        listed.len() != self.known.len() || !listed.iter().all(same)
    }

    /// The versions that a list shows, by UID. How long the API server was away for it is written down.
    async fn versions(&mut self) -> Result<BTreeMap<String, String>> {
        let asked = Instant::now();
        let (doing, parameters) = (format!("listing {}", self.kind.name()), ListParams::default());
        let list = self.api.list_metadata(&parameters);
        let list = within(LIST_DEADLINE, &doing, list, Error::api(doing.clone())).await;
        self.away.get_or_insert(asked);
        let list = list.map_err(|error| self.blind(&error))?;
        self.back();
        let versions = list.items.into_iter();
        Ok(versions
            .filter_map(|object| Some((object.metadata.uid?, object.metadata.resource_version?)))
            .collect())
    }

    /// Reads on until the watch has told what a list of this moment shows.
    ///
    /// # Errors
    /// [`Error::NotJudged`] when there is no such list, or the watch does not tell it.
    async fn catch_up(
        &mut self,
        stream: &mut (impl Stream<Item = kube::Result<WatchEvent<DynamicObject>>> + Unpin),
        version: &mut String,
    ) -> Result<()> {
        let listed = self.versions().await?;
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
                match self.take(event) {
                    Ok(seen) => *version = seen,
                    Err(_) => return false,
                }
            }
        };
        match tokio::time::timeout(CATCH_UP, reading).await {
            Ok(true) => Ok(()),
            _ => {
                let message = format!("the watch of {} has not told what a list shows", self.kind.name());
                Err(Error::not_judged(Obstacle::Recording, message))
            }
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
