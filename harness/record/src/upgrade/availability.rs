//! When a store took no writes: the windows between what clients were told is written. Knows no store and no clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, Outcome};

/// A pause between two acknowledged writes that is longer than this is a window: below it, the client just writes.
const PAUSE: f64 = 1.0;

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

/// The windows of some clients' writes between two moments; none of the clients was told of a write in them. `zero` is
/// the scenario's start.
pub fn windows(
    ledger: &Ledger,
    clients: impl Fn(u32) -> bool,
    zero: Timestamp,
    (begin, end): (Timestamp, Timestamp),
) -> Vec<Window> {
    let mut told: Vec<Timestamp> = ledger
        .attempts
        .iter()
        .filter(|attempt| clients(attempt.client) && attempt.outcome == Outcome::Acknowledged)
        .filter_map(|attempt| attempt.answered)
        .filter(|at| (begin..=end).contains(at))
        .collect();
    told.sort();
    let edges: Vec<Timestamp> = std::iter::once(begin).chain(told).chain([end]).collect();
    let seconds = |at: &Timestamp| at.duration_since(zero).as_secs_f64();
    edges
        .windows(2)
        .filter_map(|pair| match pair {
            [from, to] => Some(Window { from: seconds(from), to: seconds(to) }),
            _ => None,
        })
        .filter(|window| window.seconds() > PAUSE)
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::ledger::Attempt;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + seconds.seconds()
    }

    fn attempt(client: u32, answered: i64, outcome: Outcome) -> Attempt {
        Attempt {
            client,
            sequence: 0,
            key: String::new(),
            size: 0,
            sha256: String::new(),
            sent: at(answered),
            outcome,
            answered: Some(at(answered)),
        }
    }

    #[test]
    fn only_what_was_acknowledged_ends_a_window() {
        let told = |client, seconds| attempt(client, seconds, Outcome::Acknowledged);
        let ledger = Ledger {
            attempts: vec![
                told(0, 10),
                told(0, 11),
                attempt(0, 13, Outcome::Unknown("gone".into())),
                told(0, 16),
                told(1, 14),
                told(0, 30),
            ],
            run: String::new(),
            file: String::new(),
            lines: 0,
        };
        let found = |client: Option<u32>| {
            let windows =
                windows(&ledger, |one| client.is_none_or(|client| client == one), at(10), (at(10), at(18)));
            windows.iter().map(|window| (window.from, window.to)).collect::<Vec<_>>()
        };
        assert_eq!(found(Some(0)), [(1.0, 6.0), (6.0, 8.0)]);
        assert_eq!(found(None), [(1.0, 4.0), (4.0, 6.0), (6.0, 8.0)]);
        assert_eq!(found(Some(7)), [(0.0, 8.0)]);
    }
}
