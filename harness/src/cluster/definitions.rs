//! Definitions of kinds belong to the whole cluster, and several runs may use one that a run brought. Each run that does says so
//! on it; the last one takes it away. What somebody else brought is nobody's of ours, and stays.

use external::api::{Objects, cluster_objects};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Client, ResourceExt,
    api::{DeleteParams, Preconditions},
};
use serde_json::{Value, json};

use super::namespace::{CALL, RUN_LABEL, label_value};
use crate::error::Result;

/// What the labels begin with by which runs say that they use a definition.
const USED_BY: &str = "used-by.steadfast.dev/";

/// The label by which a run says so.
pub fn use_label(run: &str) -> String {
    format!("{USED_BY}{}", label_value(run))
}

/// Says of a definition that is there that this run uses it, where a run of ours brought it. Says whether it is there still.
///
/// # Errors
/// The API's own.
pub async fn share(client: &Client, name: &str, run: &str) -> Result<bool> {
    let definitions = all(client, &format!("sharing the definition {name}"));
    let Some(found) = definitions.get_opt(name).await? else { return Ok(false) };
    if !found.labels().contains_key(RUN_LABEL) {
        return Ok(true);
    }
    if found.metadata.deletion_timestamp.is_some() {
        return Ok(false);
    }
    let patch = json!({"metadata": {"labels": {use_label(run): "yes"}}});
    match definitions.merge(name, &patch).await {
        Err(error) if error.is_not_found() => Ok(false),
        marked => marked.map(|_| true),
    }
}

/// The runs that use a definition which a run of ours brought; none where we may not see them.
///
/// # Errors
/// The API's own, but for rights that we lack.
pub(super) async fn users(client: &Client) -> Result<Vec<String>> {
    match all(client, "looking for the definitions of runs of ours").list_labelled(RUN_LABEL).await {
        Err(error) if error.is_forbidden() => Ok(Vec::new()),
        found => {
            let found = found?;
            let labels = found.iter().flat_map(|definition| definition.labels().keys());
            Ok(labels.filter_map(|label| label.strip_prefix(USED_BY)).map(str::to_owned).collect())
        }
    }
}

/// Takes these runs off the definitions that runs of ours brought, and deletes those that no other uses. Names what is left for
/// want of a right, and why.
///
/// # Errors
/// The API's own, but for rights that we lack.
pub async fn leave_definitions(client: &Client, runs: &[String]) -> Result<Vec<String>> {
    let definitions = all(client, "looking for the definitions of runs of ours");
    let found = match definitions.list_labelled(RUN_LABEL).await {
        // Who may not see them can't have brought them.
        Err(error) if error.is_forbidden() => return Ok(Vec::new()),
        found => found?,
    };
    let mut left = Vec::new();
    for definition in found {
        let name = definition.name_any();
        if !runs.iter().any(|run| definition.labels().contains_key(&use_label(run))) {
            continue;
        }
        match leave(client, &name, runs).await {
            Err(error) if error.is_forbidden() => left.push(format!("the definition {name} ({error})")),
            outcome => outcome?,
        }
    }
    Ok(left)
}

async fn leave(client: &Client, name: &str, runs: &[String]) -> Result<()> {
    let definitions = all(client, &format!("leaving the definition {name}"));
    loop {
        let Some(found) = definitions.get_opt(name).await? else { return Ok(()) };
        if used_by_others(found.labels().keys(), runs) {
            let ours = runs.iter().map(|run| (use_label(run), Value::Null));
            let patch = json!({"metadata": {"labels": ours.collect::<serde_json::Map<_, _>>()}});
            return definitions.merge(name, &patch).await.map(drop);
        }
        // Only as it was read: who comes to use it meanwhile changes it.
        let version = found.metadata.resource_version;
        let preconditions = Some(Preconditions { resource_version: version, uid: None });
        let parameters = DeleteParams { preconditions, ..DeleteParams::background() };
        match definitions.delete(name, &parameters).await {
            Err(error) if error.is_conflict() => {}
            Err(error) if error.is_not_found() => return Ok(()),
            deleted => return deleted.map(drop),
        }
    }
}

fn used_by_others<'a>(labels: impl Iterator<Item = &'a String>, runs: &[String]) -> bool {
    let mut users = labels.filter(|label| label.starts_with(USED_BY));
    users.any(|label| !runs.iter().any(|run| *label == use_label(run)))
}

fn all(client: &Client, doing: &str) -> Objects<CustomResourceDefinition> {
    cluster_objects(client).within(CALL).doing(doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_that_uses_a_definition_takes_it_away() {
        let (one, other) = ("20261129-1".to_owned(), "20261129-2".to_owned());
        let labels = [RUN_LABEL.to_owned(), use_label(&one), use_label(&other)];
        assert!(used_by_others(labels.iter(), std::slice::from_ref(&one)));
        assert!(!used_by_others(labels.iter(), &[one.clone(), other]));
        assert!(!used_by_others(labels[..2].iter(), &[one]));
    }
}
