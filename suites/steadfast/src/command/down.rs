//! `steadfast down`.

use harness::{
    Error, Result,
    cluster::{self, Reporter},
    error::exit,
    settings::Settings,
};

use super::say;

/// Of our own clusters, or of what is ours in the cluster of a context.
pub async fn down(settings: &Settings, context: Option<&str>, force: bool) -> Result<()> {
    let progress = Reporter::stderr();
    let done = match context {
        Some(context) => cluster::down_in(context, settings, force, &progress).await?,
        None => cluster::down(&settings.cache, force, &progress).await?,
    };
    for name in &done.clusters {
        say(&format!("removed cluster {name}"));
    }
    for name in &done.namespaces {
        say(&format!("removed what was in namespace {name}"));
    }
    for what in &done.left {
        say(&format!("stays: {what}"));
    }
    if done.containers > 0 {
        say(&format!("removed {} containers of killed runs", done.containers));
    }
    if !done.refused.is_empty() {
        return Err(Error::trouble(exit::IN_USE, format!("not removed: {}", done.refused.join("; "))));
    }
    if done.clusters.is_empty() && done.containers == 0 && done.namespaces.is_empty() && done.left.is_empty()
    {
        say("there was nothing to remove");
    }
    Ok(())
}
