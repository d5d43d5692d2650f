//! What a pod can be asked and told.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State as Shared},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use serde::Deserialize;

use crate::{
    connect::{self, Counts, TIMES_LIMIT},
    identity::Identity,
    log::log,
    mounts::{self, Mount},
    names::{self, Kind, Repeated, Resolution},
    stamps::{Seen, stamp},
    state::{Change, Held, State},
    store::{Content, Name, Store},
};

/// Well below the pod's memory limit.
const FILE_LIMIT: usize = 16 * 1024 * 1024;

pub fn routes(state: Arc<State>) -> Router {
    Router::new()
        .route("/ready", get(ready))
        .route("/live", get(live))
        .route("/pre-stop", get(pre_stop))
        .route("/held", get(held).put(hold))
        .route("/identity", get(identity))
        .route("/resolve", get(resolve))
        .route("/resolve-often", get(resolve_often))
        .route("/search", get(search))
        .route("/connect", get(connect))
        .route("/files", get(list))
        .route("/files/{name}", put(write).get(read))
        .route("/mounts", get(mounted))
        .route("/memory", put(allocate))
        .layer(DefaultBodyLimit::max(FILE_LIMIT))
        .with_state(state)
}

/// A request that could not be served, and why.
struct Refusal(StatusCode, String);

type Answer<T> = Result<T, Refusal>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
    }
}

fn bad_request(reason: impl ToString) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, reason.to_string())
}

async fn ready(Shared(state): Shared<Arc<State>>) -> Answer<&'static str> {
    if state.held().ready {
        return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, "held not-Ready".to_owned()));
    }
    Ok("ready")
}

async fn live(Shared(state): Shared<Arc<State>>) -> Answer<&'static str> {
    if state.held().live_fails {
        return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, "told to fail liveness".to_owned()));
    }
    Ok("live")
}

#[derive(Deserialize)]
struct PreStop {
    seconds: u64,
}

/// For a preStop hook, which lasts until this answers.
async fn pre_stop(Shared(state): Shared<Arc<State>>, Query(hook): Query<PreStop>) -> &'static str {
    stamp(&state, Seen::PreStopBegan).await;
    #[expect(clippy::disallowed_methods, reason = "that it takes its time is what a hook is asked for here")]
    tokio::time::sleep(Duration::from_secs(hook.seconds)).await;
    stamp(&state, Seen::PreStopEnded).await;
    "ready to stop"
}

async fn held(Shared(state): Shared<Arc<State>>) -> Json<Held> {
    Json(state.held())
}

async fn hold(Shared(state): Shared<Arc<State>>, Json(change): Json<Change>) -> Json<Held> {
    let held = state.change(change);
    log(&format!("held: {held:?}"));
    Json(held)
}

#[derive(Deserialize)]
struct Memory {
    mebibytes: usize,
}

async fn allocate(Shared(state): Shared<Arc<State>>, Json(memory): Json<Memory>) -> Json<usize> {
    log(&format!("allocating {} MiB", memory.mebibytes));
    state.allocate(memory.mebibytes << 20);
    Json(memory.mebibytes)
}

async fn identity(Shared(state): Shared<Arc<State>>) -> Json<Identity> {
    Json(state.identity.clone())
}

#[derive(Deserialize)]
struct Question {
    name: String,
    #[serde(default, rename = "type")]
    kind: Kind,
}

async fn resolve(Query(question): Query<Question>) -> Answer<Json<Resolution>> {
    let name = names::name(&question.name).map_err(bad_request)?;
    Ok(Json(names::resolve(&name, question.kind).await?))
}

#[derive(Deserialize)]
struct Questions {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    times: usize,
}

async fn resolve_often(Query(questions): Query<Questions>) -> Answer<Json<Vec<Repeated>>> {
    let name = names::name(&questions.name).map_err(bad_request)?;
    if questions.times > names::TIMES_LIMIT {
        return Err(bad_request(format!("times is at most {}", names::TIMES_LIMIT)));
    }
    Ok(Json(names::resolve_often(&name, questions.kind, questions.times).await?))
}

async fn search() -> Answer<Json<Vec<String>>> {
    Ok(Json(names::search()?))
}

async fn connect(Query(request): Query<connect::Request>) -> Answer<Json<Counts>> {
    if request.times > TIMES_LIMIT {
        return Err(bad_request(format!("times is at most {TIMES_LIMIT}")));
    }
    Ok(Json(connect::count(request).await))
}

async fn list(Shared(state): Shared<Arc<State>>) -> Answer<Json<BTreeMap<String, Content>>> {
    on_disk(&state, Store::list).await.map(Json)
}

async fn write(
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
    bytes: Bytes,
) -> Answer<Json<Content>> {
    let parsed = file_name(&name)?;
    let content = on_disk(&state, move |store| store.write(&parsed, &bytes)).await?;
    log(&format!("wrote {name}, {} bytes, sha256 {}", content.size, content.sha256));
    Ok(Json(content))
}

async fn read(Shared(state): Shared<Arc<State>>, Path(name): Path<String>) -> Answer<Vec<u8>> {
    let parsed = file_name(&name)?;
    let bytes = on_disk(&state, move |store| store.read(&parsed)).await?;
    bytes.ok_or_else(|| Refusal(StatusCode::NOT_FOUND, format!("no file {name}")))
}

async fn mounted(Shared(state): Shared<Arc<State>>) -> Answer<Json<Vec<Mount>>> {
    on_disk(&state, |store| mounts::concerning(store.directory())).await.map(Json)
}

fn file_name(name: &str) -> Answer<Name> {
    Name::parse(name).ok_or_else(|| bad_request(format!("{name:?} is no plain file name")))
}

/// Works on the volume beside the only thread, so that a slow disk fails no probe.
async fn on_disk<T, F>(state: &State, work: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce(&Store) -> io::Result<T> + Send + 'static,
{
    let Some(store) = state.store.clone() else {
        return Err(Refusal(StatusCode::NOT_FOUND, "this pod has no volume".to_owned()));
    };
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    done.map_err(anyhow::Error::from)?.map_err(|error| anyhow::Error::from(error).into())
}
