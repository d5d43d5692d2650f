//! When an endpoint gave no good answer, why, and how soon after a fault it did.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{check::Fault, operation::Operation};

/// A pause between two good answers that is longer than this is a window: below it, clients just rest. In seconds.
pub const PAUSE: f64 = 1.0;

/// The endpoint of those who ask the pod by which others come into the cluster, through the same way.
pub const WAY_IN: &str = "the way in";

/// A time in which something was tried, and nothing got a good answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// From here on.
    pub from: Timestamp,
    /// Until here.
    pub to: Timestamp,
    /// How often which kind of error came in it; none where nobody answered at all.
    pub causes: BTreeMap<String, u64>,
    /// Seconds of it in which the way there gave no answer either.
    pub excused: f64,
}

/// What became of an endpoint's operations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Availability {
    /// How many were tried.
    pub tried: u64,
    /// How many got a good answer: done, taken back as planned, there, or honestly not there.
    pub good: u64,
    /// How often which kind of error came.
    pub causes: BTreeMap<String, u64>,
    /// When none got a good answer.
    pub windows: Vec<Window>,
}

/// How an endpoint took a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Recovery {
    /// Seconds from the fault's beginning to the first error; none when there was no error until its end.
    pub first_error: Option<f64>,
    /// Seconds from the fault's end to the first write that was begun after it and acknowledged; none when there was none.
    pub first_write: Option<f64>,
}

impl Window {
    /// How long it was, without what is excused.
    pub fn seconds(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64() - self.excused
    }

    /// How many seconds of it another window has too.
    fn shared(&self, other: &Self) -> f64 {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        to.duration_since(from).as_secs_f64().max(0.0)
    }
}

impl Availability {
    /// Of these operations, between two moments.
    pub fn of<'a>(
        operations: impl IntoIterator<Item = &'a Operation>,
        (begin, end): (Timestamp, Timestamp),
    ) -> Self {
        let mut all: Vec<&Operation> = operations
            .into_iter()
            .filter(|one| one.invoked <= end && one.ended.is_none_or(|ended| ended >= begin))
            .collect();
        all.sort_by_key(|one| one.ended.unwrap_or(Timestamp::MAX));
        let mut availability = Self { tried: all.len() as u64, ..Self::default() };
        let mut open = Open::new(begin);
        for one in all {
            open.tried = Some(open.tried.map_or(one.invoked, |tried| tried.min(one.invoked)));
            if let Some(failure) = one.outcome.failure() {
                for causes in [&mut open.causes, &mut availability.causes] {
                    *causes.entry(failure.cause.to_string()).or_default() += 1;
                }
            } else if let Some(ended) = one.ended {
                availability.good += 1;
                availability.windows.extend(open.close(ended.min(end)));
                open = Open::new(ended);
            }
        }
        availability.windows.extend(open.close(end));
        availability
    }

    /// Without the times in which the way there gave no answer either: whoever comes by it can't be told from it.
    #[must_use]
    pub fn without(mut self, way: &Self) -> Self {
        for window in &mut self.windows {
            window.excused = way.windows.iter().map(|other| window.shared(other)).sum();
        }
        self.windows.retain(|window| window.seconds() > PAUSE);
        self
    }

    /// The longest window, in seconds; 0 where there is none.
    pub fn longest(&self) -> f64 {
        self.windows.iter().map(Window::seconds).fold(0.0, f64::max)
    }
}

impl Recovery {
    /// From a fault, by these operations.
    pub fn from<'a>(operations: impl IntoIterator<Item = &'a Operation>, fault: &Fault) -> Self {
        let (mut first_error, mut first_write): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        let earlier = |known: &mut Option<Timestamp>, at: Timestamp| {
            *known = Some(known.map_or(at, |known| known.min(at)));
        };
        for one in operations {
            let Some(ended) = one.ended else { continue };
            if one.outcome.failure().is_some() && (fault.from..=fault.to).contains(&ended) {
                earlier(&mut first_error, ended);
            }
            if one.is_ok() && one.action.writes() && one.invoked >= fault.to {
                earlier(&mut first_write, ended);
            }
        }
        let since = |at: Option<Timestamp>, from: Timestamp| Some(at?.duration_since(from).as_secs_f64());
        Self { first_error: since(first_error, fault.from), first_write: since(first_write, fault.to) }
    }
}

/// What was tried since the last good answer.
struct Open {
    since: Timestamp,
    tried: Option<Timestamp>,
    causes: BTreeMap<String, u64>,
}

impl Open {
    fn new(since: Timestamp) -> Self {
        Self { since, tried: None, causes: BTreeMap::new() }
    }

    /// The window that ends here, if it is one: where nothing was tried, nothing is said.
    fn close(&mut self, to: Timestamp) -> Option<Window> {
        let from = self.since.max(self.tried?);
        let window = Window { from, to, causes: std::mem::take(&mut self.causes), excused: 0.0 };
        (window.seconds() > PAUSE).then_some(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{at, failed, get, put},
        operation::{Answer, Cause, Outcome},
    };

    #[test]
    fn a_window_ends_with_a_good_answer_and_begins_with_a_try() {
        let refused = || Outcome::Failed(failed(Cause::Answered("503".into())));
        let silent = || Outcome::Unknown(failed(Cause::Silent));
        let all = [
            put(1, "a", b"1", (10, 10), Outcome::DONE),
            put(2, "b", b"2", (11, 12), refused()),
            put(3, "c", b"3", (11, 15), silent()),
            get(4, "a", (15, 16), Outcome::Ok(Answer::Absent)),
            put(7, "e", b"5", (17, 18), Outcome::Failed(failed(Cause::TakenBack))),
            // Nobody asked for long.
            get(5, "a", (30, 30), Outcome::Ok(Answer::Absent)),
            put(6, "d", b"4", (31, 33), refused()),
        ];
        let availability = Availability::of(&all, (at(9), at(40)));
        let windows: Vec<_> =
            availability.windows.iter().map(|one| (one.from, one.to, one.causes.len())).collect();
        assert_eq!(windows, [(at(11), at(16), 2), (at(31), at(40), 1)]);
        assert_eq!((availability.tried, availability.good, availability.longest()), (7, 4, 9.0));
        assert_eq!(availability.causes, [("503".to_owned(), 2), ("no answer".to_owned(), 1)].into());
        assert_eq!(Availability::of(&[], (at(0), at(9))).windows, []);

        let longest = |from: i64, to: i64| {
            let window = Window { from: at(from), to: at(to), causes: BTreeMap::new(), excused: 0.0 };
            let way = Availability { windows: vec![window], ..Availability::default() };
            availability.clone().without(&way).longest()
        };
        assert_eq!(
            [longest(16, 30), longest(35, 37), longest(31, 40), longest(10, 40)],
            [9.0, 7.0, 5.0, 0.0]
        );

        let fault = Fault { name: "kill".into(), from: at(10), to: at(14) };
        assert_eq!(Recovery::from(&all, &fault), Recovery { first_error: Some(2.0), first_write: None });
    }
}
