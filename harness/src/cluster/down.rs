//! Removing everything of ours: clusters of living leases only by force, of dead runs always.

use std::time::Duration;

use camino::Utf8Path;

use super::{
    RUN_LABEL, Reporter,
    docker::{self, QUICK, docker},
    fresh, ground, kind, lease,
    lease::LeaseFiles,
    runs,
};
use crate::error::Result;

/// A run that was killed may have left a kind that is still at work; it ends within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was removed, and what was not.
#[derive(Debug, Default)]
pub struct Down {
    /// The clusters that are gone.
    pub clusters: Vec<String>,
    /// The namespaces of an existing cluster that are gone, or empty.
    pub namespaces: Vec<String>,
    /// What is left in an existing cluster for want of a right, with the reason.
    pub left: Vec<String>,
    /// How many containers of dead runs are gone.
    pub containers: usize,
    /// What is left, with the reason.
    pub refused: Vec<String>,
}

/// Removes all clusters of ours, and containers of dead runs. What a living process uses stays, unless `force`.
///
/// # Errors
/// The engine's own.
pub async fn down(cache: &Utf8Path, force: bool, progress: &Reporter) -> Result<Down> {
    let mut done = Down::default();
    let leased = LeaseFiles::all(cache)?;
    for files in &leased {
        let patience = if force { Duration::from_secs(1) } else { PATIENCE };
        let name = &files.name;
        match files.lock_within(patience, progress).await {
            Ok(exclusive) if force || !exclusive.in_use()? => {
                progress.say(format!("removing cluster {name}"));
                runs::forget(cache, name)?;
                fresh::remove(exclusive).await?;
                done.clusters.push(name.clone());
            }
            Ok(_) => done
                .refused
                .push(format!("cluster {name} is in use by a living process (--force removes it)")),
            Err(_) if force => {
                progress.say(format!("removing cluster {name} from under the process that works on it"));
                kind::remove(name).await?;
                done.clusters.push(name.clone());
            }
            Err(error) => done.refused.push(format!("{error} (--force removes it)")),
        }
    }
    for name in kind::clusters().await? {
        let known = leased.iter().any(|files| files.name == name);
        if known || !(lease::is_ours(&name) || ground::is_ground(&name)) {
            continue;
        }
        let abandoned = ground::abandoned(cache, &name)?;
        // Its name says that it is ours, but whoever leases it does so from another cache: we cannot know his lock.
        if force || abandoned.is_some() {
            progress.say(format!("removing cluster {name}"));
            kind::remove(&name).await?;
            done.clusters.push(name);
        } else if ground::is_ground(&name) {
            done.refused.push(format!(
                "cluster {name} is in use by scripts/ground, or of another cache (--force removes it)"
            ));
        } else {
            done.refused.push(format!("cluster {name} has no lease in {cache} (--force removes it)"));
        }
    }
    containers(cache, force, &mut done).await?;
    Ok(done)
}

/// Containers that a run started beside its cluster.
async fn containers(cache: &Utf8Path, force: bool, done: &mut Down) -> Result<()> {
    let format = format!("{{{{.ID}}}} {{{{.Label \"{RUN_LABEL}\"}}}}");
    let filter = format!("label={RUN_LABEL}");
    let listed =
        docker(&["ps", "--all", "--no-trunc", "--filter", &filter, "--format", &format], QUICK).await?;
    let dead = runs::dead(cache)?;
    let mut removable = Vec::new();
    for line in listed.lines() {
        let (id, run) = line.split_once(' ').unwrap_or((line, ""));
        if force || dead.iter().any(|dead| dead.run == run) {
            removable.push(id.to_owned());
        } else {
            let short = &id[..id.len().min(12)];
            done.refused.push(format!(
                "container {short} belongs to run {run}, which is not known to be dead (--force removes it)"
            ));
        }
    }
    docker::remove(&removable).await?;
    done.containers = removable.len();
    Ok(())
}
