use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::load::recorder::tests::recorder;

const LONG: Duration = Duration::from_secs(10);

/// Does all, but loses the connection at every third operation.
struct Shaky(u64);

impl Store for Shaky {
    async fn perform(&mut self, _: &Request) -> Outcome {
        self.0 += 1;
        let lost = || Outcome::Unknown(Failure::new(Cause::Broken, "connection lost"));
        if self.0 == 3 { lost() } else { Outcome::DONE }
    }
}

fn plan(budget: Duration) -> Plan {
    let client = |endpoint: &str| Client {
        endpoint: endpoint.into(),
        works: vec![Work::Writes { sizes: &[40] }, Work::Reads { of: 0..1 }],
    };
    Plan { clients: vec![client("a-0"), client("a-1")], pace: Duration::from_millis(1), budget }
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_one_that_does_not_come_about_is_an_error() {
    let (path, recorder) = recorder("shaky");
    let asked = Arc::new(AtomicU64::new(0));
    let connect = {
        let asked = asked.clone();
        move |_| {
            let turn = asked.fetch_add(1, Ordering::SeqCst);
            async move { if turn % 2 == 1 { Err(Error::environment("no pod")) } else { Ok(Shaky(0)) } }
        }
    };
    let mut load = Load::start(&recorder, &plan(LONG), connect);
    load.acknowledged(9, LONG).await.unwrap();
    load.stop().await.unwrap();
    let operations = recorder.operations().unwrap();
    let causes: std::collections::BTreeSet<_> =
        operations.all.iter().filter_map(|one| one.outcome.failure()).map(|one| one.cause.clone()).collect();
    assert_eq!(causes, [Cause::Unreachable, Cause::Broken].into());
    let processes: std::collections::BTreeSet<_> = operations.all.iter().map(|one| one.process).collect();
    assert_eq!(processes, (0..4).collect());
    // What was tried is what its seed says.
    let firsts = operations.all.iter().filter(|one| one.process == 2).map(|one| one.action.clone());
    let generated = Generator::new("run", 7, 2, Work::Writes { sizes: &[40] }).map(|request| request.action);
    assert!(firsts.zip(generated).all(|(tried, generated)| tried == generated));
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_load_ends_with_its_time_and_says_who_lacks_writes() {
    let (path, recorder) = recorder("none");
    let connect = async |_| Err::<Shaky, _>(Error::environment("no pod"));
    let mut load = Load::start(&recorder, &plan(Duration::from_millis(20)), connect);
    let error = load.acknowledged(1, LONG).await.unwrap_err().to_string();
    assert!(error.contains("the time of the load is over; a-0 has 0 of 1, and said last: no pod"), "{error}");
    load.stop().await.unwrap();
    std::fs::remove_file(path).unwrap();
}

/// Takes rows, and refuses money.
struct Poor;

impl Store for Poor {
    async fn perform(&mut self, request: &Request) -> Outcome {
        let refused = || Outcome::Failed(Failure::new(Cause::Answered("42501".into()), "no right"));
        if matches!(request.action, history::Action::Transfer { .. }) { refused() } else { Outcome::DONE }
    }
}

#[tokio::test]
async fn work_that_is_always_refused_does_not_hide_behind_other_work() {
    let (path, recorder) = recorder("poor");
    let works = vec![Work::Writes { sizes: &[40] }, Work::Bank { accounts: 5 }];
    let clients = vec![Client { endpoint: "a-0".into(), works }];
    let plan = Plan { clients, pace: Duration::from_millis(1), budget: Duration::from_millis(200) };
    let mut load = Load::start(&recorder, &plan, async |_| Ok(Poor));
    let error = load.acknowledged(4, LONG).await.unwrap_err().to_string();
    assert!(error.contains("a-0, process 1 has 0 of 2, and said last: no right"), "{error}");
    load.stop().await.unwrap();
    std::fs::remove_file(path).unwrap();
}
