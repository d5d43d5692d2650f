//! What is between a container's start and its being Ready: hooks, probes, and what it finds on its volume.

use anyhow::Result;
use harness::{
    claim::S15,
    explain::cause::{
        CONTAINER_DOES_NOT_STOP, DATA_DIRECTORY_NOT_EMPTY, INIT_CONTAINER_RUNS, POST_START_HOOK_FAILING,
        POST_START_HOOK_RUNNING, STARTUP_PROBE_FAILING,
    },
    runner::{Run, Scenario},
};
use serde_json::{Value, json};

use super::{healed, report};
use crate::{
    diagnosis::case::{Case, case, headless, plain, taken},
    seconds,
};

/// What these scenarios make.
#[cfg(test)]
pub(super) const CAUSES: &[&str] = &[
    CONTAINER_DOES_NOT_STOP,
    DATA_DIRECTORY_NOT_EMPTY,
    INIT_CONTAINER_RUNS,
    POST_START_HOOK_FAILING,
    POST_START_HOOK_RUNNING,
    STARTUP_PROBE_FAILING,
];

const POSTGRES: &str = "postgres:17";
/// Volumes for what PostgreSQL writes beside its data: somebody's policy may make the rest of its file system read-only.
const ASIDE: [(&str, &str); 2] = [("sockets", "/var/run/postgresql"), ("temporary", "/tmp")];
/// Where the image has PostgreSQL's data.
const DATA: &str = "/var/lib/postgresql/data";
/// Where PostgreSQL keeps its data below a mount.
const BELOW: &str = "/var/lib/postgresql/data/pgdata";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        report(
            "diagnosis::reports::post_start",
            "a postStart hook waits for its own name, then one that fails",
            seconds(240),
            post_start,
        ),
        report(
            "diagnosis::reports::startup_probe",
            "a startup probe cuts the first start off, and a longer one comes too late",
            seconds(300),
            startup_probe,
        ),
        report(
            "diagnosis::reports::told_to_stop",
            "a container whose liveness probe failed does not stop, and looks Ready",
            seconds(240),
            told_to_stop,
        ),
        report(
            "diagnosis::reports::lost_and_found",
            "a data directory is the root of a volume that is not empty",
            seconds(240),
            lost_and_found,
        ),
        report(
            "diagnosis::reports::initial",
            "an init container waits for ever, and a sidecar's startup probe fails",
            seconds(240),
            initial,
        ),
    ]
}

/// It sleeps, and ends when it is told to.
fn sleeping(patch: Value) -> Value {
    plain(POSTGRES, &["sh", "-c", "trap 'exit 0' TERM; sleep infinity & wait"], patch)
}

async fn post_start(run: Run) -> Result<()> {
    let hook =
        |command: &str| json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", command]}}}});
    let queue = |cause, patch| {
        case("queue", cause).replicas(2).spec(json!({"serviceName": "queue"})).container(sleeping(patch))
    };
    run.step("each hook waits for a name that its pod has only after it").await?;
    let waiting =
        queue(POST_START_HOOK_RUNNING, hook("until getent hosts $(hostname).queue; do sleep 1; done"));
    run.apply_objects([headless("queue", true), waiting.object()?]).await?;
    let set = run.set("queue");
    set.judge_advice(S15, POST_START_HOOK_RUNNING, &["make the hook end", "delete pod queue-0"], seconds(90))
        .await?;

    run.step("the hook ends, and fails").await?;
    run.apply_objects([queue(POST_START_HOOK_FAILING, hook("exit 7")).object()?]).await?;
    set.delete_pod_at_once(0).await?;
    set.judge_advice(S15, POST_START_HOOK_FAILING, &["correct the hook", "delete pod queue-0"], seconds(90))
        .await?;

    run.apply_objects([queue(POST_START_HOOK_FAILING, hook("true")).object()?]).await?;
    set.delete_pod(0).await?;
    healed(&run, "queue").await
}

/// Mounts of these volumes, and of those aside.
fn mounts<'a>(volumes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Value> {
    volumes.into_iter().chain(ASIDE).map(|(name, path)| json!({"name": name, "mountPath": path})).collect()
}

fn volumes_aside() -> Vec<Value> {
    ASIDE.map(|(name, _)| json!({"name": name, "emptyDir": {}})).to_vec()
}

/// PostgreSQL with its data below the mount, so that nothing else is in its way.
fn books(attempts: u32) -> Case {
    let mounts = mounts([("data", DATA), ("first-start", "/docker-entrypoint-initdb.d")]);
    let mut volumes = volumes_aside();
    volumes.push(json!({"name": "first-start", "configMap": {"name": "first-start"}}));
    let probe = json!({"exec": {"command": ["psql", "-X", "-q", "-U", "app", "-d", "app", "-c", "select 1"]},
        "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": attempts});
    let patch = json!({"command": null, "volumeMounts": mounts, "startupProbe": probe, "env": [
        {"name": "POSTGRES_PASSWORD", "value": "for-this-test-only"}, {"name": "PGDATA", "value": BELOW}]});
    case("books", STARTUP_PROBE_FAILING)
        .pod(json!({"terminationGracePeriodSeconds": 2, "volumes": volumes}))
        .volume_claim(json!({"resources": {"requests": {"storage": "256Mi"}}}))
        .container(plain(POSTGRES, &[], patch))
}

async fn startup_probe(run: Run) -> Result<()> {
    let first_start = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "first-start"}, "data": {
        "10-import.sh": "echo importing\nsleep 25\n",
        "20-application.sql": "create role app login;\ncreate database app owner app;\n"}});
    run.step("the first start takes longer than the probe waits").await?;
    run.apply_objects([first_start, books(4).object()?]).await?;
    let set = run.set("books");
    let advice = ["failureThreshold", "after 4 x 2 s", "delete pvc data-books-0", "--replicas 0"];
    set.judge_advice(S15, STARTUP_PROBE_FAILING, &advice, seconds(120)).await?;

    run.step("more time alone does not help: the database is there, and is not whole").await?;
    run.apply_objects([books(60).object()?]).await?;
    set.delete_pod(0).await?;
    set.judge_advice(S15, STARTUP_PROBE_FAILING, &["startup probe fails"], seconds(90)).await?;

    run.step("the volume is made anew").await?;
    set.scale(0).await?;
    set.delete_volume_claim(0).await?;
    set.scale(1).await?;
    healed(&run, "books").await
}

async fn told_to_stop(run: Run) -> Result<()> {
    let gateway = |path: &str| {
        let liveness =
            json!({"httpGet": {"path": path, "port": "http"}, "periodSeconds": 2, "failureThreshold": 2});
        case("gateway", CONTAINER_DOES_NOT_STOP).pod(json!({"terminationGracePeriodSeconds": 900})).container(
            json!({"env": [{"name": "SENTINEL_STOP_HELD", "value": "all"}], "livenessProbe": liveness}),
        )
    };
    if taken(&run, vec![gateway("/no-such-path")]).await?.is_empty() {
        return Ok(());
    }
    run.step("its liveness probe fails at once, and it does not stop").await?;
    run.apply_objects([gateway("/no-such-path").object()?]).await?;
    let set = run.set("gateway");
    let advice = ["livenessProbe.terminationGracePeriodSeconds", "900 s", "see why the probe fails"];
    set.judge_advice(S15, CONTAINER_DOES_NOT_STOP, &advice, seconds(120)).await?;
    run.apply_objects([gateway("/live").object()?]).await?;
    set.delete_pod_at_once(0).await?;
    healed(&run, "gateway").await?;
    run.set("gateway").scale(0).await?;
    Ok(set.delete_pod_at_once(0).await?)
}

async fn lost_and_found(run: Run) -> Result<()> {
    let ledger = |env: Value| {
        let mkdir = json!({"name": "new-disk", "image": POSTGRES, "imagePullPolicy": "IfNotPresent",
            "command": ["mkdir", "-p", "/disk/lost+found"], "volumeMounts": [{"name": "data", "mountPath": "/disk"}]});
        let patch = json!({"command": null, "env": env, "volumeMounts": mounts([("data", DATA)])});
        case("ledger", DATA_DIRECTORY_NOT_EMPTY)
            .pod(json!({"initContainers": [mkdir], "volumes": volumes_aside()}))
            .volume_claim(json!({"resources": {"requests": {"storage": "128Mi"}}}))
            .container(plain(POSTGRES, &[], patch))
    };
    let password = json!({"name": "POSTGRES_PASSWORD", "value": "for-this-test-only"});
    run.step("initdb finds lost+found").await?;
    run.apply_objects([ledger(json!([password])).object()?]).await?;
    let set = run.set("ledger");
    set.judge_advice(
        S15,
        DATA_DIRECTORY_NOT_EMPTY,
        &["PGDATA", "lost+found", "delete pod ledger-0"],
        seconds(90),
    )
    .await?;
    run.apply_objects([ledger(json!([password, {"name": "PGDATA", "value": BELOW}])).object()?]).await?;
    set.delete_pod(0).await?;
    healed(&run, "ledger").await
}

async fn initial(run: Run) -> Result<()> {
    let with =
        |set: &'static str, cause, init: Value| case(set, cause).pod(json!({"initContainers": [init]}));
    let init = |patch: Value| {
        let mut init = sleeping(patch);
        init["name"] = json!("first");
        init["imagePullPolicy"] = json!("IfNotPresent");
        init
    };
    let probe = |command: &str| {
        json!({"restartPolicy": "Always", "startupProbe": {
        "exec": {"command": [command]}, "periodSeconds": 1, "failureThreshold": 1000}})
    };
    run.step("an init container that is meant to run on, and a sidecar that is never started").await?;
    let forever = with("forever", INIT_CONTAINER_RUNS, init(json!({})));
    let beside = with("beside", STARTUP_PROBE_FAILING, init(probe("false")));
    run.apply_objects([forever.object()?, beside.object()?]).await?;
    let (forever, beside) = (run.set("forever"), run.set("beside"));
    beside
        .judge_advice(S15, STARTUP_PROBE_FAILING, &["container first", "delete pod beside-0"], seconds(60))
        .await?;
    forever
        .judge_advice(S15, INIT_CONTAINER_RUNS, &["container first", "delete pod forever-0"], seconds(90))
        .await?;
    let sidecar = |set, cause| with(set, cause, init(probe("true"))).object();
    run.apply_objects([sidecar("forever", INIT_CONTAINER_RUNS)?, sidecar("beside", STARTUP_PROBE_FAILING)?])
        .await?;
    forever.delete_pod(0).await?;
    beside.delete_pod(0).await?;
    healed(&run, "forever").await?;
    healed(&run, "beside").await
}
