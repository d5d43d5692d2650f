//! What a wait says when it ends in vain, and a hold when it ends.

use std::sync::Mutex;

use futures::future::BoxFuture;
use serde_json::json;

use super::*;
use crate::journal::{Change, Kind};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

/// A log of its own for a test.
fn log(name: &str) -> Arc<Log> {
    let folder = std::env::temp_dir().join(format!("steadfast-{name}-{}", std::process::id()));
    let path = camino::Utf8PathBuf::try_from(folder).expect("a path in UTF-8");
    let log = Arc::new(Log::create(&path).expect("a log"));
    // Open, it needs no name.
    std::fs::remove_file(&path).expect("removed");
    log
}

/// An expectation with these answers, one after another; the last one stays.
fn answering(answers: Vec<Progress>) -> Expectation {
    let left = Mutex::new(answers);
    Expectation::new("it", move |_| {
        let mut left = left.lock().expect("the answers");
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    })
}

fn not_yet() -> Progress {
    Progress::NotYet("it is not there".into())
}

/// Waits on a log to which something is written after the first look.
async fn waiting(name: &str, answers: Vec<Progress>, deadline: Duration, certain: Duration) -> End {
    let log = log(name);
    let (writer, _subscribed) = (Arc::clone(&log), log.subscribe());
    let writing = tokio::spawn(async move { writer.act("step", "scenario", "something happens") });
    let outcome = met(&log, &answering(answers), Instant::now(), deadline, certain).await;
    writing.await.expect("written");
    outcome
}

fn words(end: End) -> String {
    match end {
        End::InVain(words) | End::Contradicted(words) => words,
        other => panic!("expected a wait in vain, got {other:?}"),
    }
}

#[tokio::test]
async fn what_looks_impossible_for_a_moment_is_waited_for() {
    let answers = vec![Progress::Never("the status is ahead of its pod".into()), Progress::Met];
    assert!(matches!(waiting("moment", answers, LONG, LONG).await, End::Met(_)));
}

#[tokio::test]
async fn what_stays_impossible_ends_the_wait() {
    let answers = vec![Progress::Never("the set is gone".into())];
    let end = waiting("stays", answers, LONG, Duration::from_millis(1)).await;
    assert_eq!(words(end), "it can never be: the set is gone");
}

#[tokio::test]
async fn a_time_out_names_the_last_reason() {
    let last = || Progress::NotYet("last".into());
    let answers = vec![Progress::NotYet("first".into()), last(), last()];
    let words = words(waiting("last", answers, SHORT, LONG).await);
    assert!(words.ends_with("for this: it; last seen: last"), "{words}");
}

/// A witness with these answers: what is in the way, asked again and again.
struct Said {
    looked: bool,
    outside: Mutex<Vec<Option<(Obstacle, &'static str)>>>,
}

impl Witness for Said {
    fn synced(&self) -> BoxFuture<'_, Result<()>> {
        let away = || Error::not_judged(Obstacle::Controller, "the controller has not looked");
        let said = if self.looked { Ok(()) } else { Err(away()) };
        Box::pin(async { said })
    }

    fn awake(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { self.looked })
    }

    fn outside<'a>(
        &'a self,
        despite: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Option<(Obstacle, String)>>> {
        let said = self.outside.lock().expect("the answers").pop().flatten();
        let said = said.filter(|(_, why)| !despite.contains(why));
        let said = said.map(|(obstacle, why)| (obstacle, why.to_owned()));
        Box::pin(async { Ok(said) })
    }
}

fn waiter(name: &str, looked: bool, outside: [Option<(Obstacle, &'static str)>; 2]) -> Waiter {
    let recorder = Arc::new(Recorder::idle(log(name)));
    let outside = Mutex::new(outside.into_iter().rev().collect());
    let waiter = Waiter::new(recorder, Arc::new(Said { looked, outside }), LONG);
    Waiter { certain: SHORT, ..waiter }
}

#[tokio::test]
async fn a_time_that_is_over_speaks_against_a_promise_only_if_nothing_else_is_in_the_way() {
    let in_vain = async |name: &str, looked, outside| {
        let error = waiter(name, looked, outside).until(&answering(vec![not_yet()]), SHORT).await;
        let error = error.expect_err("it is not met");
        (error.class(), error.obstacle(), error.to_string())
    };
    let (class, obstacle, words) = in_vain("whole", true, [None; 2]).await;
    assert_eq!((class, obstacle), (Class::Failed, None));
    assert_eq!(words, "waited 20ms for this: it; last seen: it is not there");

    let quota = Some((Obstacle::Quota, "quota-exceeded: no more pods"));
    let (class, obstacle, words) = in_vain("quota", true, [quota; 2]).await;
    assert_eq!((class, obstacle), (Class::Environment, Some(Obstacle::Quota)));
    assert!(words.ends_with("it is not there; quota-exceeded: no more pods"), "{words}");

    let (class, obstacle, words) = in_vain("away", false, [None; 2]).await;
    assert_eq!((class, obstacle), (Class::Environment, Some(Obstacle::Controller)));
    assert!(words.ends_with("which says nothing, since the controller has not looked"), "{words}");
}

// As a Garage's second pod met it, while the first was judged: "failed to sync configmap cache", and mounted a second later.
#[tokio::test]
async fn what_was_in_the_way_for_a_moment_excuses_nothing() {
    let volume = Some((Obstacle::Volume, "volume-mount-failed: failed to sync configmap cache"));
    let node = Some((Obstacle::Node, "node-not-ready"));
    for (name, second, obstacle) in [("passes", None, None), ("another", node, Some(Obstacle::Node))] {
        let in_vain = waiter(name, true, [volume, second]).until(&answering(vec![not_yet()]), SHORT).await;
        assert_eq!(in_vain.expect_err("it is not met").obstacle(), obstacle, "{name}");
    }
}

// As control::S21::readiness_probe_removed met it: pod 1 was Ready, which it may not be, and pod 2's volume had a slow start:
// "no relationship found between node … and this object", for as long as the kubelet leaves a pod alone.
#[tokio::test]
async fn what_keeps_another_pod_from_coming_is_no_excuse_for_what_is_there() {
    for (obstacle, class) in [(Obstacle::Volume, Class::Failed), (Obstacle::Node, Class::Environment)] {
        let waiter = waiter("there", true, [Some((obstacle, "in the way")); 2]);
        let never = answering(vec![Progress::Never("it is Ready".into())]);
        let in_vain = waiter.until(&never, LONG).await.expect_err("it is not met");
        assert_eq!(in_vain.class(), class, "{obstacle:?}: {in_vain}");
    }
}

#[tokio::test]
async fn what_is_promised_in_spite_of_a_cause_is_not_excused_by_it() {
    let failed = Some((Obstacle::Node, "pod-failed"));
    for (cause, class) in [("pod-failed", Class::Failed), ("node-not-ready", Class::Environment)] {
        let never_comes = answering(vec![not_yet()]).despite([cause]);
        let in_vain = waiter(cause, true, [failed; 2]).until(&never_comes, SHORT).await;
        assert_eq!(in_vain.expect_err("it is not met").class(), class, "{cause}");
    }
    let both = answering(vec![not_yet()]).despite(["one", "other"]).and(answering(vec![]).despite(["other"]));
    assert_eq!(both.despite, ["other"]);
}

#[tokio::test]
async fn late_is_not_never() {
    let answers = vec![not_yet(), Progress::Met];
    assert!(waiter("late", true, [None; 2]).until(&answering(answers), Duration::ZERO).await.is_ok());
}

// As a controller would that stood still between two pods of a scale-down: the next of them goes when it has looked.
#[tokio::test]
async fn what_the_controller_mends_when_it_looks_is_waited_for() {
    let never = || Progress::Never("db-3 is still there".into());
    let answers = vec![never(), never(), never(), not_yet(), not_yet(), Progress::Met];
    assert!(waiter("mended", true, [None; 2]).until(&answering(answers), 10 * SHORT).await.is_ok());
}

#[tokio::test]
async fn a_hold_ends_with_a_look_and_at_the_first_moment_at_which_it_is_not_so() {
    let held = async |name: &str, looked, answers| {
        waiter(name, looked, [None; 2])
            .hold(&answering(answers), Duration::ZERO)
            .await
            .map_err(|error| error.to_string())
    };
    assert_eq!(held("held", true, vec![Progress::Met]).await, Ok(()));
    let broken = held("broken", true, vec![Progress::Met, not_yet()]).await.expect_err("it ended");
    assert!(broken.contains("had to stay so") && broken.ends_with("it is not there"), "{broken}");
    let image = Progress::Prevented(Obstacle::Image, "no such image".into());
    let prevented = held("prevented", true, vec![Progress::Met, image]).await;
    assert_eq!(prevented, Err("it is prevented: no such image".to_owned()));
    let unknown = held("unknown", false, vec![Progress::Met]).await;
    assert_eq!(unknown, Err("the controller has not looked".to_owned()));
}

#[tokio::test]
async fn what_something_outside_ends_is_no_broken_promise() {
    let node = Some((Obstacle::Node, "node-not-ready"));
    let held = async |name: &str, outside, last: Progress| {
        let ends = answering(vec![Progress::Met, last]).despite(["expected"]);
        let held = waiter(name, true, [outside, None]).hold(&ends, Duration::ZERO).await;
        held.expect_err("it ended").obstacle()
    };
    assert_eq!(held("node", node, not_yet()).await, Some(Obstacle::Node));
    assert_eq!(held("nothing", None, not_yet()).await, None);
    // What keeps pods from coming ends nothing that is there, and neither does who does nothing.
    for keeps in [Obstacle::Room, Obstacle::Admission, Obstacle::Controller] {
        assert_eq!(held("keeps", Some((keeps, "in the way")), not_yet()).await, None, "{keeps:?}");
    }
    assert_eq!(held("despite", Some((Obstacle::Node, "expected")), not_yet()).await, None);
    assert_eq!(held("seen", node, Progress::Never("it is another".into())).await, None);
}

/// `db-0` as this object, taken away for these reasons.
fn pod(uid: &str, taken: &[&str]) -> serde_json::Value {
    let condition = |reason: &&str| json!({"type": "DisruptionTarget", "status": "True", "reason": reason});
    let conditions: Vec<_> = taken.iter().map(condition).collect();
    json!({"metadata": {"name": "db-0", "uid": uid}, "status": {"conditions": conditions}})
}

// A descheduler's eviction takes away what a controller would have left alone; a deletion without one is the controller's.
#[tokio::test]
async fn what_somebody_else_evicts_says_nothing_of_what_would_have_stayed() {
    let evicted: &[&str] = &["EvictionByEvictionAPI"];
    for (name, taken, obstacle) in [("evicted", evicted, Some(Obstacle::Disruption)), ("deleted", &[], None)]
    {
        let waiter = waiter(name, true, [None; 2]);
        let log = Arc::clone(waiter.recorder.log());
        log.object(Change::Added, Kind::Pod, pod("one", &[]));
        let replaced = async {
            pause(SHORT).await;
            log.object(Change::Deleted, Kind::Pod, pod("one", taken));
            log.object(Change::Added, Kind::Pod, pod("two", &[]));
        };
        let same = || {
            Expectation::new("it is the same", |world| match world.pods.get("db-0") {
                Some(pod) if pod.meta.uid == "one" => Progress::Met,
                _ => Progress::Never("it is another".into()),
            })
        };
        let restarted = Expectation::new("it is restarted", move |world| match same().check(world) {
            Progress::Met => Progress::NotYet("it was not restarted".into()),
            progress => progress,
        });
        let same = same();
        let (held, waited, ()) =
            tokio::join!(waiter.hold(&same, LONG), waiter.until(&restarted, LONG), replaced);
        assert_eq!(held.expect_err("it is another").obstacle(), obstacle, "{name}");
        assert_eq!(waited.expect_err("it is another").obstacle(), obstacle, "{name}");
    }
}

/// A controller that adopts `db-0` when it is made to look, and sees to another set before that, or does not.
struct Forgetful {
    log: Arc<Log>,
    awake: bool,
}

impl Witness for Forgetful {
    fn synced(&self) -> BoxFuture<'_, Result<()>> {
        self.log.object(
            Change::Modified,
            Kind::Pod,
            owned(&json!([{"kind": "StatefulSet", "name": "db", "uid": "db"}])),
        );
        Box::pin(async { Ok(()) })
    }

    fn awake(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { self.awake })
    }

    fn outside<'a>(&'a self, _: &'a [&'static str]) -> BoxFuture<'a, Result<Option<(Obstacle, String)>>> {
        Box::pin(async { Ok(None) })
    }
}

/// `db-0` with these owners.
fn owned(owners: &serde_json::Value) -> serde_json::Value {
    json!({"metadata": {"name": "db-0", "uid": "one", "ownerReferences": owners}})
}

#[tokio::test]
async fn what_comes_about_only_when_a_controller_is_made_to_look_was_overlooked_by_one_that_was_awake() {
    let adopted = Expectation::new("db-0 is adopted", |world| match world.pods.get("db-0") {
        Some(pod) if !pod.meta.owners.is_empty() => Progress::Met,
        _ => not_yet(),
    });
    for (name, awake) in [("forgetful", true), ("asleep", false)] {
        let log = log(name);
        log.object(Change::Added, Kind::Pod, owned(&json!([])));
        let witness = Forgetful { log: Arc::clone(&log), awake };
        let waiter = Waiter::new(Arc::new(Recorder::idle(log)), Arc::new(witness), LONG);
        // Half of it is to be told from all of it on a starved machine as well.
        let ended = waiter.until(&adopted, SHORT * 25).await.map_err(|error| error.to_string());
        assert_eq!(ended.is_err(), awake, "{ended:?}");
        if let Err(words) = ended {
            assert!(
                words.contains("it is not there; it came about when the set's spec was changed"),
                "{words}"
            );
        }
    }
}
