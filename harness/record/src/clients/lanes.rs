//! A lane for each endpoint: what its clients were told, second by second.

use history::{Operation, Operations};
use jiff::Timestamp;

use super::by_endpoint;
use crate::result::{Lifeline, Span};

/// What clients were told in a second. Each has its own pattern in the picture.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    good: u32,
    errors: u32,
    waiting: bool,
}

/// The lanes, in seconds after `started`.
pub fn of(operations: &Operations, started: Timestamp) -> Vec<Lifeline> {
    let lane = |(endpoint, all): (&str, Vec<&Operation>)| Lifeline {
        kind: "client".to_owned(),
        name: endpoint.to_owned(),
        uid: String::new(),
        spans: spans(&all, started),
        deleted: false,
    };
    by_endpoint(operations).into_iter().map(lane).collect()
}

fn spans(all: &[&Operation], started: Timestamp) -> Vec<Span> {
    let place = |at: Timestamp| {
        let seconds = at.duration_since(started).as_secs_f64().max(0.0);
        // A scenario has thousands of seconds at the most.
        seconds as usize
    };
    let mut seconds: Vec<Second> = Vec::new();
    for one in all {
        let (from, to) = (place(one.invoked), place(one.ended.unwrap_or(one.invoked)));
        seconds.resize(seconds.len().max(to + 1), Second::default());
        seconds.iter_mut().take(to + 1).skip(from).for_each(|second| second.waiting = true);
        if let (Some(second), true) = (seconds.get_mut(to), one.ended.is_some()) {
            if one.is_ok() { second.good += 1 } else { second.errors += 1 }
        }
    }
    let mut spans: Vec<Span> = Vec::new();
    for (from, second) in (0_u32..).zip(&seconds) {
        let Some(state) = second.state() else { continue };
        let (from, to) = (f64::from(from), f64::from(from) + 1.0);
        match spans.last_mut() {
            Some(last) if last.state == state && last.to == from => last.to = to,
            _ => spans.push(Span { state: state.to_owned(), from, to }),
        }
    }
    spans
}

impl Second {
    /// In a word; none where nothing was tried.
    fn state(self) -> Option<&'static str> {
        match self {
            Self { good: 0, errors: 0, waiting: false } => None,
            Self { good: 0, errors: 0, .. } => Some("silent"),
            Self { good: 0, .. } => Some("errors"),
            Self { errors: 0, .. } => Some("answers"),
            Self { .. } => Some("both"),
        }
    }
}

#[cfg(test)]
mod tests {
    use history::{Action, Answer, Cause, Failure, Outcome};
    use jiff::ToSpan;

    use super::*;

    #[test]
    fn a_lane_tells_answers_errors_and_silence_apart() {
        let at = |milliseconds: i64| Timestamp::UNIX_EPOCH + milliseconds.milliseconds();
        let one = |from, to, well: bool| Operation {
            line: 1,
            process: 0,
            endpoint: "service garage".into(),
            action: Action::Get { key: "k".into() },
            invoked: at(from),
            ended: Some(at(to)),
            outcome: match well {
                true => Outcome::Ok(Answer::Absent),
                false => Outcome::Failed(Failure::new(Cause::Silent, "no answer")),
            },
        };
        let all = vec![
            one(1100, 1200, true),
            one(2100, 2200, true),
            one(2300, 2400, false),
            one(3100, 3200, false),
            one(4100, 6200, false),
            one(9000, 9100, true),
        ];
        let operations = Operations { all, ..Operations::default() };
        let lanes = of(&operations, at(0));
        let spans: Vec<_> =
            lanes[0].spans.iter().map(|span| (span.state.as_str(), span.from, span.to)).collect();
        assert_eq!(lanes[0].name, "service garage");
        assert_eq!(
            spans,
            [
                ("answers", 1.0, 2.0),
                ("both", 2.0, 3.0),
                ("errors", 3.0, 4.0),
                ("silent", 4.0, 6.0),
                ("errors", 6.0, 7.0),
                ("answers", 9.0, 10.0)
            ]
        );
    }
}
