//! When a store took no writes: the windows between what clients were told is written. Knows no store and no clock.

use history::Operation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A time without an acknowledged write.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Seconds after the scenario's start.
    pub from: f64,
    /// Seconds after the scenario's start.
    pub to: f64,
}

impl Window {
    /// How long it was.
    pub fn seconds(&self) -> f64 {
        self.to - self.from
    }
}

/// When one pod, or a whole store, took no writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Availability {
    /// The set.
    pub store: String,
    /// The pod; none for the store as a whole, that is when no pod took any.
    pub pod: Option<String>,
    /// When it took none.
    pub windows: Vec<Window>,
}

/// The windows of the writes at some endpoints between two moments: no client was told of a write in them. `zero` is the
/// scenario's start.
pub fn windows(
    operations: &[Operation],
    endpoints: impl Fn(&str) -> bool,
    zero: Timestamp,
    span: (Timestamp, Timestamp),
) -> Vec<Window> {
    let writes = operations.iter().filter(|one| one.action.writes() && endpoints(&one.endpoint));
    let seconds = |at: Timestamp| at.duration_since(zero).as_secs_f64();
    let found = history::availability::Availability::of(writes, span).windows;
    found.iter().map(|window| Window { from: seconds(window.from), to: seconds(window.to) }).collect()
}

#[cfg(test)]
mod tests {
    use history::{Action, Cause, Failure, How, Outcome, Value};
    use jiff::ToSpan;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + seconds.seconds()
    }

    fn write(pod: &str, ended: i64, outcome: Outcome) -> Operation {
        let action = Action::Put { key: "k".into(), value: Value::of(b"1"), how: How::Whole };
        let (endpoint, invoked, ended) = (pod.into(), at(9), Some(at(ended)));
        Operation { line: 1, process: 0, endpoint, action, invoked, ended, outcome }
    }

    #[test]
    fn only_what_was_acknowledged_ends_a_window() {
        let told = |pod, seconds| write(pod, seconds, Outcome::DONE);
        let gone = Outcome::Unknown(Failure::new(Cause::Broken, "gone"));
        let all = [
            told("a-0", 10),
            told("a-0", 11),
            write("a-0", 13, gone),
            told("a-0", 16),
            told("a-1", 14),
            told("a-0", 30),
        ];
        let found = |pod: Option<&str>| {
            let windows = windows(&all, |one| pod.is_none_or(|pod| pod == one), at(10), (at(10), at(18)));
            windows.iter().map(|window| (window.from, window.to)).collect::<Vec<_>>()
        };
        assert_eq!(found(Some("a-0")), [(1.0, 6.0), (6.0, 8.0)]);
        assert_eq!(found(None), [(1.0, 4.0), (4.0, 6.0), (6.0, 8.0)]);
    }
}
