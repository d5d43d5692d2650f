//! Looks at a set, and again where only time can tell.

use std::time::Duration;

use kube::{Client, ResourceExt};

use super::{
    Diagnosis, Picture, State, Survey, diagnose,
    read::{self, logs},
    survey,
};
use external::{error::Result, wait};

/// A controller that runs acts in milliseconds, and one that is busy in seconds.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Says why a StatefulSet is stuck. It only reads. A set that is neither healthy nor visibly stuck is looked at twice,
/// since a controller that does nothing is known only by that.
///
/// # Errors
/// When there is no such set, the API server refuses to show what is needed, or does not answer.
pub async fn explain(client: &Client, namespace: &str, set: &str) -> Result<Diagnosis> {
    let mut first = Box::pin(read::picture(client, namespace, set)).await?;
    first.usage = logs::usage(client, &first).await;
    let diagnosis = diagnose(&first);
    if diagnosis.state != State::Moving {
        return Ok(diagnosis);
    }
    wait::pause(BETWEEN_LOOKS).await;
    let mut second = Box::pin(read::picture(client, namespace, set)).await?;
    second.quiet = acts(&first) == acts(&second);
    second.usage = first.usage;
    Ok(diagnose(&second))
}

/// Says of all sets of a namespace, or of all namespaces, which are stuck and why, as [`explain`] does of one.
///
/// # Errors
/// As for [`explain`], but for a set that is not there.
pub async fn explain_all(client: &Client, namespace: Option<&str>) -> Result<Survey> {
    let first = Box::pin(read::pictures(client, namespace)).await?;
    let mut diagnoses: Vec<Diagnosis> = first.iter().map(diagnose).collect();
    if diagnoses.iter().all(|diagnosis| diagnosis.state != State::Moving) {
        return Ok(survey(diagnoses));
    }
    wait::pause(BETWEEN_LOOKS).await;
    for (before, diagnosis) in first.iter().zip(&mut diagnoses) {
        if diagnosis.state == State::Moving {
            let mut again = Box::pin(read::picture(client, &before.namespace(), &before.name())).await?;
            again.quiet = acts(before) == acts(&again);
            *diagnosis = diagnose(&again);
        }
    }
    Ok(survey(diagnoses))
}

/// As [`explain`], by one look: a controller that does nothing is not known by it.
///
/// # Errors
/// As for [`explain`].
pub async fn glance(client: &Client, namespace: &str, set: &str) -> Result<Diagnosis> {
    Ok(diagnose(&Box::pin(read::picture(client, namespace, set)).await?))
}

/// What a controller that acts would have changed: the set, and which pods there are.
fn acts(picture: &Picture) -> (Option<String>, Vec<(Option<String>, bool)>) {
    let pods = picture.pods_of_set();
    let pods = pods.values().map(|pod| (pod.uid(), pod.metadata.deletion_timestamp.is_some()));
    (picture.set.resource_version(), pods.collect())
}
