//! Claims that somebody deletes: made again where they are missing, and kept for as long as a pod uses them.

use anyhow::Result;
use harness::{
    claim::{K10, K24, S6, S7},
    manifest::Manifest,
    runner::{Run, Scenario, scenario},
    wait::expectations::{
        pod_exists, pod_is_another, pod_placed, pod_returns, pod_terminating, pods_stay, volume_claim_goes,
        volume_claim_is_another, volume_claim_made_again, volume_claims_exactly, volume_claims_linger,
    },
    workload::{Set, Workload, sentinel::Held},
};
use serde_json::json;

use crate::{
    sabotage::{FINALIZERS_TAKEN_OFF, SET_GONE_BEFORE_VOLUME_CLAIM, SET_GONE_BEFORE_VOLUME_CLAIM_OF_PENDING},
    scheduling_gate, seconds,
};

/// Steps at which controls do their sabotage.
pub(crate) const CLAIM_AND_POD_DELETED: &str = "the claim of pod 1 is deleted, and its pod";
pub(crate) const CLAIM_OF_PENDING_DELETED: &str =
    "the pod is kept from every node, and its claim deleted: no pod uses it, so it goes";
pub(crate) const CLAIMS_STAY: &str = "they stay, with the pod's data";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario("storage::missing_claim", "a claim that is missing is made again", missing_claim)
            .proves([K10])
            .breaks([S7])
            .within(seconds(180))
            .slow_control(
                "set_gone_before_claim",
                [K10],
                SET_GONE_BEFORE_VOLUME_CLAIM,
                "data-sentinel-1 does not exist, and nothing makes it again",
            ),
        scenario(
            "storage::missing_claim_of_a_pending_pod",
            "a claim that goes before its pod could use it is made again at the controller's next look",
            missing_claim_of_a_pending_pod,
        )
        .proves([K10])
        .within(seconds(180))
        .control(
            "set_gone_before_claim_of_pending",
            [K10],
            SET_GONE_BEFORE_VOLUME_CLAIM_OF_PENDING,
            "data-sentinel-0 does not exist, and nothing makes it again",
        ),
        scenario(
            "storage::claim_in_use",
            "a claim that is deleted stays for as long as a pod uses it, and goes with the pod",
            claim_in_use,
        )
        .proves([K24])
        .breaks([S7])
        .within(seconds(180))
        .control(
            "finalizers_taken_off",
            [K24],
            FINALIZERS_TAKEN_OFF,
            "went while sentinel-0 used it",
        ),
    ]
}

async fn missing_claim(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let volume_claims = run.volumes(&set).uids().await?;
    let missing = set.promise.volume_claims(1).next().unwrap_or_default();

    run.step(CLAIM_AND_POD_DELETED).await?;
    let old = set.pod(1)?;
    set.delete_volume_claim(&missing).await?;
    set.delete_pod(1).await?;

    run.step("both are made again").await?;
    run.expect(K10, &volume_claim_is_another(&set.promise, &missing, &volume_claims[&missing]), seconds(40))
        .await?;
    run.expect(K10, &pod_returns(&set.promise, 1, &old.meta.uid), seconds(60)).await?;
    run.found(K10, set.ready(2).await)?;
    run.expect(S6, &volume_claims_exactly(&set.promise, 2), seconds(10)).await?;
    Ok(())
}

async fn missing_claim_of_a_pending_pod(run: Run) -> Result<()> {
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 1)?;
            manifest.merge("StatefulSet", workload.name, &scheduling_gate())
        })
        .await?;
    run.wait(&pod_exists(&set.pod_name(0)), seconds(60)).await?;
    let volumes = run.volumes(&set);
    let (volume_claims, pods) = (volumes.uids().await?, set.pods());
    let missing = set.promise.volume_claims(0).next().unwrap_or_default();

    run.step(CLAIM_OF_PENDING_DELETED).await?;
    set.delete_volume_claim(&missing).await?;
    run.wait(&volume_claim_goes(&missing, &volume_claims[&missing]), seconds(30)).await?;

    run.step("the controller, which watches no claims, looks again, and makes it again").await?;
    run.settled().await?;
    run.expect(K10, &volume_claim_made_again(&set.promise, &missing, &volume_claims[&missing]), seconds(20))
        .await?;

    run.step("the same pod may have a node, and runs with the new claim").await?;
    set.change_pod(0, "open its scheduling gate", &json!({"spec": {"schedulingGates": null}})).await?;
    set.ready(1).await?;
    run.expect(K10, &pods_stay(&pods), seconds(1)).await?;
    run.expect(S6, &volume_claims_exactly(&set.promise, 1), seconds(10)).await?;
    volumes.leave_mark(&set.pod_name(0)).await?;
    Ok(())
}

/// Each pod has another volume, of another claim template.
pub(super) fn with_second_volume(manifest: &mut Manifest, workload: &Workload) -> harness::Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    let first = set["spec"]["volumeClaimTemplates"][0].clone();
    let mut second = first.clone();
    second["metadata"]["name"] = json!("second");
    set["spec"]["volumeClaimTemplates"] = json!([first, second]);
    let mounts = [("data", "/data"), ("second", "/second")]
        .map(|(name, path)| json!({"name": name, "mountPath": path}));
    workload.container_in(&mut set["spec"]["template"]["spec"])?["volumeMounts"] = json!(mounts);
    Ok(())
}

async fn claim_in_use(run: Run) -> Result<()> {
    let mut set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 1)?;
            with_second_volume(manifest, workload)
        })
        .await?;
    set.ready(1).await?;
    let volumes = run.volumes(&set);
    let (pods, volume_claims, old) = (set.pods(), volumes.uids().await?, set.pod(0)?);
    let mark = volumes.leave_mark(&old.meta.name).await?;

    run.step("the claims of pod 0 are deleted: they are to go, and the pod uses them").await?;
    for used in volume_claims.keys() {
        set.delete_volume_claim(used).await?;
    }
    let lingers = || volume_claims_linger(&volume_claims);
    run.expect(K24, &lingers(), seconds(15)).await?;
    let touch = async |set: &Set, note: &str| {
        let touched = json!({"metadata": {"annotations": {"steadfast.dev/note": note}}});
        for used in volume_claims.keys() {
            set.change_volume_claim(used, "touch, so that its controller looks again", &touched).await?;
        }
        anyhow::Ok(())
    };
    touch(&set, "the pod runs").await?;

    run.step(CLAIMS_STAY).await?;
    run.hold(K24, &lingers().and(pods_stay(&pods))).await?;
    run.judge_equal(K24, "the data of sentinel-0", mark, volumes.find_mark(&old.meta.name).await?);

    run.step("the pod is told to stop, and takes its time: they stay").await?;
    let zero = run.sentinel(old.meta.name.clone());
    run.pod(&zero.pod).hold_stop().await?;
    set.delete_pod(0).await?;
    run.wait(&pod_terminating(&old.meta.name), seconds(30)).await?;
    touch(&set, "the pod stops").await?;
    run.hold(K24, &lingers()).await?;

    run.step("the pod is gone: its claims go with it, and the next pod has others").await?;
    zero.hold(Held { stop: Some(false), ..Held::default() }).await?;
    for (used, uid) in &volume_claims {
        run.expect(K24, &volume_claim_is_another(&set.promise, used, uid), seconds(40)).await?;
    }
    run.wait(&pod_returns(&set.promise, 0, &old.meta.uid), seconds(60)).await?;

    run.step("a pod has its node, and can't run yet: its claims stay as well").await?;
    let (workload, old) = (run.workload(), set.pod(0)?);
    let mut manifest = workload.manifest()?;
    with_second_volume(&mut manifest, &workload)?;
    workload.container(&mut manifest)?["envFrom"] = json!([{"configMapRef": {"name": "never-made"}}]);
    set.change("want a ConfigMap that there is not", &run.container_patch(manifest)?).await?;
    let placed = pod_is_another(&old.meta.name, &old.meta.uid).and(pod_placed(&old.meta.name));
    run.wait(&placed, seconds(60)).await?;
    let volume_claims = volumes.uids().await?;
    for used in volume_claims.keys() {
        set.delete_volume_claim(used).await?;
    }
    run.expect(K24, &volume_claims_linger(&volume_claims), seconds(15)).await?;
    touch(&set, "the pod can't run").await?;
    run.hold(K24, &volume_claims_linger(&volume_claims)).await?;
    Ok(())
}
