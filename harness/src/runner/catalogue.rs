//! What there is to run: scenarios with the claims they prove, and the controls that must turn each claim red.

use std::{fmt, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use history::check::Level;

use super::{
    Run,
    needs::{Need, Want},
};
use crate::{
    claim::Claim,
    error::Result,
    manifest::Manifest,
    report::result::ControlFacts,
    settings::Profile,
    workload::{SENTINEL, Set, Workload},
};

/// What a scenario does.
pub type Body = Arc<dyn Fn(Run) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// One test: it sets a workload up, acts on it, and leaves a journal, histories and a result.
#[derive(Clone)]
pub struct Scenario {
    /// `ordering::scale_down`
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub purpose: &'static str,
    /// What it proves.
    pub claims: Vec<Claim>,
    /// The workloads it runs on, each a trial of its own.
    pub workloads: Vec<Workload>,
    /// How long one trial may take.
    pub deadline: Duration,
    /// What must turn its claims red.
    pub controls: Vec<Control>,
    /// The claims that it breaks on purpose: it is red when one of them is not seen broken.
    pub breaks: Vec<Claim>,
    /// Whether it takes so long that only the full profile runs it.
    pub slow: bool,
    /// Whether nothing else may run meanwhile, because it hurts nodes or the control plane.
    pub alone: bool,
    /// What the cluster must have.
    pub needs: Vec<Need>,
    /// What it judges only where the cluster has this.
    pub wants: Vec<Want>,
    /// The workloads on which no sabotage need be seen, with the reason.
    pub alike: Vec<(Workload, &'static str)>,
    /// What it does.
    pub body: Body,
}

/// The scenario run with one sabotage.
#[derive(Clone)]
pub struct Control {
    /// `parallel`
    pub name: &'static str,
    /// The claims that must turn red, and no other. The first names the trial, and one of its findings says what is
    /// expected.
    pub claims: Vec<Claim>,
    /// The workload it runs on, where that is not the scenario's first.
    pub workload: Option<Workload>,
    /// What is done.
    pub sabotage: Sabotage,
    /// What a finding of the first must say.
    pub expects: &'static str,
    /// Whether it waits so long that only the full profile runs it.
    pub slow: bool,
}

impl Control {
    /// As results tell it.
    pub fn facts(&self) -> ControlFacts {
        ControlFacts {
            sabotage: self.name.to_owned(),
            claims: self.claims.iter().map(|claim| claim.id.to_owned()).collect(),
            expects: self.expects.to_owned(),
        }
    }
}

/// What a control does to a scenario.
#[derive(Clone)]
pub enum Sabotage {
    /// Changes the manifest before it is applied.
    Manifest(fn(&mut Manifest, &Workload) -> Result<()>),
    /// Upgrades other charts of manifests/charts.
    Chart {
        /// The chart that it comes from, where it is another: `postgresql/1.0.0-hook`.
        from: Option<&'static str>,
        /// The chart that it goes to: `garage/2.0.0-service-name`.
        to: &'static str,
    },
    /// Acts when the scenario begins the step of this name, before the step does anything.
    At(&'static str, fn(Run, Set) -> BoxFuture<'static, Result<()>>),
    /// Lets a load's transactions over lists ask for this level, and not for the one that is judged.
    Isolation(Level),
}

/// One thing to run: a scenario on a workload, perhaps sabotaged.
#[derive(Clone)]
pub struct Plan {
    /// `ordering::scale_down::garage`, `control::S9::parallel`
    pub name: String,
    /// The scenario.
    pub scenario: Scenario,
    /// The workload.
    pub workload: Workload,
    /// Set when this is a control.
    pub control: Option<Control>,
    /// Set when it is none of the catalogue's, and the command line asks for it.
    pub command: Option<Command>,
}

/// What the command line says of a trial.
#[derive(Clone)]
pub struct Command {
    /// Where it runs.
    pub namespace: String,
    /// The command that runs it again.
    pub line: String,
}

/// A scenario on the sentinel, until [`Scenario::on`] says otherwise.
pub fn scenario<F>(
    name: &'static str,
    purpose: &'static str,
    body: impl Fn(Run) -> F + Send + Sync + 'static,
) -> Scenario
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    Scenario {
        name,
        purpose,
        claims: Vec::new(),
        workloads: vec![SENTINEL],
        deadline: Duration::from_secs(180),
        controls: Vec::new(),
        breaks: Vec::new(),
        slow: false,
        alone: false,
        needs: Vec::new(),
        wants: Vec::new(),
        alike: Vec::new(),
        body: Arc::new(move |run| Box::pin(body(run))),
    }
}

impl Scenario {
    /// The claims that it judges; one that it then does not judge is an error.
    pub fn proves(mut self, claims: impl IntoIterator<Item = Claim>) -> Self {
        self.claims = claims.into_iter().collect();
        self
    }

    /// The workloads that it runs on.
    pub fn on(mut self, workloads: impl IntoIterator<Item = Workload>) -> Self {
        self.workloads = workloads.into_iter().collect();
        self
    }

    /// How long one trial may take on a quick machine.
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The claims that it breaks on purpose.
    pub fn breaks(mut self, claims: impl IntoIterator<Item = Claim>) -> Self {
        self.breaks = claims.into_iter().collect();
        self
    }

    /// Takes so long that only the full profile runs it.
    pub fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    /// Runs while nothing else does, and hurts nodes or the control plane.
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self.needs([Need::OwnNodes])
    }

    /// Runs only where the cluster has all of this; elsewhere it is skipped, and the report says why.
    pub fn needs<N: Into<Need>>(mut self, needs: impl IntoIterator<Item = N>) -> Self {
        self.needs.extend(needs.into_iter().map(Into::into));
        self
    }

    /// Leaves a part out where the cluster does not have this, and the report says so.
    pub fn wants(mut self, need: Need, what: &'static str) -> Self {
        self.wants.push(Want { need, what });
        self
    }

    /// Why no control need run on these workloads: who judges there is seen to say no elsewhere. Beside another, only the full
    /// profile runs them.
    pub fn alike(mut self, workloads: impl IntoIterator<Item = Workload>, why: &'static str) -> Self {
        self.alike.extend(workloads.into_iter().map(|workload| (workload, why)));
        self
    }

    /// A sabotage that must turn exactly these claims red, with a finding of the first that contains
    /// `expects`.
    pub fn control(
        mut self,
        name: &'static str,
        claims: impl IntoIterator<Item = Claim>,
        sabotage: Sabotage,
        expects: &'static str,
    ) -> Self {
        self.controls.push(Control {
            name,
            claims: claims.into_iter().collect(),
            workload: None,
            sabotage,
            expects,
            slow: false,
        });
        self
    }

    /// As [`Scenario::slow_control`], on another workload than the first: one whose answers are judged in a way of its own.
    pub fn control_on(
        mut self,
        workload: Workload,
        name: &'static str,
        claims: impl IntoIterator<Item = Claim>,
        sabotage: Sabotage,
        expects: &'static str,
    ) -> Self {
        self = self.slow_control(name, claims, sabotage, expects);
        if let Some(control) = self.controls.last_mut() {
            control.workload = Some(workload);
        }
        self
    }

    /// As [`Scenario::control`], one that takes so long that only the full profile runs it.
    pub fn slow_control(
        mut self,
        name: &'static str,
        claims: impl IntoIterator<Item = Claim>,
        sabotage: Sabotage,
        expects: &'static str,
    ) -> Self {
        self = self.control(name, claims, sabotage, expects);
        if let Some(control) = self.controls.last_mut() {
            control.slow = true;
        }
        self
    }

    /// The workload that a control runs on.
    pub fn workload_of(&self, control: &Control) -> Option<Workload> {
        control.workload.or(self.workloads.first().copied())
    }

    /// Everything to run of this scenario.
    pub fn plans(&self) -> Vec<Plan> {
        let on = |name: &str, workload: Workload| format!("{name}::{}", workload.name.replace('-', "_"));
        let trials = self.workloads.iter().map(|workload| Plan {
            name: match self.workloads.len() {
                1 => self.name.to_owned(),
                _ => on(self.name, *workload),
            },
            scenario: self.clone(),
            workload: *workload,
            control: None,
            command: None,
        });
        let controls = self.controls.iter().filter_map(|control| {
            let name = format!("control::{}::{}", control.claims.first()?.id, control.name);
            Some(Plan {
                name: control.workload.map_or(name.clone(), |workload| on(&name, workload)),
                scenario: self.clone(),
                workload: self.workload_of(control)?,
                control: Some(control.clone()),
                command: None,
            })
        });
        trials.chain(controls).collect()
    }
}

impl Plan {
    /// Whether a profile leaves it out.
    pub fn left_out(&self, profile: Profile) -> bool {
        let slow = self.control.as_ref().map_or_else(|| self.is_alike(), |control| control.slow);
        profile == Profile::Quick && (slow || self.scenario.slow)
    }

    /// Whether it judges in the same way what is judged on the scenario's first workload.
    fn is_alike(&self) -> bool {
        self.scenario.workloads.first() != Some(&self.workload)
            && self.scenario.alike.iter().any(|(workload, _)| *workload == self.workload)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Plan").field(&self.name).finish()
    }
}
