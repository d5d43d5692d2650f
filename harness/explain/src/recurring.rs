//! Pods that are Ready now and do not stay so: killed, evicted or crashing again and again, or told to stop already.

mod readiness;

use k8s_openapi::api::core::v1::{ContainerStateTerminated, Pod};

use super::{
    Picture,
    cause::Cause,
    container::{At, LONG_LIFE, crash, lifetime},
    controller::replaced,
    picture::status,
    pod::failure,
};

/// An end this long ago, in seconds, is still news.
const RECENT: f64 = 1800.0;
/// Ends for memory that are no chance.
const KILLS: i32 = 2;
/// Other ends that are no chance.
const ENDS: i32 = 3;

/// What comes again and again in pods that are Ready now, with the pod.
pub(super) fn examine(picture: &Picture) -> Vec<(String, Cause)> {
    let pods = picture.pods_of_set();
    let found = pods.iter().filter_map(|(ordinal, pod)| {
        let name = picture.pod_name(*ordinal);
        let cause = containers(picture, pod)
            .or_else(|| failure::again(picture, &name))
            .or_else(|| readiness::comes_and_goes(picture, pod))
            .or_else(|| replaced::often(picture, &name))?;
        Some((name, cause))
    });
    found.collect()
}

fn containers(picture: &Picture, pod: &Pod) -> Option<Cause> {
    let status = status(pod);
    let all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    all.into_iter().find_map(|container| {
        let at = At { picture, pod, container };
        crash::does_not_stop(&at).or_else(|| {
            let ended = at.last_end()?;
            recurs(&at, ended).then(|| crash::crashed(&at, ended))
        })
    })
}

/// Whether a container's last end is one of many. A server that ends well after a long life, by its own will, does so for
/// a reason.
fn recurs(at: &At<'_>, ended: &ContainerStateTerminated) -> bool {
    let enough = if ended.reason.as_deref() == Some("OOMKilled") { KILLS } else { ENDS };
    let unwanted = ended.exit_code != 0 || lifetime(ended) < LONG_LIFE || crash::by_a_probe(at, ended);
    at.container.restart_count >= enough && unwanted && at.picture.since(ended.finished_at.as_ref()) < RECENT
}
