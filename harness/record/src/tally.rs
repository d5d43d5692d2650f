//! What the results say together: each claim's verdict, the counts, and how the run ended.

use super::{
    result::{Outcome, RunFacts, ScenarioResult, Verdict},
    verdict::ControlState,
};
use crate::{
    claim::{self, Claim},
    error::Class,
};

/// A run, as the reports see it.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it ran on, and what it meant to run.
    pub facts: RunFacts,
    /// The results, in the order of the catalogue.
    pub results: Vec<ScenarioResult>,
    /// The selected scenarios without a result that were not skipped, in the same order.
    pub missing: Vec<String>,
    /// The claims that there are.
    pub known: &'static [Claim],
}

/// One claim, over all scenarios.
#[derive(Debug, Clone)]
pub struct ClaimReport<'a> {
    /// `S9`
    pub id: &'a str,
    /// The promise; none for an id that this version does not know.
    pub claim: Option<Claim>,
    /// Refuted if anywhere; proved if somewhere, and left unproved nowhere; else unproved. Controls don't count.
    pub verdict: Verdict,
    /// The scenarios that speak of it, with what they say.
    pub scenarios: Vec<(&'a ScenarioResult, Verdict)>,
    /// The controls that had to turn it red.
    pub controls: Vec<(&'a ScenarioResult, ControlState)>,
}

impl ClaimReport<'_> {
    /// How long the scenarios that speak of it took together.
    pub fn seconds(&self) -> f64 {
        self.scenarios.iter().map(|(result, _)| result.seconds).sum()
    }

    /// Whether a scenario speaks of it. One that only controls speak of was not up for proof.
    pub fn was_selected(&self) -> bool {
        !self.scenarios.is_empty()
    }

    /// How many moments, answers and writes were judged.
    pub fn judged(&self) -> u64 {
        let said = self.scenarios.iter().flat_map(|(result, _)| &result.claims);
        said.filter(|claim| claim.id == self.id).map(|claim| claim.judged).sum()
    }

    /// Whether a control ran that did not turn it red as named: then its proof is worth little.
    pub fn in_doubt(&self) -> bool {
        self.controls.iter().any(|(_, state)| *state != ControlState::Held)
    }

    /// The scenario that made the verdict what it is, and why; none if it is proved.
    pub fn why(&self) -> Option<(&ScenarioResult, String)> {
        let (result, _) = self.scenarios.iter().find(|(_, verdict)| *verdict == self.verdict)?;
        let why = match self.verdict {
            Verdict::Proved => None,
            Verdict::Refuted => {
                let proof = result.findings.iter().find(|finding| finding.contradicts(self.id));
                proof.map(|finding| finding.message.clone()).or_else(|| result.why())
            }
            Verdict::Unproved => result.why(),
        };
        why.map(|why| (*result, why))
    }
}

/// How many scenarios (controls too) ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Every claim proved; of a control: turned red as named.
    pub passed: usize,
    /// A broken promise, or a control that did not turn red as named.
    pub failed: usize,
    /// The surroundings kept it from a verdict.
    pub environment: usize,
    /// A bug of ours kept it from a verdict.
    pub error: usize,
    /// A signal ended it.
    pub interrupted: usize,
    /// Selected, and without a result.
    pub missing: usize,
    /// Left out before the run, with a reason.
    pub skipped: usize,
}

impl Totals {
    /// Each with its name, as reports show them.
    pub fn named(&self) -> [(&'static str, usize); 7] {
        [
            ("passed", self.passed),
            ("failed", self.failed),
            ("environment", self.environment),
            ("error", self.error),
            ("interrupted", self.interrupted),
            ("missing", self.missing),
            ("skipped", self.skipped),
        ]
    }
}

/// How a run ended, as one word: its worst part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every scenario passed.
    Proved,
    /// A promise was broken, or a control did not turn red as named.
    Failed,
    /// A signal ended it before all was judged.
    Interrupted,
    /// A bug of ours kept it from a verdict; a result that is missing without a reason is one.
    Error,
    /// The surroundings kept it from a verdict.
    Environment,
    /// No scenario ran.
    Nothing,
}

impl Ending {
    /// The exit code of the command line.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Proved => 0,
            Self::Failed => Class::Failed.exit_code(),
            Self::Error => Class::Error.exit_code(),
            Self::Environment => Class::Environment.exit_code(),
            Self::Nothing => 4,
            Self::Interrupted => 130,
        }
    }
}

impl Report {
    /// Brings results into the order of the catalogue, and finds those that are missing.
    pub fn new(facts: RunFacts, mut results: Vec<ScenarioResult>) -> Self {
        let place =
            |name: &str| facts.selected.iter().position(|selected| selected == name).unwrap_or(usize::MAX);
        results.sort_by_key(|result| (place(&result.scenario), result.scenario.clone()));
        let has = |name: &String| results.iter().any(|result| result.scenario == *name);
        let skipped = |name: &String| facts.skipped.contains_key(name);
        let missing = facts.selected.iter().filter(|name| !has(name) && !skipped(name)).cloned().collect();
        Self { facts, results, missing, known: claim::ALL }
    }

    /// The results of scenarios that are no controls.
    pub fn scenarios(&self) -> impl Iterator<Item = &ScenarioResult> {
        self.results.iter().filter(|result| result.control.is_none())
    }

    /// The results of controls, with whether each did its work.
    pub fn controls(&self) -> impl Iterator<Item = (&ScenarioResult, ControlState)> {
        self.results.iter().filter_map(|result| Some((result, result.control_state()?)))
    }

    /// How many controls turned red as named.
    pub fn held(&self) -> usize {
        self.controls().filter(|(_, state)| *state == ControlState::Held).count()
    }

    /// Every claim that a scenario or a control of this run speaks of: known ones in their order, then others.
    pub fn claims(&self) -> Vec<ClaimReport<'_>> {
        let by_scenarios = self.scenarios().flat_map(|result| result.verdicts()).map(|(id, _)| id);
        let ids = self.in_order(by_scenarios.chain(self.named()));
        ids.into_iter().map(|id| self.claim(id)).collect()
    }

    /// As [`Report::claims`], the ids alone, with those that a control turned red without naming them.
    pub fn ids(&self) -> Vec<&str> {
        let red = self.controls().flat_map(|(result, _)| result.verdicts());
        let red = red.filter(|(_, verdict)| *verdict == Verdict::Refuted).map(|(id, _)| id);
        let by_scenarios = self.scenarios().flat_map(|result| result.verdicts()).map(|(id, _)| id);
        self.in_order(by_scenarios.chain(self.named()).chain(red))
    }

    /// The claims that controls name.
    fn named(&self) -> impl Iterator<Item = &str> {
        let controls = self.results.iter().filter_map(|result| result.control.as_ref());
        controls.flat_map(|control| control.claims.iter().map(String::as_str))
    }

    fn in_order<'a>(&self, of: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let place = |id: &str| self.known.iter().position(|claim| claim.id == id).unwrap_or(usize::MAX);
        let mut ids: Vec<&str> = of.collect();
        ids.sort_by_key(|id| (place(id), *id));
        ids.dedup();
        ids
    }

    /// The claims that nothing in this run speaks of.
    pub fn silent(&self) -> Vec<Claim> {
        let spoken: Vec<_> = self.claims().iter().map(|claim| claim.id.to_owned()).collect();
        self.known.iter().copied().filter(|claim| !spoken.iter().any(|id| id == claim.id)).collect()
    }

    /// How many scenarios ended in which way.
    pub fn totals(&self) -> Totals {
        let ended = |outcome| self.results.iter().filter(|result| result.ended() == outcome).count();
        Totals {
            passed: ended(Outcome::Passed),
            failed: ended(Outcome::Failed),
            environment: ended(Outcome::Environment),
            error: ended(Outcome::Error),
            interrupted: ended(Outcome::Interrupted),
            missing: self.missing.len(),
            skipped: self.facts.skipped.len(),
        }
    }

    /// How it ended: the most important thing that can be said, a broken promise before all.
    pub fn ending(&self) -> Ending {
        let totals = self.totals();
        let trouble = self.facts.trouble.as_ref().map(|trouble| trouble.class);
        // Who knows why the run ended also knows why results are missing.
        let unexplained = totals.missing > 0 && trouble.is_none() && !self.facts.interrupted;
        if totals.failed > 0 || trouble == Some(Class::Failed) {
            Ending::Failed
        } else if self.facts.interrupted || totals.interrupted > 0 {
            Ending::Interrupted
        } else if totals.error > 0 || trouble == Some(Class::Error) || unexplained {
            Ending::Error
        } else if totals.environment > 0 || trouble == Some(Class::Environment) {
            Ending::Environment
        } else if self.results.is_empty() {
            Ending::Nothing
        } else {
            Ending::Proved
        }
    }

    /// How many moments, answers and writes the scenarios judged.
    pub fn judged(&self) -> u64 {
        self.scenarios().flat_map(|result| &result.claims).map(|claim| claim.judged).sum()
    }

    /// Seconds from the start to the end; none if it was killed.
    pub fn seconds(&self) -> Option<f64> {
        self.facts.finished.map(|finished| finished.duration_since(self.facts.started).as_secs_f64())
    }

    /// Seconds that the scenarios and controls took together.
    pub fn work_seconds(&self) -> f64 {
        self.results.iter().map(|result| result.seconds).sum()
    }

    /// How much of that Kubernetes and the workloads needed anyway.
    pub fn floor_seconds(&self) -> f64 {
        self.results.iter().map(|result| result.floor_seconds).sum()
    }

    fn claim<'a>(&'a self, id: &'a str) -> ClaimReport<'a> {
        let scenarios: Vec<_> =
            self.scenarios().filter_map(|result| Some((result, result.verdict_on(id)?))).collect();
        let any = |wanted| scenarios.iter().any(|(_, verdict)| *verdict == wanted);
        let verdict = if any(Verdict::Refuted) {
            Verdict::Refuted
        } else if any(Verdict::Proved) && !any(Verdict::Unproved) {
            Verdict::Proved
        } else {
            Verdict::Unproved
        };
        let names = |result: &ScenarioResult| {
            result.control.as_ref().is_some_and(|control| control.claims.iter().any(|claim| claim == id))
        };
        let controls = self.controls().filter(|(result, _)| names(result)).collect();
        let claim = self.known.iter().copied().find(|claim| claim.id == id);
        ClaimReport { id, claim, verdict, scenarios, controls }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        fixture::{facts, report, scenario},
        result::{Finding, Trouble},
    };
    use super::*;
    use crate::law::Obstacle;

    fn verdict(results: Vec<ScenarioResult>) -> Verdict {
        report(results).claims().iter().find(|claim| claim.id == "S9").expect("S9 is there").verdict
    }

    #[test]
    fn a_claim_is_proved_only_if_nobody_refutes_it_and_nobody_left_it_open() {
        let proves = || scenario("a::proves").proves("S9");
        let open = || scenario("a::open").claim("S9", Verdict::Unproved, 4);
        let refutes = || scenario("a::refutes").finding("S9", "broken");
        let control =
            || scenario("control::c").control("parallel", &["S9"], "broken").finding("S9", "broken");
        assert_eq!(verdict(vec![proves()]), Verdict::Proved);
        assert_eq!(verdict(vec![proves(), control()]), Verdict::Proved);
        assert_eq!(verdict(vec![proves(), open()]), Verdict::Unproved);
        assert_eq!(verdict(vec![proves(), open(), refutes()]), Verdict::Refuted);
        assert_eq!(verdict(vec![control()]), Verdict::Unproved);
        assert_eq!(verdict(vec![scenario("a::b").claim("S9", Verdict::Proved, 0)]), Verdict::Unproved);
    }

    #[test]
    fn the_ending_is_the_worst_part() {
        let passes = || scenario("a::passes").proves("S9");
        let ends = |outcome| scenario("a::ends").ends(outcome, "why");
        let ending = |results| report(results).ending();
        assert_eq!(ending(vec![passes()]), Ending::Proved);
        assert_eq!(ending(vec![]), Ending::Nothing);
        assert_eq!(ending(vec![passes(), ends(Outcome::Environment)]), Ending::Environment);
        assert_eq!(ending(vec![passes(), ends(Outcome::Error)]), Ending::Error);
        assert_eq!(ending(vec![passes(), ends(Outcome::Interrupted)]), Ending::Interrupted);
        assert_eq!(ending(vec![ends(Outcome::Error), scenario("a::f").finding("S9", "x")]), Ending::Failed);
        let green = scenario("control::c").control("parallel", &["S9"], "x").proves("S9");
        assert_eq!(ending(vec![passes(), green]), Ending::Failed);
        assert_eq!(
            [Ending::Proved, Ending::Failed, Ending::Error, Ending::Environment].map(Ending::exit_code),
            [0, 1, 2, 3]
        );
    }

    #[test]
    fn a_missing_result_is_our_error_unless_the_run_says_why() {
        let mut run = facts(&["a::one", "a::two"]);
        let one = || vec![scenario("a::one").proves("S9")];
        assert_eq!(Report::new(run.clone(), one()).ending(), Ending::Error);
        let mut skipping = run.clone();
        skipping.skipped.insert("a::two".into(), "the cluster does not offer it".into());
        assert_eq!(Report::new(skipping, one()).ending(), Ending::Proved);
        run.trouble = Some(Trouble { class: Class::Environment, message: "disk full".into() });
        assert_eq!(Report::new(run.clone(), one()).ending(), Ending::Environment);
        run.interrupted = true;
        assert_eq!(Report::new(run, one()).ending(), Ending::Interrupted);
    }

    #[test]
    fn claims_come_in_their_order_unknown_ones_last_and_silent_ones_apart() {
        let report = report(vec![scenario("a::b").proves("X1").proves("S9").proves("S1")]);
        let ids: Vec<_> = report.claims().iter().map(|claim| claim.id).collect();
        assert_eq!(ids, ["S1", "S9", "X1"]);
        assert!(report.silent().iter().all(|claim| claim.id != "S9"));
        assert_eq!(report.silent().len(), claim::ALL.len() - 2);
    }

    #[test]
    fn a_claim_tells_why_with_its_own_finding() {
        let other = scenario("a::b").finding("S8", "not mine").finding("S9", "mine");
        let report = report(vec![other]);
        let claims = report.claims();
        let s9 = claims.iter().find(|claim| claim.id == "S9").expect("S9 is there");
        assert_eq!(s9.why().expect("a reason").1, "mine");
    }

    #[test]
    fn a_refuted_claim_tells_why_with_what_speaks_against_it() {
        let mut both = scenario("a::b");
        let late = "the controller has not looked";
        both.findings.push(Finding::not_judged("S9", Obstacle::Controller, late));
        let report = report(vec![both.finding("S9", "broken")]);
        let claims = report.claims();
        assert_eq!(claims[0].verdict, Verdict::Refuted);
        assert_eq!(claims[0].why().expect("a reason").1, "broken");
    }

    #[test]
    fn each_count_stands_beside_its_name() {
        let green = scenario("control::green").control("parallel", &["S9"], "broken").proves("S9");
        let red = || scenario("control::red").control("parallel", &["S9"], "broken").finding("S9", "broken");
        let environment = || scenario("a::disk").ends(Outcome::Environment, "full");
        let mut results = vec![scenario("a::b").proves("S9"), red(), red(), green];
        results.extend(std::iter::repeat_with(environment).take(4));
        let report = report(results);
        let shown: Vec<_> = report.totals().named().into_iter().filter(|(_, number)| *number > 0).collect();
        assert_eq!(shown, [("passed", 3), ("failed", 1), ("environment", 4)]);
        assert_eq!(report.held(), 2);
    }
}
