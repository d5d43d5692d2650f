//! Sabotage of disks, at a step of the scenario.

use harness::{
    Result,
    runner::{Run, Sabotage},
    wait::expectations,
    workload::Set,
};

use crate::{
    disks::{PUT_BACK, ROOM_AGAIN},
    garage::EMPTIED,
    power::SAME_ONE,
    seconds,
};

/// Under the mount lies an empty file system, as where a server starts before its disk is there.
pub const DISK_EMPTIED: Sabotage = emptied_at(SAME_ONE);

/// As above, once there is room again.
pub const DATABASE_EMPTIED: Sabotage = emptied_at(ROOM_AGAIN);

const fn emptied_at(step: &'static str) -> Sabotage {
    Sabotage::At(step, |run, set| {
        Box::pin(async move {
            let before = set.pod(0)?;
            run.disk("data", &set, 0)?.empty().await?;
            let again = expectations::pod_recovers(&before.meta.name, &before.meta.uid, before.restarts());
            run.wait(&again, seconds(120)).await.map(drop)
        })
    })
}

/// The server works again, and somebody else takes the room.
pub const ROOM_TAKEN_AGAIN_POSTGRES: Sabotage = Sabotage::At(ROOM_AGAIN, |run, set| {
    Box::pin(async move {
        run.postgres().until_works(&set.pod_name(0), seconds(120)).await?;
        fill_all(&run, &set, &["data"]).await
    })
});

/// As above, on all nodes.
pub const ROOM_TAKEN_AGAIN_GARAGE: Sabotage = Sabotage::At(ROOM_AGAIN, |run, set| {
    Box::pin(async move { fill_all(&run, &set, &["data", "meta"]).await })
});

async fn fill_all(run: &Run, set: &Set, templates: &[&str]) -> Result<()> {
    for ordinal in set.ordinals() {
        for template in templates {
            run.disk(template, set, ordinal)?.fill().await?;
        }
    }
    Ok(())
}

/// The log of changes is longer than it was before: nothing tells the older state from the newer.
pub const LOG_PUSHED_ON: Sabotage = Sabotage::At(PUT_BACK, |run, set| {
    Box::pin(async move {
        let pod = set.pod_name(0);
        run.postgres().until_works(&pod, seconds(60)).await?;
        let session = run.postgres().session(&pod).await?;
        // Each is 16 MiB of log.
        for _ in 0..3 {
            session.switch_log().await?;
        }
        Ok(())
    })
});

/// Somebody lets Garage forget which data volume was its own.
pub const DATA_VOLUME_FORGOTTEN: Sabotage = Sabotage::At(EMPTIED, |run, set| {
    Box::pin(async move {
        let disk = run.disk("meta", &set, 1)?;
        disk.node.run(&["rm", &format!("{}/data_layout", disk.path())]).await.map(drop)
    })
});
