//! The old release, installed, and what is asked and done with it.

use std::time::Duration;

use camino::Utf8PathBuf;
use chart::{
    Chart, Forecast, Helm, Object, Release, Rendered, Scratch, Way,
    helm::Lookup,
    preflight::{self, Picture},
};
use external::api::objects;
use k8s_openapi::api::apps::v1::StatefulSet;
use record::{redact, upgrade::Facts};

use super::{
    crash, live,
    play::{Source, Upgrade},
    writers::Writers,
};
use crate::{
    error::{Class, Error, Result, exit},
    manifest::Manifest,
    runner::Run,
};

/// The old release, installed, and everything that is needed to change it.
pub struct Stage {
    pub(super) run: Run,
    pub(super) helm: Helm,
    pub(super) release: Release,
    pub(super) way: Way,
    pub(super) patience: Duration,
    from: Chart,
    pub(super) to: Chart,
    /// What the old chart is on this cluster.
    pub(super) old: Rendered,
    /// The sets of the new chart that the API server would take.
    pub(super) taken: Rendered,
    stores: Option<Utf8PathBuf>,
    target: Option<String>,
    /// What both charts are unpacked to: no evidence, as a chart of one's own may hold secrets.
    _scratch: Scratch,
}

impl Stage {
    /// Gets both charts and installs the old one.
    ///
    /// # Errors
    /// There is no such chart, or the old one can't be installed.
    pub async fn install(run: Run, upgrade: Upgrade) -> Result<Self> {
        run.step("get both charts").await?;
        let helm = run.charts().helm()?;
        let scratch = run.charts().scratch()?;
        let from = get(&helm, &upgrade.from, scratch.path("from")).await?;
        let to = get(&helm, &upgrade.to, scratch.path("to")).await?;
        let release = Release { name: upgrade.release.clone(), namespace: run.namespace().to_owned() };
        run.charts().facts(Facts::new(&release.name, upgrade.way, from.title(), to.title()));
        let old = helm.render(&from, &release, Lookup::Nothing, false).await?;
        run.step(format!("install {}", from.title())).await?;
        run.charts().have_images(&live::images(&old)).await?;
        let (stores, target) = (upgrade.stores.clone(), upgrade.target.clone());
        let (way, patience) = (upgrade.way, upgrade.patience);
        let taken = Rendered::default();
        let mut stage = Self {
            run,
            helm,
            release,
            way,
            patience,
            from,
            to,
            old,
            taken,
            stores,
            target,
            _scratch: scratch,
        };
        stage.promise(&stage.old);
        let installed = match way.has_release() {
            true => stage.helm.install(&stage.from, &stage.release, way).await,
            false => stage.apply(&stage.old).await,
        };
        installed.map_err(|error| stage.no_ground(error))?;
        if way.has_release() {
            // What it holds now has the values that were made up at the installation.
            stage.old = stage.helm.held(&stage.release).await?;
        }
        stage.learn(&stage.old);
        Ok(stage)
    }

    /// Waits until the old chart works, and its stores take writes.
    pub(super) async fn ready(&self) -> Result<Writers> {
        self.run.step(format!("{} becomes ready, and its stores take writes", self.from.title())).await?;
        let ready = async {
            // A store may become ready only once it is initialised, or be initialised only once it is ready.
            let initialised = Writers::initialise(&self.run, &self.from, &self.old, self.stores.as_deref());
            let settled = live::settled(&self.run, &self.old, self.patience);
            let (mut writers, ()) = tokio::try_join!(initialised, settled)?;
            writers.prepare(&self.run).await?;
            Ok::<_, Error>(writers)
        };
        let ready = tokio::select! {
            ready = ready => ready,
            crash = crash::third(self.run.log()) => Err(crash),
        };
        ready.map_err(|error| self.no_ground(error))
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

    /// What the preflight says, and the picture that it says it of; set up once the sets' first pods are there.
    ///
    /// # Errors
    /// The API server shows or tries nothing, or a set has no pod.
    pub async fn foretell(&mut self) -> Result<(Picture, Vec<Forecast>)> {
        for set in self.old.of_kind("StatefulSet") {
            live::first_pod(&self.run, set, self.patience).await?;
        }
        self.run.step(format!("preflight to {}", self.to.title())).await?;
        // One that does not render is judged by its own words, and has no images.
        let offline = self.helm.rendering(&self.to, &self.release, Lookup::Nothing, true).await?;
        let images = offline.as_ref().map(live::images).unwrap_or_default();
        let missing = self.run.charts().have_images(&images).await?;
        let known: Vec<String> = self.run.local().images.values().cloned().collect();
        let question = preflight::Question {
            release: &self.release,
            way: self.way,
            from: Some(&self.from),
            to: &self.to,
            images: &known,
            target: self.target.as_deref(),
        };
        let mut picture = preflight::read(self.run.client(), &self.helm, question).await?;
        picture.missing_images.extend(missing);
        self.learn(&picture.new);
        let findings = preflight::judge(&picture);
        Ok((picture, findings))
    }

    /// Another manager sets fields of a set of the release, and owns them from then on.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn set_by_another(&self, set: &str, manager: &str, fields: &serde_json::Value) -> Result<()> {
        let sets = objects::<StatefulSet>(self.run.client(), self.run.namespace());
        sets.apply(set, manager, fields).await.map(drop)
    }

    /// `kubectl apply` of what was rendered; definitions first. Argo CD leaves hooks out, and runs them beside it.
    pub(super) async fn apply(&self, rendered: &Rendered) -> Result<()> {
        let applied =
            |object: &&Object| !object.is_test() && (self.way != Way::Argo || object.hooks().is_empty());
        let objects = rendered.objects.iter().filter(applied).map(|object| object.value.clone());
        let manifest = Manifest { objects: objects.collect() };
        crate::manifest::apply::apply(self.run.client(), &self.release.namespace, &manifest, &[])
            .await
            .map_err(|error| match error {
                Error::Api { .. } => Error::failed(error.to_string()),
                other => other,
            })
    }

    /// What the sets promise from now on.
    pub(super) fn promise(&self, rendered: &Rendered) {
        for set in rendered.of_kind("StatefulSet") {
            self.run.charts().promise(&set.value);
        }
    }

    pub(super) fn learn(&self, rendered: &Rendered) {
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
        for (_, container) in rendered.workloads().flat_map(Object::containers) {
            let variables = container["env"].as_array().into_iter().flatten();
            let named = variables.filter(|one| one["name"].as_str().is_some_and(redact::names_a_secret));
            named.filter_map(|one| one["value"].as_str()).for_each(|value| self.run.keep_secret(value));
        }
    }
}

async fn get(helm: &Helm, source: &Source, scratch: Utf8PathBuf) -> Result<Chart> {
    Chart::get(helm, &source.reference, source.values.as_deref(), &scratch).await
}
