//! `steadfast images`.

use clap::Subcommand;
use harness::{
    Result,
    cluster::{self, Reporter},
    settings::Settings,
};

use super::say;

/// What can be done with the images that run in a cluster.
#[derive(Subcommand)]
pub enum Images {
    /// Bring them to a registry, built for machines like this one: pulled or built first, where the engine lacks them
    Push {
        /// Where: registry.example/team
        registry: String,
    },
}

pub async fn images(settings: &Settings, command: &Images) -> Result<()> {
    let Images::Push { registry } = command;
    for pushed in cluster::push(settings, registry, &Reporter::stderr()).await? {
        say(&format!("pushed  {pushed} ({})", std::env::consts::ARCH));
    }
    say(&format!("\nto use them:  export STEADFAST_IMAGE_REGISTRY={registry}"));
    Ok(())
}
