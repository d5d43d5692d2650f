//! What became of one change.

use super::table::{Change, Expected};
use crate::report::{
    result::{Outcome, Verdict},
    tally::Report,
    words,
};

/// A change, with what the scenarios said.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The change.
    pub change: Change,
    /// What was seen.
    pub seen: Seen,
}

/// What the scenarios said of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// These claims turned red.
    Red(Vec<Red>),
    /// None did: everything was proved.
    Green,
    /// None did, and something was not judged, for this reason.
    Unjudged(String),
    /// It has not been run.
    Missing,
}

/// A claim that turned red.
#[derive(Debug, Clone, PartialEq)]
pub struct Red {
    /// The claim's id.
    pub claim: String,
    /// The first finding against it.
    pub words: String,
    /// The scenario that says so.
    pub scenario: String,
    /// How many seconds that took.
    pub seconds: f64,
}

/// What that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The claim named turned red.
    Killed,
    /// Others turned red, and the claim named did not.
    KilledByOthers,
    /// A fault, and nothing turned red.
    Survived,
    /// No fault, and nothing turned red.
    Green,
    /// No fault, and something turned red.
    FalselyRed,
    /// It could not be judged.
    Unjudged,
    /// It has not been run.
    Missing,
}

impl State {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::KilledByOthers => "killed by other claims",
            Self::Survived => "survived",
            Self::Green => "green",
            Self::FalselyRed => "red, and should not be",
            Self::Unjudged => "not judged",
            Self::Missing => "not run",
        }
    }
}

impl Seen {
    /// What a run with the change on says. A change that no program asked for, it says nothing of.
    pub fn of(report: &Report, reached: bool) -> Self {
        let mut red: Vec<Red> = Vec::new();
        for result in &report.results {
            for (claim, verdict) in result.verdicts() {
                if verdict != Verdict::Refuted || red.iter().any(|known| known.claim == claim) {
                    continue;
                }
                let words = result.findings.iter().find(|finding| finding.contradicts(claim));
                red.push(Red {
                    claim: claim.to_owned(),
                    words: words.map(|finding| words::plain(&finding.message)).unwrap_or_default(),
                    scenario: result.scenario.clone(),
                    seconds: result.seconds,
                });
            }
        }
        if !red.is_empty() {
            return Self::Red(red);
        }
        let unproved = report.results.iter().find(|result| result.ended() != Outcome::Passed);
        let why = match (&report.facts.trouble, unproved) {
            (Some(trouble), _) => Some(trouble.message.clone()),
            (None, Some(result)) => result.why(),
            (None, None) if report.results.is_empty() => Some(
                report.facts.skipped.values().next().cloned().unwrap_or_else(|| "nothing ran".to_owned()),
            ),
            (None, None) if !reached => Some("no program came to where the change is".to_owned()),
            (None, None) => None,
        };
        why.map_or(Self::Green, |why| Self::Unjudged(words::plain(words::first_line(&why))))
    }
}

impl Row {
    /// What it means.
    pub fn state(&self) -> State {
        match (&self.seen, &self.change.expected) {
            (Seen::Missing, _) => State::Missing,
            (Seen::Unjudged(_), _) => State::Unjudged,
            (Seen::Green, Expected::Red { .. }) => State::Survived,
            (Seen::Green, _) => State::Green,
            (Seen::Red(red), Expected::Red { claim, .. }) => {
                if red.iter().any(|one| one.claim == *claim) {
                    State::Killed
                } else {
                    State::KilledByOthers
                }
            }
            (Seen::Red(_), _) => State::FalselyRed,
        }
    }

    /// What turned red, the claim named first.
    pub fn red(&self) -> Vec<&Red> {
        let Seen::Red(red) = &self.seen else { return Vec::new() };
        let mut red: Vec<&Red> = red.iter().collect();
        red.sort_by_key(
            |one| !matches!(&self.change.expected, Expected::Red { claim, .. } if *claim == one.claim),
        );
        red
    }

    /// Why it is not as it should be, as far as it is known.
    pub fn reason(&self) -> Option<&str> {
        match (&self.seen, &self.change.expected) {
            (Seen::Unjudged(why), _) => Some(why),
            (Seen::Green, Expected::Red { survives, .. }) => survives.as_deref(),
            (_, Expected::Equivalent(why)) => Some(why),
            _ => None,
        }
    }
}

/// All rows together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Faults that ran.
    pub faults: usize,
    /// Those that the claim named killed.
    pub killed: usize,
    /// Changes that ran and are no faults.
    pub others: usize,
    /// Those of which nothing turned red.
    pub green: usize,
    /// Changes without a run.
    pub missing: usize,
}

/// How many of a hundred faults the claims named must kill.
pub const AIM: usize = 95;

impl Summary {
    /// Counts rows.
    pub fn of(rows: &[Row]) -> Self {
        let count = |fits: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| fits(row)).count();
        let ran = |row: &Row| row.state() != State::Missing;
        Self {
            faults: count(&|row| ran(row) && row.change.is_fault()),
            killed: count(&|row| row.state() == State::Killed),
            others: count(&|row| ran(row) && !row.change.is_fault()),
            green: count(&|row| row.state() == State::Green),
            missing: count(&|row| !ran(row)),
        }
    }

    /// Whether so many faults were killed as must be, and no other change turned anything red.
    pub fn is_good(self) -> bool {
        self.killed * 100 >= self.faults * AIM && self.green == self.others
    }

    /// In a sentence.
    pub fn text(self) -> String {
        let Self { faults, killed, others, green, missing } = self;
        let share = (killed * 100).checked_div(faults).unwrap_or(100);
        let mut text = format!(
            "{killed} of {} killed by the claim named ({share} %; the aim is {AIM} %), {green} of {} green",
            words::count(faults, "fault"),
            words::count(others, "other change"),
        );
        if missing > 0 {
            text.push_str(&format!("; {missing} not run"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{report, scenario};

    fn change(expected: Expected) -> Change {
        Change {
            name: "x".into(),
            program: "kubelet".into(),
            what: "x".into(),
            on: vec!["a::b".into()],
            expected,
            gates: String::new(),
            sample: false,
        }
    }

    fn fault(claim: &str) -> Change {
        change(Expected::Red { claim: claim.into(), survives: None })
    }

    #[test]
    fn a_fault_is_killed_by_the_claim_named_alone() {
        let seen = |results| Seen::of(&report(results), true);
        let red = seen(vec![scenario("a::b").proves("S9").finding("S9", "too early").finding("S8", "also")]);
        let state = |change: Change, seen: &Seen| Row { change, seen: seen.clone() }.state();
        assert_eq!(state(fault("S9"), &red), State::Killed);
        assert_eq!(state(fault("K1"), &red), State::KilledByOthers);
        assert_eq!(state(change(Expected::Neutral), &red), State::FalselyRed);
        let named_first = Row { change: fault("S8"), seen: red };
        assert_eq!(named_first.red()[0].words, "also");
        let green = seen(vec![scenario("a::b").proves("S9")]);
        assert_eq!(state(fault("S9"), &green), State::Survived);
        assert_eq!(state(change(Expected::Neutral), &green), State::Green);
        let trouble = seen(vec![scenario("a::b").ends(Outcome::Environment, "no image\nat all")]);
        assert_eq!(trouble, Seen::Unjudged("no image".into()));
        assert_eq!(state(fault("S9"), &trouble), State::Unjudged);
    }

    #[test]
    fn what_nobody_reached_or_nothing_judged_is_neither_green_nor_survived() {
        let quiet = report(vec![scenario("a::b").proves("S9")]);
        assert!(matches!(Seen::of(&quiet, false), Seen::Unjudged(why) if why.contains("no program")));
        assert!(matches!(Seen::of(&report(vec![]), true), Seen::Unjudged(_)));
        let unproved = report(vec![scenario("a::b").claim("S9", Verdict::Unproved, 0)]);
        assert!(matches!(Seen::of(&unproved, true), Seen::Unjudged(_)));
    }

    #[test]
    fn the_sum_is_good_when_the_aim_is_reached_and_nothing_is_falsely_red() {
        let red = |claim: &str| {
            Seen::Red(vec![Red {
                claim: claim.into(),
                words: String::new(),
                scenario: String::new(),
                seconds: 1.0,
            }])
        };
        let mut rows = vec![Row { change: fault("S9"), seen: red("S9") }; 19];
        rows.push(Row { change: fault("S9"), seen: Seen::Green });
        rows.push(Row { change: change(Expected::Neutral), seen: Seen::Green });
        rows.push(Row { change: fault("S9"), seen: Seen::Missing });
        let sum = Summary::of(&rows);
        assert!(sum.is_good());
        assert_eq!(
            sum.text(),
            "19 of 20 faults killed by the claim named (95 %; the aim is 95 %), 1 of 1 other change green; 1 not run"
        );
        rows.push(Row { change: fault("S9"), seen: red("S8") });
        assert!(!Summary::of(&rows).is_good());
        rows.truncate(19);
        rows.push(Row { change: change(Expected::Neutral), seen: red("S9") });
        assert!(!Summary::of(&rows).is_good());
    }
}
