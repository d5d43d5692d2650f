//! What runs left in a cluster that is not ours: found by our labels, whoever left it.

use std::{collections::BTreeSet, time::Duration};

use external::api::cluster_objects;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Client, ResourceExt};

use super::{
    Reporter,
    cluster_scoped::{Of, remove_outside},
    definitions::{leave_definitions, users},
    down::Down,
    existing,
    namespace::{RUN_LABEL, delete_namespace, label_value, namespaces_of},
    namespaces::{run_in, sweep_given},
    runs,
};
use crate::{
    error::Result,
    settings::Settings,
    wait::{Progress, until_asked},
};

/// How long namespaces may take to go.
const GONE: Duration = Duration::from_secs(300);

/// Removes what killed runs left in the cluster of this context: namespaces, what scenarios made outside them, definitions, and
/// what is in namespaces that the settings name. What a run left that lives, or that is not known here, stays, unless `force`.
///
/// # Errors
/// The API server's own, or something does not go.
pub async fn down_in(context: &str, settings: &Settings, force: bool, progress: &Reporter) -> Result<Down> {
    let client = existing::reader(context).await?;
    let alive = runs::alive(&settings.cache)?;
    let dead = runs::dead(&settings.cache)?;
    let mut done = Down::default();
    let mut removed = Vec::new();
    let mut runs = runs_in(&client, &settings.namespaces).await?;
    // Of one that was killed there may be something left outside namespaces alone.
    runs.extend(dead.iter().filter(|dead| dead.cluster == context).map(|dead| label_value(&dead.run)));
    for run in runs {
        let known_dead = dead.iter().any(|dead| label_value(&dead.run) == run);
        if force || known_dead {
            progress.say(format!("removing what run {run} left in context {context}"));
            remove(&client, &run, &settings.namespaces, &mut done).await?;
            removed.push(run);
        } else if alive.contains(&run) {
            done.refused.push(format!("run {run} is at work (--force removes what it has made)"));
        } else {
            done.refused.push(format!(
                "run {run} is not known here: another machine may be at work (--force removes what it has made)"
            ));
        }
    }
    done.left.extend(leave_definitions(&client, &removed).await?);
    // The same right is lacking for each namespace.
    done.left.sort();
    done.left.dedup();
    gone(&client, &removed).await?;
    for dead in dead {
        if dead.cluster == context {
            dead.forget();
        }
    }
    Ok(done)
}

/// The runs of which something is in a cluster, but for namespaces that are going already.
///
/// # Errors
/// The API's own.
pub async fn runs_in(client: &Client, given: &[String]) -> Result<BTreeSet<String>> {
    let namespaces = cluster_objects::<Namespace>(client).doing("looking for namespaces of runs of ours");
    let found = match namespaces.list_labelled(RUN_LABEL).await {
        // Who is given some need not see all.
        Err(error) if error.is_forbidden() && !given.is_empty() => Vec::new(),
        found => found?,
    };
    let stay = found.iter().filter(|namespace| namespace.metadata.deletion_timestamp.is_none());
    let mut runs: BTreeSet<String> =
        stay.filter_map(|namespace| namespace.labels().get(RUN_LABEL).cloned()).collect();
    for name in given {
        runs.extend(run_in(client, name).await?);
    }
    runs.extend(users(client).await?);
    Ok(runs)
}

/// Begins to remove what a run left, and names the namespaces, and what stays of them.
async fn remove(client: &Client, run: &str, given: &[String], done: &mut Down) -> Result<()> {
    for namespace in namespaces_of(client, run).await? {
        done.left.extend(delete_namespace(client, &namespace).await?);
        done.namespaces.push(namespace);
    }
    for name in given {
        if let Some(left) = sweep_given(client, name, run).await? {
            done.left.extend(left);
            done.namespaces.push(name.clone());
        }
    }
    remove_outside(client, Of::Run(run)).await
}

async fn gone(client: &Client, runs: &[String]) -> Result<()> {
    let ask = || async {
        let mut left = Vec::new();
        for run in runs {
            left.extend(namespaces_of(client, run).await?);
        }
        Ok(match left.is_empty() {
            true => Progress::Met,
            false => Progress::NotYet(format!("{} are being deleted", left.join(", "))),
        })
    };
    until_asked("the namespaces of killed runs are gone", GONE, ask).await.map(drop)
}
