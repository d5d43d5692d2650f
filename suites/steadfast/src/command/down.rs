//! `steadfast down`.

use harness::{
    Error, Result,
    cluster::{self, Reporter},
    error::exit,
    settings::Settings,
};

use super::say;

pub async fn down(settings: &Settings, force: bool) -> Result<()> {
    let done = cluster::down(&settings.cache, force, &Reporter::stderr()).await?;
    for name in &done.clusters {
        say(&format!("removed cluster {name}"));
    }
    if done.containers > 0 {
        say(&format!("removed {} containers of killed runs", done.containers));
    }
    if !done.refused.is_empty() {
        return Err(Error::trouble(exit::IN_USE, format!("not removed: {}", done.refused.join("; "))));
    }
    if done.clusters.is_empty() && done.containers == 0 {
        say("there was nothing to remove");
    }
    Ok(())
}
