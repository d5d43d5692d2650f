//! What is expected of a server that should not serve.

use super::reasons::describe;
use crate::wait::{
    Expectation,
    Progress::{Met, Never, NotYet},
};

/// The server of the same pod, which was killed, ends by itself whenever it is started again.
pub fn pod_refuses(pod: &str, uid: &str, restarts: i32) -> Expectation {
    /// How one ends that is killed.
    const KILLED: i32 = 137;
    let (name, uid) = (pod.to_owned(), uid.to_owned());
    Expectation::new(format!("{name} refuses to start"), move |world| match world.pods.get(&name) {
        None => NotYet(format!("{name} does not exist")),
        Some(pod) if pod.meta.uid != uid => Never(format!("{name} is another object now: {}", pod.meta.uid)),
        Some(pod) if pod.restarts() <= restarts => {
            NotYet(format!("{name} was not restarted: {}", pod.summary()))
        }
        Some(pod) if pod.healthy() => Never(format!("{name} serves: {}", pod.summary())),
        Some(pod) => {
            let mut ended = pod.containers.iter().filter_map(|container| container.ended.as_ref());
            if ended.any(|ended| ended.code != 0 && ended.code != KILLED) {
                Met
            } else {
                NotYet(describe(world, pod))
            }
        }
    })
}
