//! The life of each pod and claim, and the windows that were watched, read off a journal for the report.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Change, Fact, History, Record};
use crate::result::{Lifeline, Span};

/// The verb of the act that begins a stated window; what was judged of it ends it.
pub const WINDOW: &str = "window";

/// The lives in a history, in seconds after `started`, by name and then by birth.
pub fn lifelines(history: &History, started: Timestamp, ended: Timestamp) -> Vec<Lifeline> {
    let seconds = |at: Timestamp| at.duration_since(started).as_secs_f64().max(0.0);
    let mut lives: BTreeMap<(&str, String, u64, String), Lifeline> = BTreeMap::new();
    let mut born: BTreeMap<String, u64> = BTreeMap::new();
    for entry in history.entries() {
        let Record::Object { change, fact, .. } = &entry.record else { continue };
        let (kind, state) = match fact {
            Fact::Pod(pod) if pod.meta.terminating => ("pod", "terminating"),
            Fact::Pod(pod) if &*pod.phase == "Running" && pod.ready => ("pod", "ready"),
            Fact::Pod(pod) => (
                "pod",
                match &*pod.phase {
                    "Running" => "running",
                    "Failed" => "failed",
                    _ => "pending",
                },
            ),
            Fact::VolumeClaim(claim) if claim.meta.terminating => ("claim", "terminating"),
            Fact::VolumeClaim(claim) => (
                "claim",
                match claim.phase.as_str() {
                    "Bound" => "bound",
                    "Lost" => "lost",
                    _ => "pending",
                },
            ),
            _ => continue,
        };
        let meta = fact.meta();
        let birth = *born.entry(meta.uid.clone()).or_insert(entry.line);
        let life =
            lives.entry((kind, meta.name.clone(), birth, meta.uid.clone())).or_insert_with(|| Lifeline {
                kind: kind.to_owned(),
                name: meta.name.clone(),
                uid: meta.uid.clone(),
                spans: Vec::new(),
                deleted: false,
            });
        let at = seconds(entry.at);
        if let Some(last) = life.spans.last_mut() {
            last.to = at;
        }
        if *change == Change::Deleted {
            life.deleted = true;
        } else if life.spans.last().is_none_or(|last| last.state != state) {
            life.spans.push(Span { state: state.to_owned(), from: at, to: at });
        }
    }
    let mut lives: Vec<_> = lives.into_values().collect();
    for life in &mut lives {
        if let (false, Some(last)) = (life.deleted, life.spans.last_mut()) {
            last.to = seconds(ended);
        }
    }
    lives
}

/// The stated windows in which something had to stay as it was, in seconds after `started`.
pub fn windows(history: &History, started: Timestamp) -> Vec<(f64, f64)> {
    let (mut windows, mut open) = (Vec::new(), None);
    for entry in history.entries() {
        let at = entry.at.duration_since(started).as_secs_f64().max(0.0);
        match &entry.record {
            Record::Act(act) if act.verb == WINDOW => open = Some(at),
            Record::Judged(_) => windows.extend(open.take().map(|from| (from, at))),
            _ => {}
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::journal::{Act, Entry, Judged};

    #[test]
    fn a_window_ends_with_what_was_judged_of_it() {
        let act = |verb: &str| {
            let act = Act { verb: verb.into(), target: "scenario".into(), text: String::new() };
            Record::Act(Box::new(act))
        };
        let judged =
            || Record::Judged(Box::new(Judged { claim: "S9".into(), count: 1, against: Vec::new() }));
        let records = [judged(), act("step"), act(WINDOW), act("step"), judged(), judged(), act(WINDOW)];
        let entries = records.into_iter().zip(0..).map(|(record, second)| {
            let at = Timestamp::from_second(1000 + second).unwrap();
            Arc::new(Entry { line: second.unsigned_abs() + 1, at, record })
        });
        let started = Timestamp::from_second(1000).unwrap();
        assert_eq!(windows(&History::new(entries), started), [(2.0, 4.0)]);
    }
}
