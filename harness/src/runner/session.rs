//! A whole run: the cluster for it, what its trials share, the reports.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use tokio::{runtime::Runtime, signal::unix::SignalKind, sync::RwLock};
use tokio_util::sync::CancellationToken;

use super::{evidence::Secrets, logging, needs::Needs, scout, shared::Shared};
use crate::{
    cluster::{self, Cluster, Namespaces, RunLock},
    error::{Error, Result},
    fault,
    report::{
        self, console,
        result::{RunFacts, SCHEMA, Trouble},
        screen::{Event, Screen},
        store,
        tally::Report,
    },
    settings::{Keep, Settings},
    wait::pause,
};

/// A run that has its cluster.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) runtime: Runtime,
    facts: RunFacts,
    cluster: Cluster,
    namespaces: Arc<Namespaces>,
    lock: RunLock,
    deadline: tokio::task::JoinHandle<()>,
}

impl Session {
    pub(super) fn begin(settings: Settings, selected: Vec<String>, needs: &Needs) -> Result<Self> {
        cluster::install_crypto();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(Error::io("starting the runtime"))?;
        let started = Instant::now();
        let run = run_id();
        let directory = directory(&settings, &run)?;
        let progress = Screen::start(std::io::stderr().is_terminal(), selected.len());
        let secrets = Secrets::default();
        logging::start(&directory, &secrets, &progress)?;
        let cancelled = CancellationToken::new();
        runtime.spawn(end_on_signals(cancelled.clone(), progress.clone()));
        let mut facts = RunFacts {
            schema: SCHEMA,
            run: run.clone(),
            started: Timestamp::now(),
            finished: None,
            interrupted: false,
            profile: settings.profile.to_string(),
            settings: settings.given.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            selected,
            skipped: BTreeMap::new(),
            cluster: None,
            cluster_seconds: None,
            trouble: None,
        };
        store::save_run(&directory, &facts)?;
        let leased = runtime.block_on(async {
            tokio::select! {
                () = cancelled.cancelled() => Err(Error::Interrupted),
                leased = lease(&settings, &run, &progress, &secrets, needs) => leased,
            }
        });
        let (cluster, namespaces, lock, skipped) = match leased {
            Ok(leased) => leased,
            Err(error) => {
                progress.finish();
                facts.interrupted = matches!(error, Error::Interrupted);
                facts.trouble = Some(Trouble { class: error.class(), message: error.to_string() });
                facts.finished = Some(Timestamp::now());
                store::save_run(&directory, &facts)?;
                report::write_all(&directory)?;
                return Err(error);
            }
        };
        facts.cluster = Some(cluster.facts.clone());
        facts.skipped.clone_from(&skipped);
        facts.cluster_seconds = Some(started.elapsed().as_secs_f64());
        store::save_run(&directory, &facts)?;
        let name = &cluster.facts.name;
        let ready = format!("{name} is ready after {:.0} s", started.elapsed().as_secs_f64());
        progress.send(Event::Message(ready));
        let deadline = runtime.spawn(end_after(settings.run_deadline, cancelled.clone(), progress.clone()));
        let local = cluster.local.clone();
        let clients = cluster.clients.clone();
        let nodes = cluster.nodes();
        let site = cluster.site.clone();
        let terrain = cluster.facts.terrain.clone().unwrap_or_default();
        let turn = RwLock::new(());
        let shared = Arc::new(Shared {
            settings,
            run,
            directory,
            progress,
            secrets,
            cancelled,
            clients,
            local,
            namespaces: Arc::clone(&namespaces),
            site,
            terrain,
            nodes,
            skipped,
            turn,
            hurt: OnceLock::new(),
        });
        Ok(Self { shared, runtime, facts, cluster, namespaces, lock, deadline })
    }

    /// Gives the cluster back and writes the reports.
    pub(super) fn end(mut self) -> Result<Ended> {
        self.deadline.abort();
        let interrupted = self.shared.cancelled.is_cancelled();
        self.facts.finished = Some(Timestamp::now());
        self.facts.interrupted = interrupted;
        store::save_run(&self.shared.directory, &self.facts)?;
        let report = report::write_all(&self.shared.directory)?;
        let keep = match self.shared.settings.keep {
            Keep::Never => false,
            Keep::Failed => report.ending().exit_code() != 0,
            Keep::Always => true,
        };
        let kept = keep.then(|| self.cluster.site.kubeconfig.clone()).flatten();
        let ours = self.cluster.site.kubeconfig.is_some();
        let released = self.runtime.block_on(async {
            let mut left = self.namespaces.give_back().await?;
            if !ours && !keep {
                let runs = [self.shared.run.clone()];
                left.extend(cluster::leave_definitions(&self.shared.clients.plumbing, &runs).await?);
            }
            for what in left {
                self.shared.progress.send(Event::Message(format!("stays: {what}")));
            }
            let sound = self.shared.hurt.get().is_none();
            self.cluster.release(keep, sound).await
        });
        self.shared.progress.finish();
        let directory = self.shared.directory.clone();
        let released = released.and_then(|()| self.lock.end());
        Ok(Ended { report, directory, kept, interrupted, released })
    }
}

/// A run that is over.
pub(super) struct Ended {
    pub(super) report: Report,
    /// Where everything is written.
    pub(super) directory: Utf8PathBuf,
    /// The kubeconfig of the cluster, where that stays.
    pub(super) kept: Option<Utf8PathBuf>,
    interrupted: bool,
    /// Whether the cluster could be given back.
    pub(super) released: Result<()>,
}

impl Ended {
    /// Writes the summary; the answer is the exit code, where it is not the runner's own.
    pub(super) fn show(self) -> Result<Option<u8>> {
        let mut out = std::io::stdout().lock();
        let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        console::write(&mut out, &self.report, &self.directory, colour)?;
        if let Some(kubeconfig) = self.kept {
            let line = writeln!(
                out,
                "The cluster stays: export KUBECONFIG={kubeconfig}; `steadfast down` removes it."
            );
            line.map_err(Error::io("writing the summary"))?;
        }
        self.released?;
        Ok(self.interrupted.then_some(130))
    }
}

async fn lease(
    settings: &Settings,
    run: &str,
    progress: &Screen,
    secrets: &Secrets,
    needs: &Needs,
) -> Result<(Cluster, Arc<Namespaces>, RunLock, BTreeMap<String, String>)> {
    let say = progress.clone();
    let sink = cluster::Reporter::new(move |line| say.send(Event::Message(line.to_owned())));
    let mut cluster = Cluster::lease(settings, &sink, needs.alone()).await?;
    let lock = RunLock::take(&settings.cache, run, &cluster.facts.name)?;
    let (client, name) = (&cluster.clients.plumbing, &cluster.facts.name);
    for namespace in cluster::sweep(client, &settings.cache, name, &settings.namespaces).await? {
        fault::disk::remove_all(&cluster.nodes(), &namespace).await?;
    }
    if cluster.nodes().is_empty() {
        for other in cluster::runs_in(&cluster.clients.plumbing, &settings.namespaces).await? {
            sink.say(format!(
                "run {other} of ours is in this cluster as well: at work, or killed and left to `steadfast down --context`"
            ));
        }
    }
    let namespaces = Arc::new(Namespaces::of(&cluster.clients.plumbing, run, settings).await?);
    if let Some(secret) = namespaces.secret() {
        secrets.keep(secret);
    }
    let surveyed = scout::survey(&mut cluster, &namespaces, run, needs).await;
    let (terrain, skipped) = match surveyed {
        Ok(surveyed) => surveyed,
        Err(error) => {
            namespaces.give_back().await?;
            return Err(error);
        }
    };
    sink.say(format!("{}: {}", cluster.facts.name, terrain.line()));
    cluster.facts.terrain = Some(terrain);
    Ok((cluster, namespaces, lock, skipped))
}

/// The first signal ends the scenarios, and everything is cleaned up; the second ends the process at once.
async fn end_on_signals(cancelled: CancellationToken, progress: Screen) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        tokio::signal::unix::signal(SignalKind::interrupt()),
        tokio::signal::unix::signal(SignalKind::terminate()),
    ) else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if cancelled.is_cancelled() {
            std::process::exit(130);
        }
        progress.send(Event::Message(
            "interrupted: ending the scenarios and cleaning up; once more ends at once".into(),
        ));
        cancelled.cancel();
    }
}

async fn end_after(deadline: Duration, cancelled: CancellationToken, progress: Screen) {
    pause(deadline).await;
    progress.send(Event::Message(format!("the run's {deadline:?} are over (setting run_deadline)")));
    cancelled.cancel();
}

/// Sorts by time, and ends in what makes it unique: `20261122-191500-4f2a`.
fn run_id() -> String {
    let now = Timestamp::now();
    let unique = (u64::from(std::process::id()) << 8) ^ u64::from(now.subsec_nanosecond().unsigned_abs());
    format!("{}-{:04x}", now.strftime("%Y%m%d-%H%M%S"), unique & 0xffff)
}

/// A fresh directory for the run, and `latest` beside it that points to it.
fn directory(settings: &Settings, run: &str) -> Result<Utf8PathBuf> {
    let directory = settings.results.join(run);
    std::fs::create_dir_all(&directory)
        .map_err(Error::io(format!("making the results' directory {directory}")))?;
    let latest = settings.results.join("latest");
    // Another run may be doing the same; the link is a comfort.
    drop(std::fs::remove_file(&latest));
    drop(std::os::unix::fs::symlink(Utf8Path::new(run), &latest));
    Ok(directory)
}
