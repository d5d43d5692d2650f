//! From the error that ended a scenario to what its result tells of it.

use crate::{
    error::{Class, Error},
    journal::History,
    law::{Obstacle, eviction},
    report::result::{BrokenOff, Outcome, Trouble},
};

/// What an error makes of the scenario that it ended.
pub fn broken_off(error: &anyhow::Error) -> BrokenOff {
    let ours = error.chain().find_map(|cause| cause.downcast_ref::<Error>());
    let read = error.chain().find_map(|cause| cause.downcast_ref::<record::Error>());
    let class = ours.map(Error::class).or_else(|| read.map(record::Error::class)).unwrap_or(Class::Error);
    let outcome = match (ours, class) {
        (Some(Error::Interrupted), _) => Outcome::Interrupted,
        (_, Class::Failed) => Outcome::Failed,
        (_, Class::Environment) => Outcome::Environment,
        (_, Class::Error) => Outcome::Error,
    };
    BrokenOff { outcome, trouble: Trouble { class, message: chain(error) } }
}

/// The error that ended a scenario; where somebody else took pods away before, whom it was about to ask or to hurt, it says nothing.
pub fn unless_taken_away(error: anyhow::Error, history: &History, nodes_are_ours: bool) -> anyhow::Error {
    match eviction::by_another(history, 0, nodes_are_ours) {
        Some(why) if broken_off(&error).outcome == Outcome::Failed => {
            Error::not_judged(Obstacle::Disruption, format!("{}; {why}", chain(&error))).into()
        }
        _ => error,
    }
}

/// An error with its causes, leaving out those that their parent already quotes: to the letter, or, of an API server's answer,
/// in words.
pub fn chain(error: &anyhow::Error) -> String {
    let answer = |cause: &(dyn std::error::Error + 'static)| {
        let boxed = cause.downcast_ref::<Box<kube::Error>>().map(AsRef::as_ref);
        matches!(boxed.or(cause.downcast_ref()), Some(kube::Error::Api(_)))
    };
    let mut text = String::new();
    for cause in error.chain().take_while(|cause| !answer(*cause)) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::journal::{Change, Entry, Kind, Record, Reducer};

    #[test]
    fn who_has_lost_a_pod_to_somebody_else_says_nothing() {
        let disrupted = |reason: &str| {
            let pod = json!({"metadata": {"name": "db-1", "uid": "one"}, "status": {"conditions": [
                {"type": "DisruptionTarget", "status": "True", "reason": reason}]}});
            let fact = Reducer::default().reduce(Kind::Pod, &pod).unwrap();
            let record = Record::Object { change: Change::Modified, revision: 1, fact };
            History::new([Arc::new(Entry { line: 1, at: jiff::Timestamp::UNIX_EPOCH, record })])
        };
        let ended = |error: Error, history: &History, ours| {
            broken_off(&unless_taken_away(error.into(), history, ours)).outcome
        };
        let lost = || Error::failed("expected the pod db-1; it does not exist");
        let evicted = disrupted("EvictionByEvictionAPI");
        assert_eq!(ended(lost(), &evicted, true), Outcome::Environment);
        assert_eq!(ended(lost(), &History::default(), true), Outcome::Failed);
        assert_eq!(ended(Error::bug("oops"), &evicted, true), Outcome::Error);
        let tainted = disrupted("DeletionByTaintManager");
        assert_eq!(ended(lost(), &tainted, false), Outcome::Environment);
        assert_eq!(ended(lost(), &tainted, true), Outcome::Failed);
    }

    #[test]
    fn classes_are_not_confused() {
        let ended = |error: Error| broken_off(&anyhow::Error::from(error).context("reading it back"));
        for (error, outcome, class) in [
            (Error::failed("late"), Outcome::Failed, Class::Failed),
            (Error::environment("no disk"), Outcome::Environment, Class::Environment),
            (Error::bug("oops"), Outcome::Error, Class::Error),
            (Error::Interrupted, Outcome::Interrupted, Class::Environment),
        ] {
            let broken = ended(error);
            assert_eq!((broken.outcome, broken.trouble.class), (outcome, class));
        }
        let record = broken_off(&record::Error::environment("truncated").into());
        assert_eq!((record.outcome, record.trouble.class), (Outcome::Environment, Class::Environment));
        assert_eq!(broken_off(&anyhow::anyhow!("what?")).outcome, Outcome::Error);
    }

    #[test]
    fn a_cause_is_not_said_twice() {
        let error = anyhow::anyhow!("inner").context("outer: inner").context("top");
        assert_eq!(chain(&error), "top: outer: inner");
    }

    #[test]
    fn an_answer_of_the_api_server_is_said_in_words_alone() {
        let status =
            kube::core::Status { code: 401, message: "Unauthorized".into(), ..kube::core::Status::default() };
        let error = Error::api("listing pods")(kube::Error::Api(Box::new(status)));
        assert_eq!(chain(&error.into()), "listing pods: Unauthorized (401)");
    }
}
