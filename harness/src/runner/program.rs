//! A run of the catalogue: what is selected, the trials, the exit code.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    io::Write,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use clap::Parser;
use libtest_mimic::{Failed, FormatSetting, Trial};

use super::{
    Plan, Scenario, mistakes,
    needs::{self, Needs},
    selection::{Asked, Selection},
    session::{Ended, Session},
    trial,
};
use crate::{
    error::{Error, Result, exit},
    home,
    report::{result::Outcome, screen::Event, words},
    settings::{Profile, Settings},
};

/// Runs a catalogue as `cargo test` expects it of a test program.
pub fn main(catalogue: &[Scenario]) -> ExitCode {
    let asked = Asked::parse();
    match Settings::load(home::repository()) {
        // Where no filter selects anything, they may be meant for another test program: cargo gives the same ones to all.
        Ok(settings) => play(catalogue, asked, settings, false, |_| Ok(())),
        Err(error) => fail(error),
    }
}

/// Runs what is asked for of a catalogue. `prepare` is called when something is to run, before a cluster is looked for.
pub fn run(
    catalogue: &[Scenario],
    asked: Asked,
    settings: Settings,
    prepare: impl FnOnce(&Settings) -> Result<()>,
) -> ExitCode {
    play(catalogue, asked, settings, true, prepare)
}

fn play(
    catalogue: &[Scenario],
    asked: Asked,
    settings: Settings,
    something_must_match: bool,
    prepare: impl FnOnce(&Settings) -> Result<()>,
) -> ExitCode {
    let mistakes = mistakes::of(catalogue);
    if !mistakes.is_empty() {
        complain(&format!("the catalogue is wrong: {}", mistakes.join("; ")));
        return ExitCode::from(2);
    }
    let plans = in_order(catalogue);
    let session: Arc<Mutex<Option<Session>>> = Arc::default();
    let trials = trials(&plans, settings.profile, &session);
    let Selection { mut arguments, selected, idle } = asked.select(&trials);
    idle.iter().for_each(|why| complain(why));
    // A filter with a typo must not make the run smaller unseen.
    if !idle.is_empty() && (something_must_match || !selected.is_empty()) {
        return ExitCode::from(exit::NOTHING_MATCHES);
    }
    if something_must_match && !arguments.list {
        tell_how_many(&selected);
        if selected.is_empty() {
            return ExitCode::from(exit::NOTHING_MATCHES);
        }
    }
    // Listing, and filters that match nothing, never touch Docker.
    if arguments.list || selected.is_empty() {
        if arguments.list && arguments.format.is_none_or(|format| format == FormatSetting::Pretty) {
            show_needs(&plans, &selected);
        }
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    let chosen: Vec<&Plan> = plans.iter().filter(|plan| selected.contains(&plan.name)).collect();
    let needs = Needs::of(&chosen);
    match prepare(&settings).and_then(|()| Session::begin(settings, selected, &needs)) {
        Ok(begun) => {
            if arguments.test_threads.is_none() {
                let parallel = begun.shared.settings.parallel.get();
                let most = begun.shared.namespaces.limit().unwrap_or(parallel);
                arguments.test_threads = Some(parallel.min(most));
            }
            *session.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
            let conclusion = libtest_mimic::run(&arguments, trials);
            let ended = session.lock().unwrap_or_else(PoisonError::into_inner).take();
            match ended.map(|session| session.end().and_then(Ended::show)) {
                Some(Ok(Some(code))) => ExitCode::from(code),
                Some(Ok(None)) => conclusion.exit_code(),
                Some(Err(error)) => fail(error),
                None => conclusion.exit_code(),
            }
        }
        Err(error) => fail(error),
    }
}

/// The longest first, so that none of them is left over when all others have ended; those that run alone last. Scenarios, which
/// keep the machine busy, and controls, which often wait until a time is over, take turns.
fn in_order(catalogue: &[Scenario]) -> Vec<Plan> {
    let mut plans: Vec<Plan> = catalogue.iter().flat_map(Scenario::plans).collect();
    let mut alike: BTreeMap<_, usize> = BTreeMap::new();
    plans.sort_by_cached_key(|plan| {
        let (alone, longest, control) =
            (plan.scenario.alone, Reverse(plan.scenario.deadline), plan.control.is_some());
        let turn = alike.entry((alone, longest, control)).or_default();
        *turn += 1;
        (alone, longest, *turn, control)
    });
    plans
}

/// Says how much is selected.
fn tell_how_many(selected: &[String]) {
    let controls = selected.iter().filter(|name| name.starts_with("control::")).count();
    let scenarios = words::count(selected.len() - controls, "scenario");
    complain(&format!("{scenarios} and {} are selected", words::count(controls, "control")));
}

/// Beside a list, which programs read, and therefore not in it: what of it needs something that not every cluster has.
fn show_needs(plans: &[Plan], listed: &[String]) {
    let listed: Vec<&Plan> = plans.iter().filter(|plan| listed.contains(&plan.name)).collect();
    drop(std::io::stderr().lock().write_all(needs::lines(&listed).as_bytes()));
}

fn fail(error: Error) -> ExitCode {
    let code = ExitCode::from(error.exit_code());
    complain(&trial::words(error));
    code
}

fn complain(message: &str) {
    // Nobody can be told that standard error is closed.
    drop(writeln!(std::io::stderr().lock(), "steadfast: {message}"));
}

fn trials(plans: &[Plan], profile: Profile, session: &Arc<Mutex<Option<Session>>>) -> Vec<Trial> {
    let trial = |(index, plan): (usize, &Plan)| {
        let (plan, session) = (plan.clone(), Arc::clone(session));
        let left_out = plan.left_out(profile);
        let trial = Trial::test(plan.name.clone(), move || {
            let (shared, handle) = {
                let session = session.lock().unwrap_or_else(PoisonError::into_inner);
                let session = session.as_ref().ok_or("the run has not begun")?;
                (Arc::clone(&session.shared), session.runtime.handle().clone())
            };
            if let Some(reason) = shared.skipped.get(&plan.name) {
                shared.progress.send(Event::Message(format!("{}: {reason}", plan.name)));
                return Ok(());
            }
            let result = handle.block_on(trial::run(shared, plan, index)).map_err(trial::words)?;
            match result.outcome {
                Outcome::Passed => Ok(()),
                _ => Err(Failed::from(trial::first_line(&result))),
            }
        });
        trial.with_ignored_flag(left_out)
    };
    plans.iter().enumerate().map(trial).collect()
}
