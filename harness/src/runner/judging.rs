//! What a scenario judges itself: answers, expectations, windows in which nothing may happen.

use std::{fmt, time::Duration};

use futures::future::try_join_all;
use history::{Checker, check::Fault};

use super::{Run, catalogue::Control, run::Parts};
use crate::{
    claim::Claim,
    clock,
    error::{Error, Result},
    journal::{Checked, Judged, World, lifeline::WINDOW},
    load::Recorder,
    report::result::{Finding, Measure, Row},
    wait::{
        Expectation, Progress,
        expectations::{pod_unready, readiness_fails},
        until_seen,
    },
};

/// How long what was seen already may take to be seen again.
const SOON: Duration = Duration::from_secs(10);
/// How long a hold lasts where only time shows: a controller may err later than at its next look.
const LONG: Duration = Duration::from_secs(30);

impl Run {
    /// Waits for what a claim promises.
    ///
    /// # Errors
    /// When it does not come about; that is a finding as well.
    pub async fn expect(
        &self,
        claim: Claim,
        expectation: &Expectation,
        deadline: Duration,
    ) -> Result<Duration> {
        let time = self.time_for(claim, self.in_this_cluster(deadline));
        self.found(claim, self.wait_within(expectation, time).await)
    }

    /// Waits until the readiness probe of a pod that runs has failed, with this in the answer. Only an event tells that it was
    /// asked, and events may be kept back or not be kept at all: a pod that was not Ready for all of the deadline was asked.
    ///
    /// # Errors
    /// When it is Ready, or does not run; that is a finding as well.
    pub async fn expect_unready(
        &self,
        claim: Claim,
        pod: &str,
        answer: &str,
        deadline: Duration,
    ) -> Result<()> {
        let fails = readiness_fails(pod, answer);
        let told = |world: &World| !matches!(fails.check(world), Progress::NotYet(_));
        let expected = match until_seen(self.log(), self.time_for(claim, deadline), told).await {
            true => fails,
            false => pod_unready(pod),
        };
        self.expect(claim, &expected, SOON).await.map(drop)
    }

    /// Watches that what a claim promises stays so, until the controllers have looked again and all that they did is recorded.
    ///
    /// # Errors
    /// When it does not stay so; that is a finding as well.
    pub async fn hold(&self, claim: Claim, expectation: &Expectation) -> Result<()> {
        self.hold_for(claim, expectation, Duration::ZERO).await
    }

    /// As [`Run::hold`], for half a minute: what only time shows is given time, once for a scenario of several workloads. A control
    /// that is to turn the claim red has time for that as well; others have their own way to be red.
    ///
    /// # Errors
    /// When it does not stay so; that is a finding as well.
    pub async fn hold_long(&self, claim: Claim, expectation: &Expectation) -> Result<()> {
        let Parts { plan, .. } = self.parts();
        let least = match &plan.control {
            None if plan.scenario.workloads.first() == Some(&plan.workload) => LONG,
            Some(control) if control.claims.contains(&claim) => self.time_for(claim, LONG),
            _ => Duration::ZERO,
        };
        self.hold_for(claim, expectation, least).await
    }

    async fn hold_for(&self, claim: Claim, expectation: &Expectation, least: Duration) -> Result<()> {
        self.log().act(WINDOW, "scenario", format!("watch that it stays so: {}", expectation.sentence));
        let outcome = self.parts().waiter.hold(expectation, least).await;
        self.found(claim, outcome)
    }

    /// Keeps an error for the end of the scenario, which goes on to judge what clients were told until then; says whether there was
    /// none.
    pub fn put_off(&self, outcome: Result<()>) -> bool {
        self.state().put_off(outcome)
    }

    /// Passes an outcome on; one that a claim forbids is a finding as well.
    ///
    /// # Errors
    /// The outcome's own.
    pub fn found<T>(&self, claim: Claim, outcome: Result<T>) -> Result<T> {
        if outcome.is_ok() {
            self.judge(claim, None);
        }
        self.against(claim, outcome)
    }

    /// Passes an outcome on. A failure speaks against the claim, a success alone not yet for it, and anything else says that it
    /// could not be judged.
    pub(super) fn against<T>(&self, claim: Claim, outcome: Result<T>) -> Result<T> {
        match &outcome {
            Err(Error::Failed(message)) => self.judge(claim, [message.clone()]),
            Err(error) => self.not_judged(claim, error),
            Ok(_) => {}
        }
        outcome
    }

    /// Says that a claim could not be judged, where an error tells why.
    pub(super) fn not_judged(&self, claim: Claim, error: &Error) {
        if let Some(obstacle) = error.obstacle() {
            self.take(claim, 0, vec![Finding::not_judged(claim.id, obstacle, error.to_string())]);
        }
    }

    /// Judges a claim by an answer: `None` speaks for it, words against it.
    pub fn judge(&self, claim: Claim, against: impl IntoIterator<Item = String>) {
        let id = claim.id.to_owned();
        let finding = |message| Finding::against(id.clone(), message);
        self.take(claim, 1, against.into_iter().map(finding).collect());
    }

    /// Judges that the API server took something. Passes its refusal on.
    ///
    /// # Errors
    /// When it did not; that it refused is a finding as well, unless somebody else did.
    pub fn judge_taken<T>(&self, claim: Claim, what: &str, outcome: Result<T>) -> Result<T> {
        match outcome {
            Err(error) if error.is_own_refusal() => self
                .found(claim, Err(Error::failed(format!("{what}: expected it to be taken; found: {error}")))),
            outcome => self.found(claim, outcome),
        }
    }

    /// Judges that the API server refused with this code, and with these words about what. A no of somebody else, for want of
    /// rights, of time or by a rule of the cluster, says nothing.
    pub fn judge_refused<T>(&self, claim: Claim, what: &str, outcome: Result<T>, code: u16, words: &str) {
        let expected = format!("{what}: expected a refusal with {code} that says {words:?}");
        let against = match outcome {
            Ok(_) => Some(format!("{expected}; it was taken")),
            Err(error) if error.to_string().contains(words) => {
                let as_expected = error.status().is_some_and(|status| status.code == code);
                (!as_expected).then(|| format!("{expected}; found: {error}"))
            }
            Err(error) if error.obstacle().is_some() && !error.is_own_refusal() => {
                return self.not_judged(claim, &error);
            }
            Err(error) => Some(format!("{expected}; found: {error}")),
        };
        self.judge(claim, against);
    }

    /// Judges that two things are equal.
    pub fn judge_equal<T: PartialEq + fmt::Debug>(&self, claim: Claim, what: &str, expected: T, found: T) {
        let differs = expected != found;
        self.judge(claim, differs.then(|| format!("{what}: expected {expected:?}, found {found:?}")));
    }

    /// Fills a row of the table Deployment against StatefulSet with what was seen, and judges both cells, each given as
    /// expected and found.
    ///
    /// # Errors
    /// When a cell is not as expected: what follows would stand on it.
    pub fn row(
        &self,
        claim: Claim,
        feature: &str,
        deployment: (&str, String),
        set: (&str, String),
    ) -> Result<()> {
        let differs = |column: &str, (expected, found): &(&str, String)| {
            let words = format!("{feature} of {column}: expected {expected}, found {found}");
            (expected != found).then_some(words)
        };
        let against: Vec<_> =
            differs("a Deployment", &deployment).into_iter().chain(differs("a StatefulSet", &set)).collect();
        let (deployment, stateful_set) = (deployment.1, set.1);
        self.state().comparison.push(Row { feature: feature.to_owned(), deployment, stateful_set });
        let outcome = if against.is_empty() { Ok(()) } else { Err(Error::failed(against.join("; "))) };
        self.found(claim, outcome)
    }

    /// Holds a store to what a claim promises of it, by what clients did to it until now, and, where there is a fault, by their
    /// having been there for it. It is judged with the journal.
    pub fn check(
        &self,
        claim: Claim,
        store: &str,
        recorder: &Recorder,
        checkers: impl IntoIterator<Item = Checker>,
        fault: Option<&Fault>,
    ) {
        let (history, lines) = recorder.file();
        for checker in checkers {
            let (claim, store) = (claim.id.to_owned(), store.to_owned());
            let (history, fault) = (history.clone(), fault.cloned());
            self.log().checked(Checked { claim, store, history, lines, checker, fault });
        }
    }

    /// Begins a history of what clients do: a file of this name in the trial's folder.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn history(&self, file: &str) -> Result<Recorder> {
        self.history_of(file, "")
    }

    /// As [`Run::history`], with keys that somebody on the way may take for others: who decodes them once more, or spells their letters
    /// in another way.
    ///
    /// # Errors
    /// As for [`Run::history`].
    pub fn history_of_odd_names(&self, file: &str) -> Result<Recorder> {
        self.history_of(file, " +%2F&\u{e9}e\u{301}A")
    }

    fn history_of(&self, file: &str, names: &str) -> Result<Recorder> {
        let secrets = self.secrets().clone();
        // The same operations each time, but for those that a process has no time for: a scenario that fails can be played again.
        let seed =
            self.parts().plan.name.bytes().fold(7, |seed: u64, byte| seed * 31 % 1_000_003 + u64::from(byte));
        // No two histories of a trial have a key in common.
        let run = format!("{}/{}{names}", self.namespace(), file.trim_end_matches(".jsonl"));
        Recorder::create(&self.directory().join(file), &run, seed, move |text| secrets.redact(text))
    }

    /// Says that a fault begins now.
    pub fn fault_begins(&self, name: &str) -> Fault {
        self.log().act("fault", "scenario", name);
        let now = clock::now();
        Fault { name: name.to_owned(), from: now, to: now }
    }

    /// Says that it is over now.
    pub fn fault_ends(&self, fault: Fault) -> Fault {
        self.log().act("fault is over", "scenario", fault.name.as_str());
        Fault { to: clock::now(), ..fault }
    }

    /// Judges, of many sets at once, that the diagnosis of each names its own cause, and no other.
    ///
    /// # Errors
    /// When one does not; that is a finding as well.
    pub async fn judge_diagnoses(
        &self,
        claim: Claim,
        sets: impl IntoIterator<Item = (&str, &str)>,
        deadline: Duration,
    ) -> Result<()> {
        let judge =
            async |(set, cause): (&str, &str)| self.set(set).judge_diagnosis(claim, &[cause], deadline).await;
        try_join_all(sets.into_iter().map(judge)).await.map(drop)
    }

    /// Takes findings that a checker made, with how much it judged.
    pub fn take(&self, claim: Claim, judged: u64, mut findings: Vec<Finding>) {
        for finding in &mut findings {
            finding.message = self.shared().secrets.redact(&finding.message);
        }
        self.state().against.extend_from_slice(&findings);
        self.log().judged(Judged { claim: claim.id.to_owned(), count: judged, against: findings });
    }

    /// Returns when a control has turned every claim red that it names, by what the scenario judges itself.
    pub(super) async fn turned_red(&self, control: &Control) {
        let control = control.facts();
        let mut changed = self.log().subscribe();
        loop {
            if control.is_met(&self.state().against) {
                return;
            }
            // The log outlives its scenario.
            drop(changed.changed().await);
        }
    }

    /// Says that these claims are proved as well, which could not be known before.
    pub fn also_proves(&self, claims: &[Claim]) {
        self.state().also.extend(claims);
    }

    /// Keeps a figure for the report.
    pub fn measure(&self, name: &str, value: f64, unit: &str) {
        self.state().measures.push(Measure { name: name.to_owned(), value, unit: unit.to_owned() });
    }
}
