//! `steadfast up`.

use std::time::Instant;

use harness::{
    Result,
    cluster::{Cluster, Reporter},
    settings::Settings,
};

use super::say;

pub async fn up(settings: &Settings) -> Result<()> {
    let begun = Instant::now();
    let cluster = Cluster::lease(settings, &Reporter::stderr(), false).await?;
    let facts = cluster.facts.clone();
    let kubeconfig = cluster.site.kubeconfig.clone();
    cluster.release(true, true).await?;
    say(&format!("cluster     {}", facts.name));
    say(&format!("Kubernetes  {}", facts.version()));
    say(&format!("nodes       {}", facts.nodes.join(", ")));
    for image in &facts.images {
        say(&format!("image       {} ({})", image.reference, image.source));
    }
    say(&format!("ready after {:.1} s", begun.elapsed().as_secs_f64()));
    if let Some(kubeconfig) = kubeconfig {
        say(&format!("\nto reach it:   export KUBECONFIG={kubeconfig}"));
        say("to remove it:  steadfast down");
    }
    Ok(())
}
