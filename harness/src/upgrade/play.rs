//! The upgrade itself: the old chart, clients that write throughout, the new chart, back, and forth again. Each claim
//! is judged where it can first be known.

use std::time::Duration;

use camino::Utf8PathBuf;
use chart::{Forecast, Reference, Rendered, Severity, Way, preflight};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use record::upgrade::{Phase, Window};

use super::{
    live::{self, Identity},
    stage::Stage,
    writers::Writers,
};
use crate::{
    claim::{self, Claim, U1, U3, U6, U7, U9, U10},
    clock,
    error::{Error, Result},
    runner::Run,
};

/// The phase after which everything is read back from everywhere.
const LAST: &str = "upgrade again";

/// A chart as a user names it.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it is.
    pub reference: Reference,
    /// The values that are given to it.
    pub values: Option<Utf8PathBuf>,
}

/// An upgrade that is to be tried.
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The release's name.
    pub release: String,
    /// How the charts get to the cluster.
    pub way: Way,
    /// The chart that it comes from.
    pub from: Source,
    /// The chart that it goes to.
    pub to: Source,
    /// The file that says which pods speak what, where it is not in a chart.
    pub stores: Option<Utf8PathBuf>,
    /// How long a roll may take on a quick machine.
    pub patience: Duration,
    /// The version of Kubernetes that the cluster is to have, where it is another.
    pub target: Option<String>,
}

/// Installs the old chart and says what an upgrade would do, without doing it.
///
/// # Errors
/// There is no such chart, the old one can't be installed, or nobody answers.
pub async fn preflight(run: Run, upgrade: Upgrade) -> Result<()> {
    let mut stage = Stage::install(run, upgrade).await?;
    stage.judge_before().await.map(drop)
}

/// Tries an upgrade: preflight, upgrade, rollback and upgrade again under load.
///
/// # Errors
/// There is no such chart, the old one does not become ready, or nobody answers.
pub async fn play(run: Run, upgrade: Upgrade) -> Result<()> {
    let mut stage = Stage::install(run, upgrade).await?;
    let writers = stage.ready().await?;
    if !writers.is_empty() {
        stage.run.also_proves(&[U3, U6]);
    }
    let new = stage.judge_before().await?;
    let before = Identity::read(&stage.run, &writers).await?;

    for phase in ["upgrade", "rollback", LAST] {
        let back = phase == "rollback";
        let (act, wanted, claim) = match back {
            true => (stage.roll_back().boxed(), &stage.old, U10),
            false => (stage.upgrade(&new).boxed(), &new, U7),
        };
        if stage.phase(phase, wanted, &writers, act).await? {
            let revised = live::not_revised(&stage.run, wanted).await?;
            stage.run.judge(claim, revised);
            let now = Identity::read(&stage.run, &writers).await?;
            stage.run.judge(U9, before.against(&now));
        }
    }
    Ok(())
}

impl Stage {
    /// The preflight, judged; the answer is what the new chart is here.
    async fn judge_before(&mut self) -> Result<Rendered> {
        let (picture, findings) = self.foretell().await?;
        let grave = |claim: &Claim| {
            findings
                .iter()
                .filter(|finding| finding.claim == claim.id && finding.severity >= Severity::Break)
                .map(Forecast::line)
                .collect::<Vec<_>>()
        };
        for claim in claim::ALL {
            let against = grave(claim);
            // Of the others the preflight may say that they would break, and never that they hold.
            if preflight::CLAIMS.contains(claim) || !against.is_empty() {
                self.run.judge(*claim, against);
            }
        }
        let differences = preflight::differences(&picture);
        self.run.charts().change_facts(|facts| {
            facts.findings = findings;
            facts.differences = differences;
        });
        let sets = picture.new.of_kind("StatefulSet").filter(|set| picture.would_take(set));
        self.taken = Rendered { objects: sets.cloned().collect() };
        Ok(picture.new)
    }

    /// Does something to the release while clients write; whether everything was ready after it.
    async fn phase(
        &self,
        name: &str,
        wanted: &Rendered,
        writers: &Writers,
        act: BoxFuture<'_, Result<()>>,
    ) -> Result<bool> {
        self.run.step(format!("{name} under load")).await?;
        let begin = clock::now();
        let writing = writers.start(&self.run);
        let (refused, stuck) = if name == "rollback" { (U10, U10) } else { (U1, U7) };
        let trouble = match act.await {
            Ok(()) => live::settled(&self.run, wanted, self.patience).await.err().map(|error| (stuck, error)),
            Err(error) => Some((refused, error)),
        };
        let trouble = match trouble {
            None => None,
            Some((claim, error @ (Error::Failed(_) | Error::Environment { .. }))) => {
                self.run.judge(claim, [format!("the {name} did not come to its end: {error}")]);
                Some(error.to_string())
            }
            Some((_, error)) => return Err(error),
        };
        let silent = writing.until_all_write(&self.run, trouble.is_none()).await;
        let end = clock::now();
        let histories = writing.stop().await?;
        let availability = writers.availability(&histories, self.run.started(), (begin, end));
        let against: Vec<String> =
            silent.into_iter().chain(writers.too_long(&availability, &self.run)).collect();
        if trouble.is_none() || !against.is_empty() {
            self.run.judge(U6, against);
        }
        for one in &availability {
            let seconds: f64 = one.windows.iter().map(Window::seconds).sum();
            let who = one.pod.as_ref().unwrap_or(&one.store);
            self.run.measure(&format!("{name}: without an acknowledged write, {who}"), seconds, "s");
        }
        let seconds = |at: Timestamp| at.duration_since(self.run.started()).as_secs_f64();
        let phase =
            Phase { name: name.to_owned(), from: seconds(begin), to: seconds(end), trouble: trouble.clone() };
        self.run.charts().change_facts(|facts| {
            facts.phases.push(phase);
            facts.availability.extend(availability);
        });
        if trouble.is_none() {
            // Copies are compared once, when everything was done to them.
            writers.read_back(&self.run, U3, name == LAST).await?;
        }
        Ok(trouble.is_none())
    }

    async fn upgrade(&self, new: &Rendered) -> Result<()> {
        self.promise(&self.taken);
        match self.way.has_release() {
            true => self.helm.upgrade(&self.to, &self.release).await,
            false => self.apply(new).await,
        }
    }

    async fn roll_back(&self) -> Result<()> {
        // Whatever the upgrade came to, the release's first revision is what it was before.
        self.promise(&self.old);
        match self.way.has_release() {
            true => self.helm.roll_back(&self.release, 1).await,
            false => self.apply(&self.old).await,
        }
    }
}
