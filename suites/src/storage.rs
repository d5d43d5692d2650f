//! Persistent storage outlives the set.

use anyhow::Result;
use harness::{
    claim::{D3, K9, K10, K24, S6, S7, S17, S22},
    manifest::Manifest,
    runner::{Growth, Need, Run, Scenario, scenario},
    wait::expectations::{
        pod_exists, pod_returns, pod_terminating, pods_gone, pods_stay, set_gone, volume_claim_goes,
        volume_claim_is_another, volume_claim_made_again, volume_claims_are, volume_claims_exactly,
        volume_claims_gone, volume_claims_linger, volume_claims_owned,
    },
    workload::{Workload, sentinel::Held},
};
use serde_json::{Value, json};

use crate::{
    sabotage::{
        DELETE_VOLUME_CLAIMS_WHEN_DELETED, FINALIZERS_TAKEN_OFF, GROWTH_FORBIDDEN, RETAINED,
        SET_GONE_BEFORE_VOLUME_CLAIM, SET_GONE_BEFORE_VOLUME_CLAIM_OF_PENDING, TEMPLATE_CHANGED_BEFORE,
        larger_volume_claims,
    },
    seconds,
};

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "storage::claims_outlive_the_set",
            "the set is deleted and made again: claims and data are as before",
            claims_outlive_the_set,
        )
        .proves([S17, S7, S6])
        .within(seconds(300))
        .control(
            "delete_claims_when_deleted",
            [S17],
            DELETE_VOLUME_CLAIMS_WHEN_DELETED,
            "was deleted when its set",
        ),
        scenario(
            "storage::retention_policy",
            "which claims go, and which stay, in all combinations, and never one of a foreign owner",
            retention_policy,
        )
        .proves([K9, D3])
        .within(seconds(300))
        .control("retained", [K9, D3], RETAINED, "the claims data-sentinel-3 are gone"),
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
        scenario(
            "storage::growth",
            "claims and template can't grow in place; the way around keeps pods and data",
            growth,
        )
        .proves([S22])
        .wants(Need::FixedClass, "that a claim does not grow where its class forbids it")
        .within(seconds(240))
        .control("template_changed_before", [S22, S6], TEMPLATE_CHANGED_BEFORE, "it was taken"),
        scenario(
            "storage::claims_grow",
            "a claim whose class allows it is made larger; its volume follows and keeps its data",
            claims_grow,
        )
        .proves([S22])
        .needs([Need::GrowingClass])
        .within(seconds(420))
        .slow_control(
            "growth_forbidden",
            [S22],
            GROWTH_FORBIDDEN,
            "a larger claim: expected it to be taken",
        ),
    ]
}

async fn claims_outlive_the_set(run: Run) -> Result<()> {
    let set = run.deploy().await?;
    let volumes = run.volumes(&set);
    volumes.judge_bound(S6, 0, seconds(60)).await?;
    set.ready(3).await?;
    volumes.judge(S6).await?;
    let volume_claims = volumes.uids().await?;
    let marks = volumes.leave_marks().await?;

    run.step("delete the set").await?;
    set.delete().await?;
    run.expect(S17, &pods_gone((0..3).map(|ordinal| set.pod_name(ordinal))), seconds(120)).await?;
    run.hold_long(S17, &volume_claims_are(&volume_claims)).await?;

    let set = run.deploy().await?;
    run.found(S7, set.ready(3).await)?;
    run.step("the same claims, with the same data").await?;
    run.expect(S17, &volume_claims_are(&volume_claims), seconds(1)).await?;
    run.volumes(&set).judge_marks(S7, &marks).await?;
    Ok(())
}

async fn retention_policy(run: Run) -> Result<()> {
    let policy = |scaled: &str, deleted: &str| json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": scaled, "whenDeleted": deleted}}});
    let mut set = run
        .deploy_with(|manifest, workload| {
            let parallel = json!({"spec": {"podManagementPolicy": "Parallel"}});
            manifest.merge("StatefulSet", workload.name, &parallel)?;
            workload.with_replicas(manifest, 5)
        })
        .await?;
    set.ready(5).await?;
    let volumes = run.volumes(&set);
    let volume_claims = volumes.uids().await?;
    let name = |ordinal: usize| volume_claims.keys().nth(ordinal).cloned().unwrap_or_default();

    run.step("no policy is set: scaled down, all claims stay, and nobody owns one").await?;
    let unowned = volume_claims_owned(volume_claims.keys().cloned(), &[]);
    let kept = run.expect(D3, &unowned, seconds(15)).await;
    run.found(K9, kept)?;
    set.scale(4).await?;
    run.found(D3, set.ready(4).await)?;
    let kept = run.hold(D3, &volume_claims_are(&volume_claims)).await;
    run.found(K9, kept)?;
    let mut rest = volume_claims.clone();
    // Of a pod that is gone already, no policy says anything.
    rest.remove(&name(4));

    set.change("whenScaled Delete", &policy("Delete", "Retain")).await?;
    run.step("deleted when scaled: the claim of the pod goes, and no other").await?;
    set.scale(3).await?;
    let gone = run.expect(D3, &volume_claims_gone([name(3)]), seconds(30)).await;
    run.found(K9, gone)?;
    rest.remove(&name(3));
    run.found(K9, set.ready(3).await)?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step("deleted in both cases: the set owns its claims, and that of a pod scaled away goes").await?;
    set.change("whenScaled Delete, whenDeleted Delete", &policy("Delete", "Delete")).await?;
    run.expect(K9, &volume_claims_owned((0..3).map(name), &["StatefulSet"]), seconds(30)).await?;
    set.scale(2).await?;
    run.expect(K9, &volume_claims_gone([name(2)]), seconds(30)).await?;
    rest.remove(&name(2));
    run.found(K9, set.ready(2).await)?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step("retained again: nobody owns a claim").await?;
    set.change("whenScaled Retain, whenDeleted Retain", &policy("Retain", "Retain")).await?;
    run.expect(K9, &volume_claims_owned(rest.keys().cloned(), &[]), seconds(30)).await?;

    run.step("deleted with the set: the set owns its claims, but not one that has another owner").await?;
    volumes.own(&name(1), "foreign").await?;
    set.change("whenDeleted Delete", &policy("Retain", "Delete")).await?;
    run.expect(K9, &volume_claims_owned([name(0)], &["StatefulSet"]), seconds(30)).await?;
    run.expect(K9, &volume_claims_owned([name(1)], &["ConfigMap"]), seconds(30)).await?;

    run.step("scaled down now, the claim stays").await?;
    set.scale(1).await?;
    run.found(K9, set.ready(1).await)?;
    run.hold(K9, &volume_claims_are(&rest)).await?;

    run.step("delete the set: its claim goes, the foreign one stays").await?;
    set.delete().await?;
    run.expect(K9, &volume_claims_gone([name(0)]), seconds(60)).await?;
    rest.remove(&name(0));
    run.hold_long(K9, &volume_claims_are(&rest)).await?;
    Ok(())
}

async fn missing_claim(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let volume_claims = run.volumes(&set).uids().await?;
    let missing = set.promise.volume_claims(1).next().unwrap_or_default();

    run.step("the claim of pod 1 is deleted, and its pod").await?;
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
            let set = manifest.find("StatefulSet", workload.name)?;
            set["spec"]["template"]["spec"]["schedulingGates"] = json!([{"name": "steadfast.dev/held"}]);
            Ok(())
        })
        .await?;
    run.wait(&pod_exists(&set.pod_name(0)), seconds(60)).await?;
    let volumes = run.volumes(&set);
    let (volume_claims, pods) = (volumes.uids().await?, set.pods());
    let missing = set.promise.volume_claims(0).next().unwrap_or_default();

    run.step("the pod is kept from every node, and its claim deleted: no pod uses it, so it goes").await?;
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
fn with_second_volume(manifest: &mut Manifest, workload: &Workload) -> harness::error::Result<()> {
    let set = manifest.find("StatefulSet", workload.name)?;
    let mut second = set["spec"]["volumeClaimTemplates"][0].clone();
    second["metadata"]["name"] = json!("second");
    push(&mut set["spec"]["volumeClaimTemplates"], second);
    let container = workload.container_in(&mut set["spec"]["template"]["spec"])?;
    push(&mut container["volumeMounts"], json!({"name": "second", "mountPath": "/second"}));
    Ok(())
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().into_iter().for_each(|list| list.push(item.clone()));
}

async fn claim_in_use(run: Run) -> Result<()> {
    let set = run
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
    let touch = async |note: &str| {
        let touched = json!({"metadata": {"annotations": {"steadfast.dev/note": note}}});
        for used in volume_claims.keys() {
            set.change_volume_claim(used, "touch, so that its controller looks again", &touched).await?;
        }
        anyhow::Ok(())
    };
    touch("the pod runs").await?;

    run.step("they stay, with the pod's data").await?;
    run.hold(K24, &lingers().and(pods_stay(&pods))).await?;
    run.judge_equal(K24, "the data of sentinel-0", mark, volumes.find_mark(&old.meta.name).await?);

    run.step("the pod is told to stop, and takes its time: they stay").await?;
    let zero = run.sentinel(old.meta.name.clone());
    zero.hold(Held { stop: Some(true), ..Held::default() }).await?;
    set.delete_pod(0).await?;
    run.wait(&pod_terminating(&old.meta.name), seconds(30)).await?;
    touch("the pod stops").await?;
    run.hold(K24, &lingers()).await?;

    run.step("the pod is gone: its claims go with it, and the next pod has others").await?;
    zero.hold(Held { stop: Some(false), ..Held::default() }).await?;
    for (used, uid) in &volume_claims {
        run.expect(K24, &volume_claim_is_another(&set.promise, used, uid), seconds(40)).await?;
    }
    run.wait(&pod_returns(&set.promise, 0, &old.meta.uid), seconds(60)).await?;
    Ok(())
}

async fn growth(run: Run) -> Result<()> {
    let set = run.deploy_with(|manifest, workload| workload.with_replicas(manifest, 2)).await?;
    set.ready(2).await?;
    let volumes = run.volumes(&set);
    let (pods, volume_claims) = (set.pods(), volumes.uids().await?);
    let marks = volumes.leave_marks().await?;

    run.step("neither a claim nor the template grows in place").await?;
    if run.has(Need::FixedClass) {
        let grown = set
            .volume_claim_would_take(
                &set.promise.volume_claims(0).next().unwrap_or_default(),
                &storage("128Mi"),
            )
            .await;
        run.judge_refused(
            S22,
            "a larger claim",
            grown,
            403,
            "only dynamically provisioned pvc can be resized",
        );
    }
    let mut manifest = run.workload().manifest()?;
    larger_volume_claims(&mut manifest, &run.workload())?;
    let template = &manifest.find("StatefulSet", run.workload().name)?["spec"]["volumeClaimTemplates"];
    let taken = set.would_take(&json!({"spec": {"volumeClaimTemplates": template}})).await;
    run.judge_refused(S22, "a larger template", taken, 422, "is invalid: spec");

    run.step("the set is deleted without its pods, and made again with a larger template").await?;
    set.delete_orphaning().await?;
    run.expect(S22, &set_gone(&set.promise), seconds(30)).await?;
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 2)?;
            larger_volume_claims(manifest, workload)
        })
        .await?;
    run.found(S22, set.ready(2).await)?;

    run.step("it has the same pods, claims and data, and new pods get the larger claim").await?;
    run.expect(S22, &pods_stay(&pods).and(volume_claims_are(&volume_claims)), seconds(15)).await?;
    run.volumes(&set).judge_marks(S22, &marks).await?;
    set.scale(3).await?;
    run.found(S22, set.ready(3).await)?;
    let new = set.promise.volume_claims(2).next().unwrap_or_default();
    let size =
        run.log().now(|world| world.volume_claims.get(&new).map(|volume_claim| volume_claim.storage.clone()));
    run.judge_equal(S22, "the size of a new claim", Some("128Mi".to_owned()), size);
    Ok(())
}

async fn claims_grow(run: Run) -> Result<()> {
    let class = run.storage_class(GROWING).copy_growing().await?;
    let set = run
        .deploy_with(|manifest, workload| {
            workload.with_replicas(manifest, 1)?;
            workload.with_class(manifest, &class)
        })
        .await?;
    set.ready(1).await?;
    let volumes = run.volumes(&set);
    let (pod, volume_claim) = (set.pod_name(0), set.promise.volume_claims(0).next().unwrap_or_default());
    let mark = volumes.leave_mark(&pod).await?;

    run.step("its claim asks for twice as much").await?;
    let wanted = volumes.twice(&volume_claim).await?;
    let asked = set.change_volume_claim(&volume_claim, &format!("ask for {wanted}"), &storage(&wanted)).await;
    run.judge_taken(S22, "a larger claim", asked)?;

    run.step("the volume follows").await?;
    let mut growth = volumes.growth(&volume_claim, &wanted, seconds(60)).await?;
    if growth == Growth::NeedsNewPod {
        run.step("the file system follows when the pod is made again").await?;
        let old = set.pod(0)?;
        set.delete_pod(0).await?;
        run.wait(&pod_returns(&set.promise, 0, &old.meta.uid), seconds(60)).await?;
        set.ready(1).await?;
        growth = volumes.growth(&volume_claim, &wanted, seconds(60)).await?;
    }
    match growth {
        Growth::Done => run.judge(S22, None),
        growth => run.leave_out(format!("that the volume of a larger claim grows: {growth}")),
    }
    run.judge_equal(S22, &format!("the data of {pod}"), mark, volumes.find_mark(&pod).await?);
    Ok(())
}

/// The storage class of PVCs that grow: a copy, which no other scenario uses.
pub(crate) const GROWING: &str = "growing";

/// A PVC that asks for so much.
fn storage(size: &str) -> Value {
    json!({"spec": {"resources": {"requests": {"storage": size}}}})
}
