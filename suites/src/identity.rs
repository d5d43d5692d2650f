//! Stable Pod Identity, and the storage that belongs to it.

use std::time::Instant;

use anyhow::Result;
use harness::{
    claim::{K1, K11, K12, K18, K19, S1, S2, S3, S5, S6, S7, S8, S9},
    runner::{Run, Scenario, scenario},
    wait::expectations,
    workload::{DAGSTER_POSTGRESQL, GARAGE, SENTINEL, Set, sentinel::Held},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{
        EMPTY_BUT_MARKED, EMPTY_DIRECTORY, FORCED_AWAY, HOSTNAME_AS_FULL_NAME, ORDINALS_START_AT_ONE,
        SET_GONE, SET_GONE_BEFORE_ADOPTION, START_IGNORED, STATUS_WRITTEN_BY_ANOTHER, TEMPLATE_RENAMED,
        VOLUME_CLAIM_DELETED_WITH_POD, VOLUME_CLAIMS_TOO_SMALL,
    },
    seconds,
};

/// The replicas that these scenarios run; the document's Garage has as many.
const REPLICAS: u32 = 3;

/// How many seconds a preStop hook sleeps, beside what is watched for longer.
const SLEEP: u64 = 5;

/// The last release that may drop a hook that sleeps (feature gate PodLifecycleSleepAction).
const LAST_WITHOUT_SLEEP: (u32, u32) = (1, 33);

/// Steps at which controls do their sabotage.
pub(crate) const COMES_BACK: &str = "delete pod 1, and wait for it to come back";
pub(crate) const READ_AGAIN: &str = "read the data again";
pub(crate) const NEXT_ONE_COMES: &str = "it stops, and the next one comes";
/// A pod that is not of the set.
const STRAY: &str = "stray";
/// A label that the selector of adoption's set does not allow.
const LEFT: &str = "steadfast.dev/left";
pub(crate) const OWNER_LOST: &str = "pod 1 loses its owner: it is adopted again";

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "identity::pod_returns",
            "a deleted pod comes back as itself: name, hostname, claims and data",
            pod_returns,
        )
        .proves([S1, S2, S3, S6, S7, K19])
        .on([SENTINEL, GARAGE, DAGSTER_POSTGRESQL])
        .within(seconds(400))
        .slow_control("empty_directory", [S7], EMPTY_DIRECTORY, "the data of sentinel-1")
        .control_on(GARAGE, "empty_but_marked", [S7], EMPTY_BUT_MARKED, "the data of garage-1")
        .control_on(
            DAGSTER_POSTGRESQL,
            "empty_directory",
            [S7],
            EMPTY_DIRECTORY,
            "the data of dagster-postgresql-1",
        )
        .control(
            "claim_deleted_with_pod",
            [S7],
            VOLUME_CLAIM_DELETED_WITH_POD,
            "came back with another data-sentinel-1",
        )
        .slow_control(
            "ordinals_start_at_one",
            [S1, S8],
            ORDINALS_START_AT_ONE,
            "sentinel-3 was created; the set had asked",
        )
        .control("set_gone", [S2], SET_GONE, "nothing makes it again")
        .control("hostname_as_full_name", [S3], HOSTNAME_AS_FULL_NAME, "the hostname inside sentinel-0")
        .slow_control(
            "template_renamed",
            [S6, S7],
            TEMPLATE_RENAMED,
            "expected the claim data-sentinel-0, found no claim",
        )
        .slow_control(
            "claims_too_small",
            [S6],
            VOLUME_CLAIMS_TOO_SMALL,
            "asks for 32Mi; template data says 64Mi",
        )
        .control(
            "status_written_by_another",
            [K19],
            STATUS_WRITTEN_BY_ANOTHER,
            "observedGeneration went back",
        ),
        scenario(
            "identity::slow_to_stop",
            "the next pod of an ordinal waits until the one before has stopped, for which its preStop hook sleeps first",
            slow_to_stop,
        )
        .proves([K1])
        .within(seconds(300))
        .control("forced_away", [K1], FORCED_AWAY, "while its container sentinel was still running"),
        scenario(
            "identity::start_ordinal",
            "ordinals begin at start: set, raised, lowered and removed",
            start_ordinal,
        )
        .proves([K11, S9])
        .within(seconds(240))
        .control("start_ignored", [K11, S1], START_IGNORED, "sentinel-8 does not exist"),
        scenario(
            "identity::adoption",
            "a pod that matches the selector is adopted, and one that does not is released",
            adoption,
        )
        .proves([K12, S5])
        .within(seconds(180))
        .control(
            "set_gone",
            [K12],
            SET_GONE_BEFORE_ADOPTION,
            "the StatefulSet sentinel does not exist",
        ),
    ]
}

async fn pod_returns(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, REPLICAS)).await?;
    let volumes = run.volumes(&set);
    // They are made before their pod; asked at once, since a pod that lacks one never runs, and what is named then is another claim.
    run.expect(S1, &expectations::pod_exists(&set.pod_name(0)), seconds(60)).await?;
    run.expect(S6, &expectations::pods_have_volume_claims(&set.promise), seconds(30)).await?;
    run.expect(S1, &expectations::pods_exactly(&set.promise, 0..REPLICAS), seconds(240)).await?;
    set.ready(REPLICAS).await?;

    run.step("read names and data of every pod").await?;
    run.judge_equal(S1, "the ordinals", vec![0, 1, 2], set.ordinals());
    run.expect(S6, &expectations::volume_claims_exactly(&set.promise, REPLICAS), seconds(10)).await?;
    volumes.judge(S6).await?;
    for ordinal in 0..REPLICAS {
        let name = set.pod_name(ordinal);
        let hostname = run.pod(&name).hostname().await?;
        run.judge_equal(S3, &format!("the hostname inside {name}"), name, hostname);
    }
    let before = volumes.leave_marks().await?;

    run.step(COMES_BACK).await?;
    let old = set.pod(1)?;
    set.delete_pod(1).await?;
    let name = set.pod_name(1);
    run.expect(S2, &expectations::pod_returns(&set.promise, 1, &old.meta.uid), seconds(180)).await?;
    run.found(S2, set.ready(REPLICAS).await)?;

    run.step(READ_AGAIN).await?;
    volumes.judge_marks(S7, &before).await?;
    let hostname = run.pod(&name).hostname().await?;
    run.judge_equal(S3, &format!("the hostname inside {name}"), name, hostname);
    run.expect(K19, &expectations::status_agrees(&set.promise), seconds(15)).await?;
    Ok(())
}

async fn slow_to_stop(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            // Its gate is on, unless somebody has turned it off.
            let may_lack = run.terrain().may_lack(LAST_WITHOUT_SLEEP) && !run.is_in_cluster_of_ours();
            let sleeps = sleeping(may_lack);
            workload.container(manifest)?["lifecycle"] = json!({"preStop": sleeps});
            workload.with_replicas(manifest, 2)
        })
        .await?;
    set.ready(2).await?;
    let old = set.pod(1)?;
    let one = run.sentinel(set.pod_name(1));
    let instance = one.identity().await?.instance;
    run.pod(&one.pod).hold_stop().await?;

    run.step("delete pod 1, which does not stop: no other takes its place, nor comes above it").await?;
    let (life, asked) = (run.life(&old), Instant::now());
    set.delete_pod(1).await?;
    run.wait(&expectations::pod_terminating(&one.pod), seconds(30)).await?;
    set.scale(3).await?;
    let same = expectations::pod_is(&one.pod, &old.meta.uid);
    tokio::try_join!(
        run.hold_long(K1, &same),
        life.judge_no_signal_within(K18, &instance, asked, seconds(SLEEP)),
    )?;

    run.step(NEXT_ONE_COMES).await?;
    one.hold(Held { stop: Some(false), ..Held::default() }).await?;
    run.expect(K1, &expectations::pod_returns(&set.promise, 1, &old.meta.uid), seconds(90)).await?;
    Ok(())
}

/// A hook that takes its time: Kubernetes' own sleep, or where the API server may drop that without a word, an answer that does.
fn sleeping(may_lack: bool) -> Value {
    match may_lack {
        true => json!({"httpGet": {"path": format!("/pre-stop?seconds={SLEEP}"), "port": "http"}}),
        false => json!({"sleep": {"seconds": SLEEP}}),
    }
}

async fn start_ordinal(run: Run) -> Result<()> {
    let start =
        |start: Option<u32>| json!({"spec": {"ordinals": start.map(|start| json!({"start": start}))}});
    let mut set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 2)?;
            manifest.merge("StatefulSet", workload.name, &start(Some(8)))
        })
        .await?;
    run.step("start 8").await?;
    run.found(K11, set.ready(2).await)?;
    run.judge_equal(K11, "the ordinals from 8", vec![8, 9], set.ordinals());

    // By its name, sentinel-9 is higher than sentinel-10.
    for (text, changed, ordinals) in
        [("start 9", Some(9), [9, 10]), ("start 1", Some(1), [1, 2]), ("no start", None, [0, 1])]
    {
        run.step(text).await?;
        set.change(text, &start(changed)).await?;
        run.found(K11, set.ready(2).await)?;
        run.judge_equal(K11, &format!("the ordinals with {text}"), ordinals.to_vec(), set.ordinals());
    }
    Ok(())
}

/// Those that lead to a set's pods.
fn services(set: &Set) -> [&'static str; 2] {
    [set.workload.name, set.workload.headless]
}

async fn adoption(run: Run) -> Result<()> {
    let unless_left = json!({"spec": {"replicas": 2, "selector": {"matchExpressions": [
        {"key": LEFT, "operator": "DoesNotExist"}]}}});
    let set = run
        .deploy_with(|manifest, workload| manifest.merge("StatefulSet", workload.name, &unless_left))
        .await?;
    set.ready(2).await?;
    let old = set.pod(1)?;
    let same = || expectations::pod_is(&old.meta.name, &old.meta.uid);

    run.step("another pod has the set's labels, and no name of its ordinals: it is not adopted").await?;
    run.apply_objects([run.workload().lone_pod(&mut run.workload().manifest()?, STRAY)?]).await?;
    run.expect(K12, &expectations::pod_unowned(STRAY), seconds(30)).await?;
    run.wait(&expectations::pod_ready(STRAY, None), seconds(60)).await?;
    // Until then its Services' endpoints are still to be looked at, on its account.
    if let Some(stray) = run.log().now(|world| world.pods.get(STRAY).cloned()) {
        for service in services(&set) {
            let listed = expectations::endpoint_listed(&stray, service, true);
            run.wait(&listed, run.terrain().hears_within()).await?;
        }
    }
    run.hold(K12, &expectations::pod_unowned(STRAY)).await?;

    run.step(OWNER_LOST).await?;
    set.change_pod(1, "take its owner away", &json!({"metadata": {"ownerReferences": null}})).await?;
    run.wait(&expectations::pod_touched(&old.meta.name, old.version), seconds(15)).await?;
    run.expect(K12, &expectations::pod_owned(&set.promise, 1, true), seconds(30)).await?;

    run.step("pod 1 has a label that the selector has not: it is released, and without that adopted").await?;
    set.change_pod(1, "give it another label", &json!({"metadata": {"labels": {LEFT: "yes"}}})).await?;
    run.expect(K12, &expectations::pod_owned(&set.promise, 1, false), seconds(30)).await?;
    set.change_pod(1, "take that label away", &json!({"metadata": {"labels": {LEFT: null}}})).await?;
    run.expect(K12, &expectations::pod_owned(&set.promise, 1, true).and(same()), seconds(30)).await?;

    run.step("pod 1 no longer matches the selector: it is released, and no service leads there").await?;
    set.change_pod(1, "take its label away", &json!({"metadata": {"labels": {"app": "another"}}})).await?;
    run.expect(K12, &expectations::pod_owned(&set.promise, 1, false), seconds(30)).await?;
    let listed = async |listed: bool| {
        for service in services(&set) {
            let listed = expectations::endpoint_listed(&old, service, listed);
            run.expect(S5, &listed, run.terrain().hears_within()).await?;
        }
        anyhow::Ok(())
    };
    listed(false).await?;

    run.step("it matches again: it is adopted, is still the same pod, and is led to").await?;
    set.change_pod(1, "give its label back", &json!({"metadata": {"labels": {"app": "sentinel"}}})).await?;
    run.expect(K12, &expectations::pod_owned(&set.promise, 1, true).and(same()), seconds(30)).await?;
    listed(true).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_may_be_dropped_without_a_word_is_another_that_takes_as_long() {
        assert_eq!(sleeping(false), json!({"sleep": {"seconds": SLEEP}}));
        let asked = sleeping(true);
        assert_eq!(asked["httpGet"]["path"], json!(format!("/pre-stop?seconds={SLEEP}")));
        assert!(asked.get("sleep").is_none());
    }
}
