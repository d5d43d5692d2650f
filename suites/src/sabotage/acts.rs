//! Sabotage of the cluster, at a step of the scenario.

use harness::{
    Error, Result, Secret,
    history::{
        Action, Key, Operations,
        check::Level,
        generate::{Request, content},
    },
    runner::{Run, Sabotage, Ways},
    wait::expectations,
    workload::{
        Set,
        garage::{Wanted, layout},
        sentinel::Held,
    },
};
use serde_json::json;

use crate::{
    READ_BACK,
    comparison::{SCALED_DOWN_BY_TWO, STATELESS},
    diagnosis::TAINTED,
    disruption::{
        DELETED_IN_FOREGROUND, NO_DISRUPTION_ALLOWED, POD_FAILS, REFUSES_TO_STOP, SET_DELETED_ALONE,
        STOPS_BY_ITSELF,
    },
    garage::{
        ALL_RESTARTED, CATCHES_UP, INITIALISED_AT_ONCE, LAST_ALONE, S3_WORKS, TWO_OF_THREE, WITHOUT_LAYOUT,
    },
    identity::{COMES_BACK, NEXT_ONE_COMES, OWNER_LOST, READ_AGAIN},
    nodes::{BACK_IN_TIME, DRAINED, GOES_ON, NOBODY_KNOWS},
    postgres::{ON_THE_CLAIM, POD_DELETED, RESTARTED, STOPPED},
    rollout::{BELOW_IS_DELETED, HIGHEST_IS_NEW, TAKEN_BACK},
    seconds,
    storage::{
        ASKED_FOR_MORE, CLAIM_AND_POD_DELETED, CLAIM_OF_PENDING_DELETED, CLAIMS_STAY, GROWING, LARGE,
        SCALED_DOWN, WAS_ANOTHERS,
    },
};

/// Those that were Ready are not, and those that were not are.
pub const READY_AND_NOT_READY_SWAPPED: Sabotage = Sabotage::At(SCALED_DOWN_BY_TWO, |run, _| {
    Box::pin(async move {
        let ready =
            |pod: &String| run.log().now(|world| world.pods.get(pod).is_some_and(|pod| pod.healthy()));
        let (ready, unready): (Vec<_>, Vec<_>) =
            run.deployment(STATELESS).pods().into_iter().partition(ready);
        // One after the other: as many are Ready before as after, and who has counted is to have seen which.
        for pod in &ready {
            run.pod(pod).close_gate().await?;
        }
        run.deployment(STATELESS).until_counted(0).await?;
        for pod in &unready {
            run.pod(pod).open_gate().await?;
        }
        let swapped = expectations::only_these_ready(STATELESS, unready);
        run.wait(&swapped, seconds(30)).await?;
        run.deployment(STATELESS).until_counted(2).await
    })
});

/// As a controller would that rolls from the bottom.
pub const LOWEST_ROLLED_FIRST: Sabotage =
    Sabotage::At(HIGHEST_IS_NEW, |_, set| Box::pin(async move { set.unannounced().delete_pod(0).await }));

/// The revision that a rollback would use is gone.
pub const HISTORY_LOST: Sabotage = Sabotage::At(TAKEN_BACK, |run, set| {
    Box::pin(async move {
        let now = set.state()?.update_revision.to_string();
        let all = run.log().now(|world| world.revisions.keys().cloned().collect::<Vec<_>>());
        for old in all.into_iter().filter(|name| *name != now) {
            set.delete_revision(&old).await?;
        }
        Ok(())
    })
});

/// As a controller would that knows no partition.
pub const PARTITION_IGNORED: Sabotage = Sabotage::At(BELOW_IS_DELETED, |_, set| {
    Box::pin(async move {
        let patch = json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}});
        set.unannounced().patch("partition 0", &patch).await
    })
});

/// Somebody else than the controller writes the set's status.
pub const STATUS_WRITTEN_BY_ANOTHER: Sabotage = Sabotage::At(READ_AGAIN, |_, set| {
    Box::pin(async move { set.unannounced().write_status(&json!({"observedGeneration": 0})).await })
});

/// The pod is taken away before it has stopped.
pub const FORCED_AWAY: Sabotage =
    Sabotage::At(NEXT_ONE_COMES, |_, set| Box::pin(async move { set.force_delete_pod(1).await }));

/// Claims stay when scaled down.
pub const RETAINED: Sabotage = Sabotage::At(SCALED_DOWN, |_, set| {
    Box::pin(async move {
        let patch = json!({"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain"}}});
        set.unannounced().patch("whenScaled Retain", &patch).await
    })
});

/// The set takes its pods with it.
pub const PODS_DELETED_WITH_SET: Sabotage =
    Sabotage::At(SET_DELETED_ALONE, |_, set| Box::pin(async move { set.delete().await }));

/// The set does not wait for its pods.
pub const DELETED_IN_BACKGROUND: Sabotage =
    Sabotage::At(DELETED_IN_FOREGROUND, |_, set| Box::pin(async move { set.delete().await }));

/// Somebody else has given the cluster a layout.
pub const LAYOUT_BEFORE: Sabotage = Sabotage::At(WITHOUT_LAYOUT, |run, set| {
    Box::pin(async move {
        let garage = run.garage();
        let admins = garage.admins(&set).await?;
        layout::initialise(&admins).await?;
        // Whoever is asked has heard of it then.
        garage.until_healthy(&admins).await.map(drop)
    })
});

/// Somebody applies a layout of his own, naively, before the scenario does.
pub const LAYOUT_APPLIED_NAIVELY: Sabotage = Sabotage::At(INITIALISED_AT_ONCE, |run, set| {
    Box::pin(async move {
        let admins = run.garage().admins(&set).await?;
        let ids = layout::node_ids(&admins).await?;
        let other = Wanted { capacity: 5_000_000_000, ..Wanted::document(ids) };
        let admin = admins.first().ok_or_else(|| Error::bug("no node to ask"))?;
        admin.update_layout(&other.changes()).await?;
        admin.apply_layout(1).await?;
        Ok(())
    })
});

/// One node comes back with another secret, and the others do not talk to it.
pub const OTHER_RPC_SECRET: Sabotage =
    Sabotage::At(S3_WORKS, |run, set| Box::pin(returns_with_another_secret(run, set, 2)));

/// As above, the one that is to be the second of two.
pub const OTHER_RPC_SECRET_OF_TWO: Sabotage =
    Sabotage::At(TWO_OF_THREE, |run, set| Box::pin(returns_with_another_secret(run, set, 1)));

async fn returns_with_another_secret(run: Run, set: Set, ordinal: u32) -> Result<()> {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "garage-rpc-secret"},
        "stringData": {"secret": "5".repeat(64)}});
    run.apply_objects([secret]).await?;
    let old = set.pod(ordinal)?;
    set.delete_pod(ordinal).await?;
    set.wait(&expectations::pod_returns(&set.promise, ordinal, &old.meta.uid), seconds(90)).await.map(drop)
}

/// Garage's nodes may not look any more where they would find each other.
pub const DISCOVERY_WITHDRAWN: Sabotage = Sabotage::At(ALL_RESTARTED, |run, _| {
    Box::pin(async move {
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": "garage-discovery", "labels": {"app": "garage"}}, "rules": []});
        run.apply_objects([role]).await
    })
});

/// The node that was away can't fetch what it lacks.
pub const PARTED_BEFORE_IT_FETCHED: Sabotage = Sabotage::At(CATCHES_UP, |run, set| {
    Box::pin(async move {
        let others = [set.pod_name(0), set.pod_name(1)];
        run.part(&[set.pod_name(2)], &others, Ways::Both).await.map(drop)
    })
});

/// A pod vanishes while the controller manager is away.
pub const POD_DELETED_MEANWHILE: Sabotage =
    Sabotage::At(GOES_ON, |_, set| Box::pin(async move { set.delete_pod(0).await }));

/// A pod goes though its node came back in time.
pub const GOES_ALL_THE_SAME: Sabotage =
    Sabotage::At(BACK_IN_TIME, |_, set| Box::pin(async move { set.delete_pod(1).await }));

/// As a controller would that takes whom it can't hear for gone.
pub const REPLACED_MEANWHILE: Sabotage = Sabotage::At(NOBODY_KNOWS, |_, set| {
    Box::pin(async move {
        let old = set.pod(1)?;
        set.unannounced().force_delete_pod(1).await?;
        let replaced = expectations::pod_is_another(&old.meta.name, &old.meta.uid);
        set.wait(&replaced, seconds(60)).await.map(drop)
    })
});

/// SIGTERM comes to nothing, as where a shell is process 1.
pub const SIGTERM_IGNORED: Sabotage = Sabotage::At(STOPS_BY_ITSELF, |run, set| {
    Box::pin(
        async move { run.sentinel(set.pod_name(1)).hold(Held { stop: Some(true), ..Held::default() }).await },
    )
});

/// The PVC of the pod that the scenario deletes goes with it: it is held only for as long as a pod uses it.
pub const VOLUME_CLAIM_DELETED_WITH_POD: Sabotage = volume_claim_deleted_at(COMES_BACK);

/// As above: nothing binds the next pod to the node.
pub const VOLUME_CLAIM_DELETED_BEFORE_DRAIN: Sabotage = volume_claim_deleted_at(DRAINED);

const fn volume_claim_deleted_at(step: &'static str) -> Sabotage {
    Sabotage::At(step, |_, set| {
        Box::pin(async move {
            let volume_claim = set.promise.volume_claims(1).next();
            let volume_claim = volume_claim.ok_or_else(|| Error::bug("the set has no claim to delete"))?;
            set.delete_volume_claim(&volume_claim).await
        })
    })
}

/// Somebody deletes an object that the store has acknowledged.
pub const OBJECT_DELETED: Sabotage = Sabotage::At(READ_BACK, |run, set| {
    Box::pin(async move {
        let first = first_written(&run, "history")?;
        done_by_somebody(&run, &set, &Request::delete(first)).await
    })
});

/// As above, and writes over another that was uploaded in parts.
pub const OBJECTS_TAMPERED_WITH: Sabotage = Sabotage::At(READ_BACK, |run, set| {
    Box::pin(async move {
        let (deleted, uploaded) = (first_written(&run, "history")?, first_written(&run, "objects")?);
        done_by_somebody(&run, &set, &Request::delete(deleted)).await?;
        done_by_somebody(&run, &set, &Request::put(uploaded, content("somebody", 3072))).await
    })
});

/// Somebody deletes an object when two of three nodes have been read alone. Every node is let know, since one that did not hear of it has it still.
pub const OBJECT_DELETED_BEFORE_THE_LAST: Sabotage = Sabotage::At(LAST_ALONE, |run, set| {
    Box::pin(async move {
        let first = first_written(&run, "history")?;
        done_by_somebody(&run, &set, &Request::delete(first)).await?;
        let garage = run.garage();
        garage.catch_up(&garage.admins(&set).await?).await.map(drop)
    })
});

/// The first key of the first client of a history that the store has acknowledged.
fn first_written(run: &Run, history: &str) -> Result<Key> {
    let path = run.directory().join(format!("{history}.jsonl"));
    let all = Operations::read(&path).map_err(|error| Error::bug(error.to_string()))?.all;
    let mut puts = all.iter().filter(|one| one.process == 0 && one.is_ok());
    let key = puts.find_map(|one| match &one.action {
        Action::Put { key, .. } => Some(Key::clone(key)),
        _ => None,
    });
    key.ok_or_else(|| Error::environment(format!("nothing was acknowledged in {path}")))
}

async fn done_by_somebody(run: &Run, set: &Set, request: &Request) -> Result<()> {
    let garage = run.garage();
    let key = garage.bucket(&garage.admins(set).await?).await?;
    let store = garage.s3(&set.pod_name(0), &key).await?;
    match store.perform(request).await.failure() {
        None => Ok(()),
        Some(failure) => Err(Error::environment(format!("{request:?}: {failure}"))),
    }
}

/// What is taken away by force stays: somebody else holds it.
pub const REMOVAL_HELD: Sabotage =
    Sabotage::At(REFUSES_TO_STOP, |_, set| Box::pin(async move { set.hold_removal(1).await }));

/// Nothing protects the PVC any more: it is gone at once.
pub const FINALIZERS_TAKEN_OFF: Sabotage = Sabotage::At(CLAIMS_STAY, |_, set| {
    Box::pin(async move {
        let volume_claim = set.promise.volume_claims(0).next().unwrap_or_default();
        let patch = json!({"metadata": {"finalizers": null}});
        set.unannounced().change_volume_claim(&volume_claim, "take its finalizers off", &patch).await
    })
});

/// The set goes, and leaves its pods to nobody.
pub const SET_GONE: Sabotage = set_gone_at(COMES_BACK);

/// As above, before a pod loses its owner.
pub const SET_GONE_BEFORE_ADOPTION: Sabotage = set_gone_at(OWNER_LOST);

/// As above, before a pod fails.
pub const SET_GONE_BEFORE_FAILURE: Sabotage = set_gone_at(POD_FAILS);

const fn set_gone_at(step: &'static str) -> Sabotage {
    Sabotage::At(step, |_, set| {
        Box::pin(async move {
            set.delete_orphaning().await?;
            set.wait(&expectations::set_gone(&set.promise), seconds(60)).await.map(drop)
        })
    })
}

/// As above, before a PVC and its pod are deleted.
pub const SET_GONE_BEFORE_VOLUME_CLAIM: Sabotage = set_gone_at(CLAIM_AND_POD_DELETED);

/// As above, before the PVC of a pod without a node is deleted.
pub const SET_GONE_BEFORE_VOLUME_CLAIM_OF_PENDING: Sabotage = set_gone_at(CLAIM_OF_PENDING_DELETED);

/// The class of its PVCs forbids growth after all.
pub const GROWTH_FORBIDDEN: Sabotage = Sabotage::At(ASKED_FOR_MORE, |run, _| {
    Box::pin(async move { run.storage_class(GROWING).forbid_growth().await })
});

/// Somebody lets the volume be anybody's again.
pub const VOLUME_SET_FREE: Sabotage = Sabotage::At(WAS_ANOTHERS, |run, set| {
    Box::pin(async move { run.volumes(&set).set_free(&run.outside(LARGE)).await })
});

/// The highest pod is not Ready, and the set keeps its order.
pub const PREDECESSOR_HELD: Sabotage = Sabotage::At(NO_DISRUPTION_ALLOWED, |run, set| {
    Box::pin(async move {
        run.sentinel(set.pod_name(2)).hold(Held { ready: Some(true), ..Held::default() }).await?;
        run.wait(&expectations::controller_counts(&set.promise, 2), seconds(30)).await.map(drop)
    })
});

/// The nodes that a taint should stop are cordoned as well.
pub const CORDONED_BEFORE: Sabotage = Sabotage::At(TAINTED, |run, _| {
    Box::pin(async move {
        for worker in run.workers()? {
            worker.cordon().await?;
        }
        Ok(())
    })
});

/// The service is for nobody any more, early enough for every node's proxy to know.
pub const SERVICE_SELECTS_NOTHING: Sabotage = Sabotage::At(POD_DELETED, |run, set| {
    Box::pin(async move {
        let mut service = set.workload.manifest()?.find("Service", set.workload.name)?.clone();
        service["spec"]["selector"] = json!({"app": "nobody"});
        run.apply_objects([service]).await
    })
});

/// The database keeps the password that it was made with: only the Secret is another.
pub const ROLE_KEEPS_ITS_PASSWORD: Sabotage = Sabotage::At(RESTARTED, |run, set| {
    Box::pin(async move {
        let shipped = set.workload.secret(set.workload.name, "password")?;
        run.postgres().session(&set.pod_name(0)).await?.change_password(&Secret::new(shipped)).await
    })
});

/// A part of the database is on a volume that goes with the pod: a link leads there.
pub const TABLESPACE_OFF_THE_VOLUME: Sabotage = Sabotage::At(ON_THE_CLAIM, |run, set| {
    Box::pin(async move { run.postgres().add_tablespace(&set.pod_name(0), "/tmp/tablespace").await })
});

/// A page of the table that clients write to is not what the server wrote.
pub const PAGE_SPOILED: Sabotage = Sabotage::At(STOPPED, |run, set| {
    Box::pin(async move { run.postgres().spoil_page(&set.pod_name(0), "entries").await })
});

/// Clients ask for REPEATABLE READ, and are held to what SERIALIZABLE promises.
pub const LESS_ISOLATED: Sabotage = Sabotage::Isolation(Level::Snapshot);
