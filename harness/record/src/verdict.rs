//! What one result says. It is read off its facts, so that nothing can call itself passed against them.

use super::{
    result::{Outcome, ScenarioResult, Verdict},
    words,
};

/// Whether a control did its work: a judge that can't say no proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlState {
    /// Exactly the named claims turned red, with the named finding.
    Held,
    /// A named claim did not turn red, though its promise was sabotaged.
    StayedGreen,
    /// The named claims turned red, and another one as well.
    OthersTurnedRed,
    /// The named claims turned red, but no finding says what it should.
    OtherFinding,
    /// It ended before it could tell.
    NoVerdict,
}

impl ControlState {
    /// In words: `turned red as named`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Held => "turned red as named",
            Self::StayedGreen => "stayed green",
            Self::OthersTurnedRed => "turned other claims red",
            Self::OtherFinding => "turned red for another reason",
            Self::NoVerdict => "no verdict",
        }
    }
}

impl ScenarioResult {
    /// The first part of its name: `ordering` of `ordering::scale_down::garage`.
    pub fn suite(&self) -> &str {
        suite(&self.scenario)
    }

    /// What became of a claim in it; none if it has nothing to say about it. A finding outweighs what is written
    /// beside it, and a claim that nothing was judged of is not proved.
    pub fn verdict_on(&self, claim: &str) -> Option<Verdict> {
        if !self.meant(claim) && self.findings.iter().any(|finding| finding.contradicts(claim)) {
            return Some(Verdict::Refuted);
        }
        let hidden = self.findings.iter().any(|finding| finding.claim == claim);
        let said = self.claims.iter().find(|result| result.id == claim)?;
        Some(match said.verdict {
            Verdict::Proved if hidden || said.judged == 0 => Verdict::Unproved,
            verdict => verdict,
        })
    }

    /// Whether it breaks the claim on purpose: a finding then says nothing of the cluster. A control that names it does.
    pub fn meant(&self, claim: &str) -> bool {
        let named = self.control.as_ref().is_some_and(|facts| facts.claims.iter().any(|id| id == claim));
        !named && self.breaks.iter().any(|id| id == claim)
    }

    /// Every claim it has something to say about, each once, with what it says.
    pub fn verdicts(&self) -> Vec<(&str, Verdict)> {
        let mut ids: Vec<&str> = Vec::new();
        let declared = self.claims.iter().map(|claim| claim.id.as_str());
        for id in declared.chain(self.findings.iter().map(|finding| finding.claim.as_str())) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.into_iter().filter_map(|id| Some((id, self.verdict_on(id)?))).collect()
    }

    /// Whether it did its work, if it is a control.
    pub fn control_state(&self) -> Option<ControlState> {
        let control = self.control.as_ref()?;
        if !matches!(self.outcome, Outcome::Passed | Outcome::Failed) {
            return Some(ControlState::NoVerdict);
        }
        let named = |id: &str| control.claims.iter().any(|claim| claim == id);
        let refuted = |id: &str| self.verdict_on(id) == Some(Verdict::Refuted);
        Some(if control.claims.is_empty() || !control.claims.iter().all(|id| refuted(id)) {
            ControlState::StayedGreen
        } else if self.verdicts().iter().any(|(id, verdict)| *verdict == Verdict::Refuted && !named(id)) {
            ControlState::OthersTurnedRed
        } else if !self.findings.iter().any(|finding| control.says(finding)) {
            ControlState::OtherFinding
        } else if self.outcome == Outcome::Failed {
            // It turned red as named, but something else made it fail: its trouble says what.
            ControlState::NoVerdict
        } else {
            ControlState::Held
        })
    }

    /// How it ended. One that calls itself passed is believed only as far as its facts go.
    pub fn ended(&self) -> Outcome {
        if self.outcome != Outcome::Passed {
            return self.outcome;
        }
        match self.control_state() {
            Some(ControlState::Held) => Outcome::Passed,
            Some(_) => Outcome::Failed,
            None if self.any(Verdict::Refuted) => Outcome::Failed,
            None if self.any(Verdict::Unproved) => Outcome::Error,
            None => Outcome::Passed,
        }
    }

    /// Why it did not pass, as far as it is known; the first line is the summary. None if it passed.
    pub fn why(&self) -> Option<String> {
        let ended = self.ended();
        if ended == Outcome::Passed {
            return None;
        }
        if let Some(trouble) = &self.trouble {
            return Some(trouble.message.clone());
        }
        if let (Some(control), Some(state)) = (&self.control, self.control_state()) {
            let (sabotage, claims) = (&control.sabotage, control.claims.join(", "));
            match state {
                ControlState::StayedGreen => {
                    return Some(format!("the sabotage `{sabotage}` did not turn {claims} red"));
                }
                ControlState::OthersTurnedRed => {
                    let others: Vec<_> =
                        self.refuted().filter(|id| !control.claims.iter().any(|c| c == id)).collect();
                    return Some(format!("the sabotage `{sabotage}` also turned {} red", others.join(", ")));
                }
                ControlState::OtherFinding => {
                    let first = control.claims.first().map_or("", String::as_str);
                    return Some(format!(
                        "{claims} turned red, but no finding of {first} says “{}”",
                        control.expects
                    ));
                }
                ControlState::Held | ControlState::NoVerdict => {}
            }
        }
        if let Some(finding) = self.findings.first() {
            return Some(finding.message.clone());
        }
        let left: Vec<_> =
            self.verdicts().into_iter().filter(|(_, v)| *v != Verdict::Proved).map(|(id, _)| id).collect();
        Some(match ended {
            Outcome::Interrupted => "a signal ended it".to_owned(),
            _ if left.is_empty() => "it left no reason".to_owned(),
            _ => format!("it left {} {}", left.join(", "), words::verdict(Verdict::Unproved)),
        })
    }

    fn any(&self, wanted: Verdict) -> bool {
        self.verdicts().iter().any(|(_, verdict)| *verdict == wanted)
    }

    fn refuted(&self) -> impl Iterator<Item = &str> {
        self.verdicts().into_iter().filter(|(_, verdict)| *verdict == Verdict::Refuted).map(|(id, _)| id)
    }
}

/// The first part of a scenario's name.
pub fn suite(scenario: &str) -> &str {
    scenario.split("::").next().unwrap_or(scenario)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::scenario;
    use super::*;

    #[test]
    fn a_result_cannot_call_itself_passed_against_its_facts() {
        assert_eq!(scenario("a::b").proves("S9").ended(), Outcome::Passed);
        assert_eq!(scenario("a::b").proves("S9").finding("S9", "broken").ended(), Outcome::Failed);
        assert_eq!(scenario("a::b").proves("S9").finding("S8", "a law speaks").ended(), Outcome::Failed);
        let mut breaks = scenario("a::b").proves("S9").finding("S8", "on purpose");
        breaks.breaks = vec!["S8".into()];
        assert_eq!((breaks.ended(), breaks.verdict_on("S8")), (Outcome::Passed, None));
        assert_eq!(scenario("a::b").claim("S9", Verdict::Proved, 0).ended(), Outcome::Error);
        assert_eq!(scenario("a::b").claim("S9", Verdict::Unproved, 3).ended(), Outcome::Error);
    }

    #[test]
    fn a_control_holds_only_when_exactly_the_named_claims_turn_red_with_the_named_finding() {
        let control = || scenario("control::x").control("parallel", &["S9"], "too early");
        let state = |result: ScenarioResult| (result.control_state().unwrap(), result.ended());
        assert_eq!(
            state(control().finding("S9", "pod-1 went too early")),
            (ControlState::Held, Outcome::Passed)
        );
        assert_eq!(state(control().proves("S9")), (ControlState::StayedGreen, Outcome::Failed));
        assert_eq!(state(control()), (ControlState::StayedGreen, Outcome::Failed));
        assert_eq!(
            state(control().finding("S9", "too early").finding("S8", "too")),
            (ControlState::OthersTurnedRed, Outcome::Failed)
        );
        assert_eq!(
            state(control().finding("S9", "something else")),
            (ControlState::OtherFinding, Outcome::Failed)
        );
        let two = || scenario("control::x").control("parallel", &["S9", "S8"], "too early");
        let red = |nine: &str, eight: &str| state(two().finding("S9", nine).finding("S8", eight)).0;
        assert_eq!(red("too early", "something else"), ControlState::Held);
        assert_eq!(red("something else", "too early"), ControlState::OtherFinding);
        assert_eq!(
            state(control().finding("S9", "too early").ends(Outcome::Environment, "no image")),
            (ControlState::NoVerdict, Outcome::Environment)
        );
        assert_eq!(
            state(control().finding("S9", "too early").ends(Outcome::Failed, "the pod vanished")),
            (ControlState::NoVerdict, Outcome::Failed)
        );
    }

    #[test]
    fn every_result_that_did_not_pass_says_why() {
        let control = || scenario("control::x").control("parallel", &["S9"], "too early");
        assert_eq!(scenario("a::b").why(), None);
        assert_eq!(control().why().unwrap(), "the sabotage `parallel` did not turn S9 red");
        assert!(control().finding("S9", "too early").finding("S8", "x").why().unwrap().contains("S8"));
        assert!(control().finding("S9", "x").why().unwrap().contains("too early"));
        assert_eq!(scenario("a::b").finding("S9", "broken").why().unwrap(), "broken");
        assert_eq!(scenario("a::b").claim("S9", Verdict::Proved, 0).why().unwrap(), "it left S9 unproved");
        assert_eq!(scenario("a::b").ends(Outcome::Error, "boom\nmore").why().unwrap(), "boom\nmore");
    }
}
