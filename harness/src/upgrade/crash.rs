//! An old chart that crashes at each start: told after the third crash, as waiting longer would not help.

use std::sync::Arc;

use crate::{
    error::Error,
    journal::{Log, World, fact::Pod},
};

/// So many crashes of one container are a habit.
const CRASHES: i32 = 3;

/// Returns when nothing is left to wait for: every pod that is not ready has crashed three times, and once more since the
/// last of the others became ready, as it may have waited for that one.
pub async fn third(log: &Arc<Log>) -> Error {
    let mut changed = log.subscribe();
    loop {
        changed.mark_unchanged();
        if let Some(why) = log.now(hopeless) {
            return Error::failed(why);
        }
        if changed.changed().await.is_err() {
            // The recording is over, and whoever waits beside us says why.
            std::future::pending::<()>().await;
        }
    }
}

/// Which containers crash at each start, where they are all that is not ready.
fn hopeless(world: &World) -> Option<String> {
    let alive = || {
        world
            .pods
            .values()
            .filter(|pod| !pod.meta.terminating && !["Succeeded", "Failed"].contains(&&*pod.phase))
    };
    let others_ready = alive().filter(|pod| pod.ready).filter_map(|pod| pod.ready_since).max();
    let mut words = Vec::new();
    for pod in alive().filter(|pod| !pod.ready) {
        let (container, crashes, code) = crashing(pod)?;
        let ended = pod.containers.iter().filter_map(|container| container.ended.as_ref()?.at).max();
        if others_ready.is_some_and(|ready| ended.is_none_or(|ended| ended <= ready)) {
            return None;
        }
        words.push(format!(
            "{container} of pod {} crashed {crashes} times, last with exit code {code}",
            pod.meta.name
        ));
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// The container of a pod that crashes at each start, how often it has, and its last exit code.
fn crashing(pod: &Pod) -> Option<(&str, i32, i32)> {
    pod.containers.iter().find_map(|container| {
        let ended = container.ended.as_ref().filter(|ended| ended.code != 0)?;
        // A restart is counted when it begins.
        let crashes = container.restarts + i32::from(!container.running);
        (crashes >= CRASHES).then_some((container.name.as_str(), crashes, ended.code))
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::journal::fact::{Container, Ended, Meta};

    fn pod(name: &str, ready: Option<i64>, restarts: i32, ended: Option<i64>) -> Pod {
        let at = |second| Timestamp::from_second(second).unwrap();
        let ended = ended.map(|second| Ended { reason: "Error".into(), code: 1, at: Some(at(second)) });
        let waiting = (ready.is_none()).then(|| ("CrashLoopBackOff".to_owned(), String::new()));
        let container =
            Container { name: "server".into(), restarts, running: ready.is_some(), waiting, ended };
        Pod {
            meta: Arc::new(Meta { name: name.into(), ..Meta::default() }),
            phase: "Running".into(),
            ready: ready.is_some(),
            ready_since: ready.map(at),
            containers: [container].into(),
            ..Pod::default()
        }
    }

    fn told(pods: &[Pod]) -> Option<String> {
        let pods = pods.iter().map(|pod| (pod.meta.name.clone(), Arc::new(pod.clone()))).collect();
        hopeless(&World { pods, ..World::default() })
    }

    #[test]
    fn the_third_crash_ends_the_wait_and_no_earlier_one() {
        assert_eq!(told(&[pod("a-0", None, 1, Some(10))]), None);
        let why = told(&[pod("a-0", None, 2, Some(30))]).unwrap();
        assert_eq!(why, "server of pod a-0 crashed 3 times, last with exit code 1");
    }

    #[test]
    fn who_may_wait_for_another_is_given_one_more_start() {
        let starting = pod("db-0", None, 0, None);
        assert_eq!(told(&[pod("a-0", None, 3, Some(30)), starting]), None);
        assert_eq!(told(&[pod("a-0", None, 3, Some(30)), pod("db-0", Some(40), 0, None)]), None);
        assert!(told(&[pod("a-0", None, 4, Some(50)), pod("db-0", Some(40), 0, None)]).is_some());
    }
}
