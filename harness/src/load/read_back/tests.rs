use std::sync::atomic::{AtomicU32, Ordering};

use history::{
    Checker, Value,
    check::{Copies, Kind},
};

use super::*;
use crate::{error::Error, load::recorder::tests::recorder};

struct Whole;

impl Store for Whole {
    async fn perform(&mut self, _: &Request) -> Outcome {
        Outcome::DONE
    }
}

/// Can't just now, a few times; then it has lost everything.
struct Faltering(Arc<AtomicU32>);

impl Store for Faltering {
    async fn perform(&mut self, _: &Request) -> Outcome {
        let unavailable = || Failure::new(Cause::Answered("503".into()), "503 ServiceUnavailable");
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0..6 => Outcome::Failed(unavailable()),
            _ => Outcome::Ok(Answer::Absent),
        }
    }
}

#[tokio::test]
async fn who_falters_is_asked_until_it_answers() {
    let (path, recorder) = recorder("faltering");
    let (endpoint, put) = (Arc::from("a-0"), Request::put("run/k", vec![1; 40]));
    recorder.perform(recorder.processes(1).start, &endpoint, &put, &mut Whole).await.unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    get_all(&recorder, "a-1", async || Ok(Faltering(Arc::clone(&asked)))).await.unwrap();
    let judgement = Checker::Set(Copies::Same).judge(&recorder.operations().unwrap());
    assert_eq!(judgement.anomalies.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::Lost]);
    std::fs::remove_file(path).unwrap();
}

fn operation(endpoint: &str, action: Action) -> Operation {
    Operation {
        line: 1,
        process: 0,
        endpoint: endpoint.into(),
        action,
        invoked: jiff::Timestamp::UNIX_EPOCH,
        ended: None,
        outcome: Outcome::DONE,
    }
}

#[test]
fn accounts_and_lists_are_read_where_they_were_written() {
    let append = |list| Action::Transaction(vec![Step::Append { list, element: 1 }, Step::Read { list: 99 }]);
    let transfer = || Action::Transfer { from: 0, to: 1, amount: 1 };
    let mut all: Vec<_> = (0..20).map(|list| operation("a-0", append(list))).collect();
    all.extend([operation("a-1", transfer()), operation("a-1", transfer())]);
    let asked = |endpoint| transactions(&all, endpoint).into_iter().map(|one| one.action).collect::<Vec<_>>();
    assert_eq!(asked("a-1"), [Action::Balances]);
    let reads = asked("a-0").into_iter().map(|one| match one {
        Action::Transaction(steps) => steps.len(),
        _ => 0,
    });
    assert_eq!(reads.collect::<Vec<_>>(), [16, 4]);
    assert_eq!(asked("a-2"), []);
}

#[test]
fn what_only_a_service_reached_is_read_at_the_one_that_stands_behind_it() {
    let append = Action::Transaction(vec![Step::Append { list: 4, element: 1 }]);
    let mut all = vec![
        operation("service a", append),
        operation("a-0", Action::Transfer { from: 0, to: 1, amount: 1 }),
        operation("a-1", Action::Balances),
    ];
    let lists = |all: &[Operation]| transactions(all, "a-0").contains(&Request::lists(&[4]));
    assert!(lists(&all));
    // Two stand behind it.
    all.push(operation("a-1", Action::Delete { key: "run/k".into() }));
    assert!(!lists(&all));
}

#[test]
fn who_is_told_to_come_again_does() {
    for code in ["429", "408", "425", "503", "40001", "XX001"] {
        assert!(falters(&Cause::Answered(code.into())), "{code}");
    }
    assert!(!falters(&Cause::Answered("404".into())));
}

#[tokio::test]
async fn an_endpoint_to_which_no_connection_comes_about_is_asked_and_says_nothing() {
    let (path, recorder) = recorder("nobody");
    let (endpoint, put) = (Arc::from("a-0"), Request::put("run/k", vec![1; 40]));
    recorder.perform(recorder.processes(1).start, &endpoint, &put, &mut Whole).await.unwrap();
    let connect = async || Err::<Whole, _>(Error::environment("no pod"));
    get_all(&recorder, "a-1", connect).await.unwrap();
    let operations = recorder.operations().unwrap();
    let tried = operations.all.iter().filter(|one| *one.endpoint == *"a-1").count();
    assert!(tried >= TRIES as usize, "{tried}");
    let judgement = Checker::Set(Copies::Same).judge(&operations);
    assert_eq!(judgement.unjudged, ["a-1 said nothing of 1 keys"]);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_body_that_is_cut_short_speaks_against_whom_the_largest_had_gone_through_before() {
    /// Gives all, or breaks off.
    struct Way {
        whole: bool,
    }

    impl Store for Way {
        async fn perform(&mut self, request: &Request) -> Outcome {
            let cut = || Outcome::Failed(Failure::new(Cause::CutShort, "the body broke off"));
            match (&request.action, self.whole) {
                (Action::Get { .. }, true) => Outcome::Ok(Answer::Found(Value::of(&[1; 400]))),
                (Action::Get { .. }, false) => cut(),
                _ => Outcome::DONE,
            }
        }
    }

    for (seen_before, kinds) in [(true, vec![Kind::Unreadable]), (false, vec![])] {
        let (path, recorder) = recorder(&format!("largest-{seen_before}"));
        let endpoint = Arc::from("a-0");
        let process = recorder.processes(1).start;
        for (key, size) in [("run/k", 40), ("run/l", 400), ("run/m", 7)] {
            let put = Request::put(key, vec![1; size]);
            recorder.perform(process, &endpoint, &put, &mut Whole).await.unwrap();
        }
        if seen_before {
            largest(&recorder, "a-1", async || Ok(Way { whole: true })).await.unwrap();
        }
        get_all(&recorder, "a-1", async || Ok(Way { whole: false })).await.unwrap();
        let operations = recorder.operations().unwrap();
        let read = operations.all.iter().find(|one| *one.endpoint == *"a-1").unwrap();
        assert_eq!(read.action.key().map(|key| &**key), Some(if seen_before { "run/l" } else { "run/k" }));
        let judgement = Checker::Set(Copies::Same).judge(&operations);
        let mut found: Vec<_> = judgement.anomalies.iter().map(|one| one.kind).collect();
        found.dedup();
        assert_eq!(found, kinds, "{judgement:?}");
        std::fs::remove_file(path).unwrap();
    }
}
