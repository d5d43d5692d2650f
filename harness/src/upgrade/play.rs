//! The upgrade itself: the old chart, clients that write throughout, the new chart, back, and forth again. Each claim
//! is judged where it can first be known.

use std::time::Duration;

use camino::Utf8PathBuf;
use chart::{Chart, Forecast, Helm, Reference, Release, Rendered, Severity, Way, helm::Lookup, preflight};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use record::upgrade::{Facts, Phase, Window};

use super::{
    live::{self, Identity},
    writers::Writers,
};
use crate::{
    claim::{self, Claim, U1, U3, U6, U7, U9, U10},
    error::{Class, Error, Result, exit},
    manifest::Manifest,
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
}

/// The old release, installed, and everything that is needed to change it.
pub struct Stage {
    run: Run,
    helm: Helm,
    release: Release,
    way: Way,
    patience: Duration,
    from: Chart,
    to: Chart,
    /// What the old chart is on this cluster.
    old: Rendered,
    /// The sets of the new chart that the API server would take.
    taken: Rendered,
    stores: Option<Utf8PathBuf>,
}

/// Installs the old chart and says what an upgrade would do, without doing it.
///
/// # Errors
/// There is no such chart, the old one can't be installed, or nobody answers.
pub async fn preflight(run: Run, upgrade: Upgrade) -> Result<()> {
    let mut stage = Stage::set(run, upgrade).await?;
    for set in stage.old.of_kind("StatefulSet") {
        live::first_pod(&stage.run, set, stage.patience).await?;
    }
    stage.judge_before().await.map(drop)
}

/// Tries an upgrade: preflight, upgrade, rollback and upgrade again under load.
///
/// # Errors
/// There is no such chart, the old one does not become ready, or nobody answers.
pub async fn play(run: Run, upgrade: Upgrade) -> Result<()> {
    let mut stage = Stage::set(run, upgrade).await?;
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
    /// Gets both charts and installs the old one.
    async fn set(run: Run, upgrade: Upgrade) -> Result<Self> {
        run.step("get both charts").await?;
        let helm = run.charts().helm()?;
        let scratch = run.directory().join("charts");
        let from = get(&helm, &upgrade.from, scratch.join("from")).await?;
        let to = get(&helm, &upgrade.to, scratch.join("to")).await?;
        let release = Release { name: upgrade.release.clone(), namespace: run.namespace().to_owned() };
        run.charts().facts(Facts::new(&release.name, upgrade.way, from.title(), to.title()));
        let old = helm.render(&from, &release, Lookup::Nothing, false).await?;
        if old.of_kind("StatefulSet").next().is_none() {
            return Err(from.without_set());
        }
        run.step(format!("install {}", from.title())).await?;
        run.charts().have_images(&live::images(&old)).await?;
        let stores = upgrade.stores.clone();
        let (way, patience) = (upgrade.way, upgrade.patience);
        let taken = Rendered::default();
        let mut stage = Self { run, helm, release, way, patience, from, to, old, taken, stores };
        stage.promise(&stage.old);
        match way {
            Way::Helm => stage
                .helm
                .install(&stage.from, &stage.release)
                .await
                .map_err(|error| stage.no_ground(error))?,
            Way::Apply => stage.apply(&stage.old).await.map_err(|error| stage.no_ground(error))?,
        }
        if way == Way::Helm {
            // What it holds now has the values that were made up at the installation.
            stage.old = stage.helm.held(&stage.release).await?;
        }
        stage.learn(&stage.old);
        Ok(stage)
    }

    /// Waits until the old chart works, and its stores take writes.
    async fn ready(&self) -> Result<Writers> {
        self.run.step(format!("{} becomes ready, and its stores take writes", self.from.title())).await?;
        let ready = async {
            // A store may become ready only once it is initialised, or be initialised only once it is ready.
            let initialised = Writers::initialise(&self.run, &self.from, &self.old, self.stores.as_deref());
            let settled = live::settled(&self.run, &self.old, self.patience);
            let (mut writers, ()) = tokio::try_join!(initialised, settled)?;
            writers.prepare(&self.run).await?;
            Ok::<_, Error>(writers)
        };
        ready.await.map_err(|error| self.no_ground(error))
    }

    /// The old chart itself does not work: an answer of its own. What else goes wrong stays what it is.
    fn no_ground(&self, error: Error) -> Error {
        match error {
            Error::Failed(_) | Error::Deadline { .. } => {}
            Error::Environment { code, .. } if code == Class::Environment.exit_code() => {}
            other => return other,
        }
        self.run.charts().change_facts(|facts| facts.old_not_ready = Some(error.to_string()));
        Error::trouble(
            exit::OLD_NOT_READY,
            format!(
                "the old chart {} does not become ready, so nothing can be said of the upgrade: {error}",
                self.from.title()
            ),
        )
    }

    /// The preflight, judged; the answer is what the new chart is here.
    async fn judge_before(&mut self) -> Result<Rendered> {
        self.run.step(format!("preflight to {}", self.to.title())).await?;
        let offline = self.helm.render(&self.to, &self.release, Lookup::Nothing, true).await?;
        let missing = self.run.charts().have_images(&live::images(&offline)).await?;
        let question = preflight::Question {
            release: &self.release,
            way: self.way,
            from: Some(&self.from),
            to: &self.to,
            images: self.run.images(),
        };
        let mut picture = preflight::read(self.run.client(), &self.helm, question).await?;
        picture.missing_images.extend(missing);
        self.learn(&picture.new);
        let findings = preflight::judge(&picture);
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
        let begin = Timestamp::now();
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
        let end = Timestamp::now();
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
        match self.way {
            Way::Helm => self.helm.upgrade(&self.to, &self.release).await,
            Way::Apply => self.apply(new).await,
        }
    }

    async fn roll_back(&self) -> Result<()> {
        // Whatever the upgrade came to, the release's first revision is what it was before.
        self.promise(&self.old);
        match self.way {
            Way::Helm => self.helm.roll_back(&self.release, 1).await,
            Way::Apply => self.apply(&self.old).await,
        }
    }

    /// `kubectl apply` of what was rendered; definitions first.
    async fn apply(&self, rendered: &Rendered) -> Result<()> {
        let objects =
            rendered.objects.iter().filter(|object| !object.is_test()).map(|object| object.value.clone());
        let manifest = Manifest { objects: objects.collect() };
        crate::manifest::apply::apply(self.run.client(), &self.release.namespace, &manifest, &[])
            .await
            .map_err(|error| match error {
                Error::Api { .. } => Error::failed(error.to_string()),
                other => other,
            })
    }

    /// What the sets promise from now on.
    fn promise(&self, rendered: &Rendered) {
        for set in rendered.of_kind("StatefulSet") {
            self.run.charts().promise(&set.value);
        }
    }

    fn learn(&self, rendered: &Rendered) {
        for secret in rendered.of_kind("Secret") {
            // Names of users and databases are ordinary words, and none to hide.
            let values = preflight::plain(&secret.value).into_iter();
            for (_, value) in
                values.filter(|(name, _)| !["user", "database"].iter().any(|word| name.contains(word)))
            {
                if let Ok(text) = String::from_utf8(value) {
                    self.run.keep_secret(&text);
                }
            }
        }
    }
}

async fn get(helm: &Helm, source: &Source, scratch: Utf8PathBuf) -> Result<Chart> {
    Chart::get(helm, &source.reference, source.values.as_deref(), &scratch).await
}
