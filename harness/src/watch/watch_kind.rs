//! One kind of a namespace, list then watch, without holes that nobody marks.

mod access;
mod retrace;
mod whole;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
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

use access::Access;

use super::{Log, resource::resource};
use crate::error::{Error, Result, within};

/// Somebody who wants to know when everything that had happened before is recorded.
pub(super) type Inquirer = oneshot::Sender<Result<()>>;

/// How long an API server may be away when a recording begins.
const AWAY: Duration = Duration::from_secs(60);
/// How long a list may take.
const LIST_DEADLINE: Duration = Duration::from_secs(10);
/// How long a watch may be silent before a list checks that it is alive, and how long when the last one showed what it had not
/// told. No verdict hangs on it, since those ask a barrier; eight lists a second for each scenario would cost a small machine much.
const SILENCE: Duration = Duration::from_secs(5);
const SUSPICIOUS: Duration = Duration::from_secs(1);
/// How long to leave an API server alone that refused, and one that no longer lets us in.
const BACK_OFF: Duration = Duration::from_millis(200);
const SHUT_OUT: Duration = Duration::from_secs(2);

/// Records one kind until it is told to stop.
pub(super) struct Watch {
    pub(super) kind: Kind,
    pub(super) api: Api<DynamicObject>,
    pub(super) log: Arc<Log>,
    /// The versions last recorded, by UID, with the object for a deletion that only a list shows.
    known: BTreeMap<String, (String, Value)>,
    /// The UIDs whose end is recorded.
    gone: BTreeSet<String>,
    inquirers: mpsc::UnboundedReceiver<Inquirer>,
    /// Those who have asked while the API server was away.
    waiting: Vec<Inquirer>,
    access: Access,
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
        inquirers: mpsc::UnboundedReceiver<Inquirer>,
    ) -> Self {
        Self {
            kind,
            api: Api::namespaced_with(client, namespace, &resource(kind)),
            log,
            known: BTreeMap::new(),
            gone: BTreeSet::new(),
            inquirers,
            waiting: Vec::new(),
            access: Access::default(),
        }
    }

    /// Lists, says that recording has begun, and watches until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken, begun: oneshot::Sender<Result<()>>) {
        let began = Instant::now();
        let listed = self.list_until(|error| error.is_refusal() || began.elapsed() >= AWAY).await;
        let mut version = match listed {
            Ok(list) => {
                let version = self.take_list(list, |_| Change::Listed);
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
                    let Ok(list) = self.list_until(|_| stop.is_cancelled()).await else {
                        return self.log.gap(self.kind, reason, false);
                    };
                    let newest = list.metadata.resource_version.clone().unwrap_or_default();
                    let bridged = self.is_known(&list) || self.retrace(&version, &newest).await;
                    self.log.gap(self.kind, reason, bridged);
                    version = self.take_list(list, |_| Change::Listed);
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

    /// Lists until there is an answer, or one gives up: a connection that is used anew may be closing just then.
    async fn list_until(&self, gives_up: impl Fn(&Error) -> bool) -> Result<ObjectList<DynamicObject>> {
        loop {
            match self.list().await {
                Err(error) if !gives_up(&error) => {
                    tracing::warn!(kind = self.kind.name(), %error, "listing again");
                }
                listed => return listed,
            }
            pause(BACK_OFF).await;
        }
    }

    /// Records what a list shows that was not recorded yet, as this kind of change where the object is known and where it is not;
    /// returns the list's version.
    fn take_list(&mut self, list: ObjectList<DynamicObject>, change: fn(bool) -> Change) -> String {
        let version = list.metadata.resource_version.clone().unwrap_or_default();
        let mut missing: Vec<_> = self.known.keys().cloned().collect();
        for object in list.items {
            missing.retain(|uid| Some(uid) != object.metadata.uid.as_ref());
            let known = object.metadata.uid.as_ref().is_some_and(|uid| self.known.contains_key(uid));
            self.record(change(known), object);
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
                self.access.silent(Instant::now());
                return End::Resume;
            }
        };
        self.back();
        let mut suspicious = false;
        loop {
            if let Some(inquirer) = self.waiting.pop() {
                if self.tell(inquirer, &mut stream, version).await {
                    continue;
                }
                return End::Resume;
            }
            let silence = if suspicious { SUSPICIOUS } else { SILENCE };
            let next = tokio::select! {
                () = stop.cancelled() => {
                    if let Err(error) = self.catch_up(&mut stream, version).await {
                        self.log.gap(self.kind, format!("at the stop: {error}"), false);
                    }
                    return End::Stopped;
                }
                Some(inquirer) = self.inquirers.recv() => {
                    self.waiting.push(inquirer);
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

    /// Tells one who has asked that all is recorded, or why nobody can know; whether the watch is good for more. While the API server
    /// is away they wait: it may be back before their time is over.
    async fn tell(
        &mut self,
        inquirer: Inquirer,
        stream: &mut (impl Stream<Item = kube::Result<WatchEvent<DynamicObject>>> + Unpin),
        version: &mut String,
    ) -> bool {
        let told = self.catch_up(stream, version).await;
        let obstacle = told.as_ref().err().and_then(Error::obstacle);
        if obstacle == Some(Obstacle::ApiAway) {
            self.waiting.push(inquirer);
            pause(BACK_OFF).await;
            return false;
        }
        drop(inquirer.send(told));
        // A watch that is behind is a dead stream, or a slow one: another goes on where this one was.
        obstacle != Some(Obstacle::Recording)
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
        if self.access.refused(&error, Instant::now()) {
            tracing::error!(%error, "nothing of {name} is recorded until the API server lets us in again");
        } else {
            tracing::debug!(%error, "the watch ended");
        }
        if !self.access.is_shut_out() {
            pause(BACK_OFF).await;
            return End::Resume;
        }
        while let Ok(inquirer) = self.inquirers.try_recv() {
            self.waiting.push(inquirer);
        }
        for inquirer in std::mem::take(&mut self.waiting) {
            drop(inquirer.send(Err(self.access.blind(&error, Instant::now()))));
        }
        pause(SHUT_OUT).await;
        End::Resume
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
