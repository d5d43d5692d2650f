//! Claims × controls: which sabotage turned which claim red. A claim that no sabotage ever turned red may be one that
//! can't turn red.

use super::{
    result::{ScenarioResult, Verdict},
    tally::Report,
    verdict::ControlState,
};

/// The claims of a run against its controls.
#[derive(Debug)]
pub struct Matrix<'a> {
    /// The columns.
    pub controls: Vec<&'a ScenarioResult>,
    /// The rows, in the order of the claims.
    pub rows: Vec<Row<'a>>,
}

/// A claim.
#[derive(Debug)]
pub struct Row<'a> {
    /// `S9`
    pub id: &'a str,
    /// What each control did to it; none where it had nothing to do with it.
    pub marks: Vec<Option<Mark>>,
}

/// What a control did to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It turned it red, as it had to.
    TurnedRed,
    /// It turned it red, but no finding says what it should.
    OtherFinding,
    /// It turned it red, and should not have.
    AlsoRed,
    /// It should have turned it red, and did not.
    StayedGreen,
    /// It ended before it could tell.
    NoVerdict,
}

impl Mark {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::TurnedRed => ControlState::Held.text(),
            Self::OtherFinding => ControlState::OtherFinding.text(),
            Self::AlsoRed => "turned red, and is not named",
            Self::StayedGreen => ControlState::StayedGreen.text(),
            Self::NoVerdict => ControlState::NoVerdict.text(),
        }
    }

    fn of(control: &ScenarioResult, state: ControlState, id: &str) -> Option<Self> {
        let named =
            control.control.as_ref().is_some_and(|facts| facts.claims.iter().any(|claim| claim == id));
        let red = control.verdict_on(id) == Some(Verdict::Refuted);
        match (named, red) {
            (false, false) => None,
            _ if state == ControlState::NoVerdict => Some(Self::NoVerdict),
            (false, true) => Some(Self::AlsoRed),
            (true, false) => Some(Self::StayedGreen),
            (true, true) if state == ControlState::OtherFinding => Some(Self::OtherFinding),
            (true, true) => Some(Self::TurnedRed),
        }
    }
}

impl Row<'_> {
    /// Whether a control was seen to turn it red as named.
    pub fn controlled(&self) -> bool {
        self.marks.contains(&Some(Mark::TurnedRed))
    }
}

impl<'a> Matrix<'a> {
    /// Every claim that the run speaks of against every control that ran.
    pub fn of(report: &'a Report) -> Self {
        let controls: Vec<_> = report.controls().collect();
        let row = |id| {
            let marks = controls.iter().map(|(control, state)| Mark::of(control, *state, id));
            Row { id, marks: marks.collect() }
        };
        let rows = report.ids().into_iter().map(row).collect();
        Self { rows, controls: controls.iter().map(|(control, _)| *control).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        fixture::{report, scenario},
        result::Outcome,
    };

    #[test]
    fn every_cell_says_what_the_control_did_and_a_bare_claim_shows() {
        let control = |name: &str| scenario(name).control("sabotage", &["S9"], "too early");
        let report = report(vec![
            scenario("a::b").proves("S9").proves("S1"),
            control("control::red").finding("S9", "too early"),
            control("control::other").finding("S9", "something else"),
            control("control::more").finding("S9", "too early").finding("S8", "oh"),
            control("control::green").proves("S9").proves("S1"),
            control("control::stuck").ends(Outcome::Environment, "no image"),
        ]);
        let matrix = Matrix::of(&report);
        let row = |id: &str| matrix.rows.iter().find(|row| row.id == id).unwrap();
        let marks =
            [Mark::TurnedRed, Mark::OtherFinding, Mark::TurnedRed, Mark::StayedGreen, Mark::NoVerdict];
        assert_eq!(row("S9").marks, marks.map(Some));
        assert!(row("S9").controlled());
        assert_eq!(row("S8").marks, [None, None, Some(Mark::AlsoRed), None, None]);
        assert_eq!(row("S1").marks, [None; 5]);
        assert!(!row("S1").controlled() && !row("S8").controlled());
    }
}
