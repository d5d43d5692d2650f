//! What an upgrade of a chart needs of a run: Helm, images on the nodes, promises that come from a chart.

use std::{collections::BTreeMap, time::Duration};

use chart::Helm;
use record::upgrade::Facts;
use serde_json::Value;

use crate::{
    cluster::{Absence, absence, docker, whole_name},
    error::{Error, Result, exit},
    journal::Promise,
    runner::{Run, Sabotage},
};

const ASKING: Duration = Duration::from_secs(60);
const PULLING: Duration = Duration::from_secs(600);

/// An upgrade of a chart, as a run has to do with it.
#[derive(Debug, Clone)]
pub struct Charts {
    run: Run,
}

impl Charts {
    pub(in crate::runner) fn new(run: Run) -> Self {
        Self { run }
    }

    /// Helm, for this trial's cluster.
    ///
    /// # Errors
    /// There is none.
    pub fn helm(&self) -> Result<Helm> {
        let site = self.run.site();
        Helm::find(&site.cache, site.kubeconfig.as_deref(), site.context.as_deref())
    }

    /// The charts that are upgraded, from and to: these, or those that a control puts in their place.
    pub fn chosen(&self, from: &'static str, to: &'static str) -> (&'static str, &'static str) {
        match self.run.sabotage() {
            Some(Sabotage::Chart { from: other, to }) => (other.unwrap_or(from), to),
            _ => (from, to),
        }
    }

    /// Sees to it that the nodes have these images; those that can't be had are named, with the reason. A cluster that
    /// is not kind's pulls them itself.
    ///
    /// # Errors
    /// There is no engine, or the nodes do not take them.
    pub async fn have_images(&self, images: &[String]) -> Result<BTreeMap<String, Absence>> {
        let mut missing = BTreeMap::new();
        let Some(loader) = &self.run.site().loader else { return Ok(missing) };
        for image in images {
            let whole = whole_name(image);
            let known = |have: &String| whole_name(have) == whole;
            if self.run.local().images.values().any(known) || self.run.state().loaded.contains(&whole) {
                continue;
            }
            let there = docker(&["image", "inspect", "--format", "{{.Id}}", image], ASKING).await.is_ok();
            let pulled =
                if there { Ok(String::new()) } else { docker(&["pull", "--quiet", image], PULLING).await };
            match pulled {
                Ok(_) => {
                    loader.load(&[image]).await?;
                    self.run.state().loaded.insert(whole);
                }
                Err(error @ Error::Environment { code: exit::NO_ENGINE | exit::TOO_SMALL, .. }) => {
                    return Err(error);
                }
                Err(error) => {
                    // The nodes have no other way to it.
                    missing.insert(image.clone(), Absence { sure: true, ..absence(&error) });
                }
            }
        }
        Ok(missing)
    }

    /// Writes down what a set promises from now on, by its manifest.
    pub fn promise(&self, set: &Value) {
        let promise = Promise::of(set);
        let last = self.run.log().history().promises_of(&promise.set).last().cloned();
        if last.as_ref() != Some(&promise) {
            self.run.log().promise(promise);
        }
    }

    /// What is known of the upgrade, from its beginning on.
    pub fn facts(&self, facts: Facts) {
        self.run.state().upgrade = Some(facts);
    }

    /// Adds to what is known of the upgrade.
    pub fn change_facts(&self, change: impl FnOnce(&mut Facts)) {
        if let Some(facts) = &mut self.run.state().upgrade {
            change(facts);
        }
    }
}
