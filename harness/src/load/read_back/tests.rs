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
fn parts_are_asked_for_of_what_was_written_once_and_follows_from_its_name() {
    let put = |number: u32, size: usize| {
        let key = format!("run/0/{number:06}");
        let content = content_of(&key, size).unwrap();
        operation("a-0", Request::put(key, content).action)
    };
    let mut all: Vec<_> = (0..HEADS as u32 + 1).map(|number| put(number, 100)).collect();
    let asked = |all: &[Operation]| parts(all).into_iter().map(|one| one.action).collect::<Vec<_>>();
    let range = |key: &str| Request::range(key, 50, 1).action;
    assert_eq!(asked(&all), [range("run/0/000000"), range("run/0/000008")]);
    // Empty, written over, deleted, refused, or with something of its own.
    let refused = Operation {
        outcome: Outcome::Failed(Failure::new(Cause::Answered("403".into()), "no")),
        ..put(1, 100)
    };
    let deleted = operation("a-0", Request::delete("run/0/000000").action);
    for one in [put(0, 0), put(0, 7), deleted, refused.clone()] {
        let own = all.first().cloned().unwrap();
        let written = if one.action == put(0, 0).action { vec![one] } else { vec![own, one] };
        let first = asked(&written).into_iter().next();
        assert_eq!(first.is_some(), written.last() == Some(&refused), "{written:?}");
    }
    assert_eq!(asked(&[refused]), []);
    all.truncate(1);
    all.push(operation("a-0", Request::put("run/shared/0/1", vec![1; 40]).action));
    assert_eq!(asked(&all[1..]), []);
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

/// What nobody acknowledged and the first list shows; it is shown again so often, and never given.
struct Settling {
    lists: u32,
    shows: u32,
}

impl Store for Arc<std::sync::Mutex<Settling>> {
    async fn perform(&mut self, request: &Request) -> Outcome {
        let mut store = self.lock().unwrap();
        match &request.action {
            Action::List { .. } => {
                store.lists += 1;
                let shown = store.lists <= store.shows;
                Outcome::Ok(Answer::Keys(shown.then(|| Key::from("run/k")).into_iter().collect()))
            }
            Action::Put { .. } => Outcome::Unknown(Failure::new(Cause::Silent, "no answer")),
            _ => Outcome::Ok(Answer::Absent),
        }
    }
}

#[tokio::test]
async fn what_nobody_acknowledged_is_held_to_a_list_of_the_moment() {
    // Listed at first alone, and not when it was refused; or listed before each time that it was.
    for (shows, torn) in [(1, vec![]), (2, vec![]), (9, vec![Kind::Torn])] {
        let (path, recorder) = recorder(&format!("settling-{shows}"));
        let store = Arc::new(std::sync::Mutex::new(Settling { lists: 0, shows }));
        let put = Request::put("run/k", vec![1; 40]);
        let process = recorder.processes(1).start;
        recorder.perform(process, &"a-0".into(), &put, &mut Arc::clone(&store)).await.unwrap();
        list_and_get(&recorder, "a-0", async || Ok(Arc::clone(&store))).await.unwrap();
        let operations = recorder.operations().unwrap();
        let judgement = Checker::Set(Copies::Same).judge(&operations);
        assert_eq!(judgement.anomalies.iter().map(|one| one.kind).collect::<Vec<_>>(), torn);
        let gets = operations.all.iter().filter(|one| matches!(one.action, Action::Get { .. })).count();
        assert_eq!(gets, shows.min(TRIES) as usize);
        std::fs::remove_file(path).unwrap();
    }
}
