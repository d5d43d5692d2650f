//! From an API event to our reaction: how long after the API server has answered a change a waiting scenario goes on.
//! Needs Docker: leases a cluster, or uses the one that `steadfast up` keeps. The development profile is what runs:
//! `cargo bench --workspace --profile dev --bench reaction`

use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use harness::{
    cluster::{Cluster, Reporter, RunLock, create_namespace, delete_namespace, install_crypto},
    journal::{Log, Recorder},
    law::Obstacle,
    settings::Settings,
    wait::{self, Expectation, Waiter, Witness},
};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;

const CHANGES: u32 = 300;
const NAME: &str = "changed";

fn main() -> Result<()> {
    install_crypto();
    tokio::runtime::Runtime::new()?.block_on(measure())
}

/// No set is watched, and nothing is in the way.
struct Nobody;

impl Witness for Nobody {
    fn synced(&self) -> BoxFuture<'_, harness::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn awake(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }

    fn outside<'a>(
        &'a self,
        _: &'a [&'static str],
    ) -> BoxFuture<'a, harness::Result<Option<(Obstacle, String)>>> {
        Box::pin(async { Ok(None) })
    }
}

async fn measure() -> Result<()> {
    let settings = Settings::load(harness::home::repository())?;
    let cluster = Cluster::lease(&settings, &Reporter::stderr(), false).await?;
    let namespace = format!("reaction-{}", std::process::id());
    let lock = RunLock::take(&settings.cache, &namespace, &cluster.facts.name)?;
    create_namespace(&cluster.clients.plumbing, &namespace, &namespace, "reaction").await?;
    let path = settings.results.join(format!("{namespace}.jsonl"));
    let log = Arc::new(Log::create(&path)?);
    let recorder = Arc::new(Recorder::start(&cluster.clients.plumbing, &namespace, Arc::clone(&log)).await?);
    let waiter = Waiter::new(Arc::clone(&recorder), Arc::new(Nobody), Duration::from_secs(600));

    let claims: Api<PersistentVolumeClaim> = Api::namespaced(cluster.clients.plumbing.clone(), &namespace);
    let claim = json!({"metadata": {"name": NAME}, "spec": {"accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}}}});
    claims.create(&PostParams::default(), &serde_json::from_value(claim)?).await?;
    let mut reactions = Vec::new();
    for number in 0..CHANGES {
        let patch = json!({"metadata": {"annotations": {"steadfast.dev/number": number.to_string()}}});
        let changed = claims.patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await?;
        let answered = Instant::now();
        let version: u64 = changed.metadata.resource_version.context("the claim has no version")?.parse()?;
        let seen = Expectation::new("the change is seen", move |world| match world.volume_claims.get(NAME) {
            Some(claim) if claim.version == version => wait::Progress::Met,
            _ => wait::Progress::NotYet("it is not".to_owned()),
        });
        waiter.until(&seen, Duration::from_secs(5)).await?;
        reactions.push(answered.elapsed());
    }
    recorder.stop().await?;
    delete_namespace(&cluster.clients.plumbing, &namespace).await?;
    lock.end()?;
    cluster.release(false, true).await?;

    reactions.sort();
    let share = |percent: usize| reactions[(reactions.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    let line = [0, 50, 90, 99, 100].map(|percent| format!("p{percent} {:.2} ms", share(percent))).join(", ");
    writeln!(std::io::stdout(), "from the API's answer to our reaction, {CHANGES} changes: {line}")?;
    Ok(())
}
