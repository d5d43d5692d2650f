//! One trial: a namespace of its own, a recording from before the first object, a judgement, a result.

use std::{sync::Arc, time::Duration};

use camino::Utf8PathBuf;

use super::{
    broken_off::{broken_off, chain, unless_taken_away},
    catalogue::{Control, Plan},
    evidence::{self, Secrets},
    needs::{Need, Want},
    rerun::rerun,
    run::{Parts, Run},
    shared::Shared,
    witness::Controllers,
};
use crate::{
    clock,
    cluster::{Of, remove_outside},
    error::{Error, Result},
    fault,
    journal::{
        History, Log, Recorder,
        lifeline::{lifelines, windows},
    },
    law::Obstacle,
    replay,
    report::{
        floor::floor,
        result::{Outcome, ScenarioResult, Trouble},
        screen::Event,
        store,
    },
    settings::{Keep, Profile},
    wait::{Patience, Waiter, pause},
};

/// How many of a scenario's questions to the DNS may meet an answer that is as old as it may be.
const QUESTIONS: u32 = 5;

/// Runs one plan and writes its result.
///
/// # Errors
/// When the result can't be written.
pub(super) async fn run(shared: Arc<Shared>, plan: Plan, index: usize) -> Result<ScenarioResult> {
    // What has not begun when a signal comes leaves no result; the report says that the run was interrupted.
    if shared.cancelled.is_cancelled() {
        return Err(Error::Interrupted);
    }
    let (_beside, _alone);
    if plan.scenario.alone {
        _alone = shared.turn.write().await;
    } else {
        _beside = shared.turn.read().await;
    }
    let scenario = plan.name.clone();
    shared.progress.send(Event::Started { scenario: scenario.clone() });
    let namespace = shared.namespaces.choose(name_of(&shared, &plan, index)).await?;
    let result = attempt(&shared, plan, namespace).await;
    store::save_result(&shared.directory, &result)?;
    let summary = result.trouble.as_ref().map(|trouble| trouble.message.clone());
    shared.progress.send(Event::Finished {
        scenario,
        outcome: result.outcome,
        seconds: result.seconds,
        summary,
    });
    Ok(result)
}

/// A name that no other trial's namespace has.
fn name_of(shared: &Shared, plan: &Plan, index: usize) -> String {
    let short = shared.run.rsplit('-').next().unwrap_or(&shared.run);
    match &plan.command {
        Some(command) => command.namespace.clone(),
        None => format!("{}-{short}-{index}", plan.workload.namespace),
    }
}

async fn attempt(shared: &Arc<Shared>, plan: Plan, namespace: String) -> ScenarioResult {
    let (started, alone) = (clock::now(), plan.scenario.alone);
    let directory = shared.directory.join(store::evidence_folder(&plan.name));
    let mut result = ScenarioResult {
        purpose: plan.scenario.purpose.to_owned(),
        workload: plan.workload.name.to_owned(),
        control: plan.control.as_ref().map(Control::facts),
        proves: plan.scenario.claims.iter().map(|claim| claim.id.to_owned()).collect(),
        breaks: plan.scenario.breaks.iter().map(|claim| claim.id.to_owned()).collect(),
        rerun: rerun(&plan, &shared.settings),
        ..ScenarioResult::begun(&shared.run, &plan.name, &namespace, started)
    };
    let outcome = match shared.hurt.get().cloned().or_else(|| refused(shared, &plan)) {
        Some(why) => Err(Error::environment(why)),
        None => recorded(shared, plan.clone(), &namespace, &directory, &mut result).await,
    };
    if let Err(error) = outcome {
        // The trial could not even begin, or its recording could not be kept: nothing is proved.
        result.broken_off = Some(broken_off(&error.into()));
        replay::settle_unrecorded(&mut result);
    }
    if alone
        && shared.hurt.get().is_none()
        && let Err(error) = mend(shared, &namespace).await
    {
        let why = format!(
            "the cluster is not as it was before {} ({error}); nothing more is proved on it, a new run makes another",
            plan.name
        );
        shared.progress.send(Event::Message(why.clone()));
        shared.hurt.get_or_init(|| why);
    }
    result.seconds = clock::now().duration_since(started).as_secs_f64();
    let keep = match shared.settings.keep {
        Keep::Never => false,
        Keep::Failed => result.outcome != Outcome::Passed,
        Keep::Always => true,
    };
    if !keep && let Err(error) = remove(shared, &plan, &namespace).await {
        shared.progress.send(Event::Message(format!("{namespace} stays: {error}")));
    }
    result
}

/// Removes the trial's namespace, and what it made on nodes.
async fn remove(shared: &Shared, plan: &Plan, namespace: &str) -> Result<()> {
    if plan.scenario.needs.contains(&Need::OwnNodes) {
        fault::disk::remove_all(&shared.nodes, namespace).await?;
    }
    shared.namespaces.close(namespace).await
}

/// Why no pod of the workload would be taken: then nothing that is waited for could come.
fn refused(shared: &Shared, plan: &Plan) -> Option<String> {
    let workload = plan.workload.name;
    let why = shared.terrain.namespace.refuses.get(workload)?;
    Some(format!("the API server refuses pods of {workload} in a namespace of ours: {why}"))
}

/// Makes the cluster whole again for those that come next.
async fn mend(shared: &Shared, namespace: &str) -> Result<()> {
    // A node that was made up can't become Ready.
    remove_outside(&shared.clients.plumbing, Of::Namespace(namespace)).await?;
    fault::mend(&shared.clients.plumbing, &shared.nodes).await
}

/// Records, runs, judges.
async fn recorded(
    shared: &Arc<Shared>,
    plan: Plan,
    namespace: &str,
    directory: &Utf8PathBuf,
    result: &mut ScenarioResult,
) -> Result<()> {
    let logs = directory.join("logs");
    std::fs::create_dir_all(&logs).map_err(Error::io(format!("making {logs}")))?;
    shared.namespaces.open(namespace, &plan.name).await?;
    let log = Arc::new(Log::create(&directory.join("journal.jsonl"))?);
    log.terrain(shared.terrain.clone());
    let recorder = Arc::new(Recorder::start(&shared.clients.plumbing, namespace, Arc::clone(&log)).await?);
    let secrets = &shared.secrets;
    let following = evidence::follow_logs(
        shared.clients.plumbing.clone(),
        namespace.to_owned(),
        Arc::clone(&log),
        logs.clone(),
        secrets.clone(),
    );
    let following = tokio::spawn(following);
    let ours = !shared.nodes.is_empty();
    let patience = Patience::begin(shared.settings.scenario_deadline_factor, ours);
    let deadline = time(shared, &plan, patience);
    let controllers =
        Controllers::new(shared.clients.plumbing.clone(), namespace.to_owned(), Arc::clone(&log), patience);
    let (screen, scenario) = (shared.progress.clone(), plan.name.clone());
    let show = move |reason: &str| {
        screen.send(Event::Waiting { scenario: scenario.clone(), reason: reason.to_owned() });
    };
    let run = Run::new(Parts {
        plan: plan.clone(),
        shared: Arc::clone(shared),
        namespace: namespace.to_owned(),
        log: Arc::clone(&log),
        waiter: Waiter::new(Arc::clone(&recorder), Arc::new(controllers), deadline)
            .on_nodes(ours)
            .saying(show),
        patience,
        directory: directory.clone(),
    });
    for Want { need, .. } in &plan.scenario.wants {
        need.lacking(&shared.terrain).iter().for_each(|why| run.leave_out_for(*need, why));
    }
    let error = match play(shared, &plan, run.clone(), deadline).await {
        Ok(()) => None,
        Err(error) => Some(unless_taken_away(
            run.unless_namespace_goes(error).await,
            &log.history(),
            run.is_in_cluster_of_ours(),
        )),
    };
    run.state().end_step(error.is_some());
    let kept = recorder.stop().await;
    following.abort();
    let history = log.history();
    let error = error.or_else(|| kept.err().map(anyhow::Error::from));
    result.broken_off = error.as_ref().map(broken_off);
    if let Some(broken) = &mut result.broken_off {
        broken.trouble.message = secrets.redact(&broken.trouble.message);
    }
    settle(&run, &history, result)?;
    if result.outcome != Outcome::Passed {
        if let (Some(trouble), Some(words)) = (&mut result.trouble, evidence::last_words(&log, &logs)) {
            trouble.message.push_str(&format!("\n{words}"));
        }
        redact(result, secrets);
        let objects = directory.join("objects");
        if let Err(error) = evidence::write_objects(&shared.clients.plumbing, namespace, &objects).await {
            shared.progress.send(Event::Message(format!("evidence of {}: {error}", plan.name)));
        }
    }
    Ok(())
}

/// Draws the conclusion from the record alone, as a replay does, and adds what was done and measured.
fn settle(run: &Run, history: &History, result: &mut ScenarioResult) -> Result<()> {
    let mut state = run.state();
    for claim in std::mem::take(&mut state.also) {
        if result.proves.iter().all(|known| known != claim.id) {
            result.proves.push(claim.id.to_owned());
        }
    }
    result.steps = std::mem::take(&mut state.steps);
    result.measures = std::mem::take(&mut state.measures);
    result.comparison = std::mem::take(&mut state.comparison);
    result.left_out = std::mem::take(&mut state.left_out);
    result.upgrade = state.upgrade.take();
    result.lifelines = lifelines(history, result.started, clock::now());
    result.floor_seconds = floor(&result.lifelines, &windows(history, result.started));
    result.lifelines.extend(record::clients::lanes(history, run.directory(), result.started)?);
    Ok(replay::settle(result, history, run.directory())?)
}

fn redact(result: &mut ScenarioResult, secrets: &Secrets) {
    if let Some(Trouble { message, .. }) = &mut result.trouble {
        *message = secrets.redact(message);
    }
    for finding in &mut result.findings {
        finding.message = secrets.redact(&finding.message);
    }
}

/// The time that a scenario has: more where its questions to the DNS may have to wait for old answers to go.
fn time(shared: &Shared, plan: &Plan, patience: Patience) -> Duration {
    let horizons = shared.terrain.dns_horizon() * QUESTIONS;
    patience.stretch(patience.in_this_cluster(plan.scenario.deadline) + horizons)
}

/// Lets the scenario play, within its time and as long as nobody interrupts.
async fn play(shared: &Shared, plan: &Plan, run: Run, deadline: Duration) -> anyhow::Result<()> {
    // A task of its own, so that a panic in a scenario is an error of that scenario alone.
    let mut body = tokio::spawn((plan.scenario.body)(run.clone()));
    let outcome = tokio::select! {
        ended = &mut body => match ended {
            Ok(outcome) => return outcome.and_then(|()| Ok(run.ended()?)),
            Err(panic) => Error::bug(format!("the scenario panicked: {panic}")),
        },
        () = shared.cancelled.cancelled() => Error::Interrupted,
        () = until_red(shared, plan, &run) => {
            Error::failed("the control has turned its claims red: the rest of the scenario was left out")
        }
        () = pause(deadline) => {
            let step = run.state().steps.last().map_or_else(String::new, |step| step.name.clone());
            let message = format!("the scenario's {deadline:?} were over in the step {step:?}");
            Error::not_judged(Obstacle::Time, message)
        }
    };
    body.abort();
    Err(outcome.into())
}

/// Returns when the quick profile has seen enough of a control: its claims are red, and no other has turned red in
/// the window after. The full profile plays every control to its end.
async fn until_red(shared: &Shared, plan: &Plan, run: &Run) {
    match &plan.control {
        Some(control) if shared.settings.profile == Profile::Quick => {
            run.turned_red(control).await;
            // What else turns red by then is seen; a controller that is away keeps nobody from the verdict.
            drop(run.settled().await);
        }
        _ => std::future::pending().await,
    }
}

/// An error for the test runner's own output.
pub(super) fn first_line(result: &ScenarioResult) -> String {
    let message = result.trouble.as_ref().map_or("", |trouble| trouble.message.as_str());
    message.lines().next().unwrap_or_default().to_owned()
}

/// As [`chain`], for errors of ours.
pub(super) fn words(error: Error) -> String {
    chain(&anyhow::Error::from(error))
}
