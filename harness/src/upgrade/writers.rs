//! Clients that write to every store of a release, as long as they are told to, and what the stores make of it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use camino::Utf8Path;
use chart::{
    Chart, Rendered,
    store::{Speech, Store, Stores, detect, file},
};
use history::{Checker, Operations, check::Copies, generate::Work};
use jiff::Timestamp;
use record::upgrade::availability::{Availability, windows};

use super::{
    connection::{Connection, Reach},
    garage,
};
use crate::{
    claim::Claim,
    error::{Error, Result},
    journal::Promise,
    load::{Client, Load, Plan, Recorder, read_back},
    runner::Run,
    wait::{Progress, expectations, until_answered, until_asked},
};

/// Below and above the bounds at which Garage stores otherwise; most are small, so that reading back stays quick.
const OBJECTS: &[usize] = &[100, 3071, 100, 3072, 100, 20_000, 100, 100, 100, 100, 100, 1_100_000];
const ROWS: &[usize] = &[64, 1024, 64, 20_000];
const SMALL: &[usize] = &[64];
/// A client's rhythm: often enough to see a second without the store.
const PACE: Duration = Duration::from_millis(250);
/// Longer than any upgrade is waited for.
const BUDGET: Duration = Duration::from_secs(3600);
/// A replicated store may make its clients wait so long when one of its nodes goes: the time of a call that fails.
const AWAY: f64 = 15.0;
/// How long a pod that is ready may take until it takes a write.
const WRITES_AGAIN: Duration = Duration::from_secs(90);

/// The stores of a release, each with its history.
pub struct Writers {
    stores: Vec<Written>,
}

/// A store that is written to.
struct Written {
    store: Arc<Store>,
    reach: Reach,
    /// The pods that take writes; a client writes to each.
    pods: Vec<String>,
    recorder: Option<Recorder>,
}

/// Writers at work.
pub struct Writing {
    loads: Vec<(String, Recorder, Load)>,
}

impl Writers {
    /// Finds the stores of a chart and gives each what it needs once: a layout, a bucket, a key.
    ///
    /// # Errors
    /// The file that names them is wrong, or a store does not come about.
    pub async fn initialise(
        run: &Run,
        chart: &Chart,
        rendered: &Rendered,
        named: Option<&Utf8Path>,
    ) -> Result<Self> {
        let beside = chart.folder.join(file::NAME);
        let stores = match named {
            Some(path) => Stores::read(path)?.stores,
            None if beside.is_file() => Stores::read(&beside)?.stores,
            None => detect(rendered),
        };
        let mut written = Vec::new();
        for store in stores {
            let set =
                rendered.of_kind("StatefulSet").find(|set| set.key.name == store.set).ok_or_else(|| {
                    Error::trouble(
                        crate::error::exit::SETTINGS,
                        format!("the chart has no StatefulSet {}, which {} names", store.set, file::NAME),
                    )
                })?;
            let promise = Promise::of(&set.value);
            let replicas = u32::try_from(set.replicas()).unwrap_or(0);
            let pods: Vec<String> =
                (promise.start..promise.start + replicas).map(|ordinal| promise.pod(ordinal)).collect();
            let first = set.text("/spec/template/spec/containers/0/name").to_owned();
            let container = store.container.clone().unwrap_or(first);
            let mut reach = Reach { container, key: None, probe: None };
            if matches!(store.speech, Speech::Postgresql { .. }) {
                reach.probe = Some(run.prober_beside().await?);
            }
            if matches!(store.speech, Speech::Garage(_)) {
                for pod in &pods {
                    run.wait(&expectations::pod_running(pod), WRITES_AGAIN).await?;
                }
                let node =
                    |pod: &String| garage::Node { run, pod: pod.clone(), container: reach.container.clone() };
                let nodes: Vec<garage::Node<'_>> = pods.iter().map(node).collect();
                reach.key = Some(garage::initialise(run, &nodes).await?);
            }
            // Pods that are no copies of one another are stores of their own, each with a history.
            let copies: Vec<Vec<String>> =
                if store.replicated() { vec![pods] } else { pods.into_iter().map(|pod| vec![pod]).collect() };
            let store = Arc::new(store);
            written.extend(copies.into_iter().map(|pods| Written {
                store: Arc::clone(&store),
                reach: reach.clone(),
                pods,
                recorder: None,
            }));
        }
        Ok(Self { stores: written })
    }

    /// Makes what the histories need, once the pods are ready, and leaves out pods that take no writes.
    ///
    /// # Errors
    /// A store refuses.
    pub async fn prepare(&mut self, run: &Run) -> Result<()> {
        let mut taking = Vec::new();
        for mut written in std::mem::take(&mut self.stores) {
            let Some(first) = written.pods.first().cloned() else { continue };
            let prepared = || async {
                // A pod without a probe is Ready before its server is.
                let connection = written.open(run, &first).await?;
                let takes = connection.takes_writes().await?;
                if takes {
                    connection.prepare().await?;
                }
                Ok(takes)
            };
            let sentence = format!("{first} answers its clients");
            if until_answered(&sentence, run.stretch(WRITES_AGAIN), prepared).await? {
                written.recorder = Some(run.history(&format!("history-{first}.jsonl"))?);
                taking.push(written);
            }
        }
        self.stores = taking;
        Ok(())
    }

    /// Whether the release has no store that we could write to.
    pub fn is_empty(&self) -> bool {
        self.stores.is_empty()
    }

    /// Begins to write.
    pub fn start(&self, run: &Run) -> Writing {
        let load = |written: &Written| {
            let recorder = written.recorder.clone()?;
            let sizes = match written.store.speech {
                Speech::Garage(_) | Speech::S3 { .. } => OBJECTS,
                Speech::Postgresql { .. } => ROWS,
                Speech::Command { .. } => SMALL,
            };
            let client = |pod: &String| Client { endpoint: pod.clone(), works: vec![Work::Writes { sizes }] };
            let clients = written.pods.iter().map(client).collect();
            let plan = Plan { clients, pace: PACE, budget: BUDGET };
            let (run, store, reach) = (run.clone(), Arc::clone(&written.store), written.reach.clone());
            let load = Load::start(&recorder, &plan, move |pod| {
                let (run, store, reach) = (run.clone(), Arc::clone(&store), reach.clone());
                async move { Connection::open(&run, &store, &pod, &reach).await }
            });
            Some((written.store.set.clone(), recorder, load))
        };
        Writing { loads: self.stores.iter().filter_map(load).collect() }
    }

    /// When which pod, and which store as a whole, took no writes.
    pub fn availability(
        &self,
        histories: &[Operations],
        zero: Timestamp,
        span: (Timestamp, Timestamp),
    ) -> Vec<Availability> {
        let mut all = Vec::new();
        for (written, operations) in self.stores.iter().zip(histories) {
            let store = || written.store.set.clone();
            for pod in &written.pods {
                let windows = windows(&operations.all, |endpoint| endpoint == pod, zero, span);
                all.push(Availability { store: store(), pod: Some(pod.clone()), windows });
            }
            if written.pods.len() > 1 {
                all.push(Availability {
                    store: store(),
                    pod: None,
                    windows: windows(&operations.all, |_| true, zero, span),
                });
            }
        }
        all
    }

    /// Windows of replicated stores that are longer than the loss of one node explains.
    pub fn too_long(&self, availability: &[Availability], run: &Run) -> Vec<String> {
        let replicated = |name: &String| {
            self.stores.iter().any(|written| written.store.set == *name && written.store.replicated())
        };
        let most = run.stretch(Duration::from_secs_f64(AWAY)).as_secs_f64();
        let whole = availability.iter().filter(|one| one.pod.is_none() && replicated(&one.store));
        whole
            .flat_map(|one| one.windows.iter().map(move |window| (one, window)))
            .filter(|(_, window)| window.seconds() > most)
            .map(|(one, window)| {
                format!(
                    "{} took no write at any pod for {:.1} s, from second {:.1} on; the loss of one node explains {most:.0} s",
                    one.store,
                    window.seconds(),
                    window.from
                )
            })
            .collect()
    }

    /// Reads everything back, from every pod or from the first of each store, and holds the store to what it acknowledged.
    ///
    /// # Errors
    /// What was read can't be written down.
    pub async fn read_back(&self, run: &Run, claim: Claim, every_pod: bool) -> Result<()> {
        for written in &self.stores {
            let Some(recorder) = &written.recorder else { continue };
            for pod in written.pods.iter().take(if every_pod { written.pods.len() } else { 1 }) {
                let connect = || written.open(run, pod);
                match written.store.speech {
                    Speech::Garage(_) | Speech::S3 { .. } => {
                        read_back::list_and_get(recorder, pod, connect).await?;
                    }
                    Speech::Postgresql { .. } => read_back::scan(recorder, pod, connect).await?,
                    Speech::Command { .. } => read_back::get_all(recorder, pod, connect).await?,
                }
            }
            let store = written.pods.first().filter(|_| !written.store.replicated());
            let store = store.unwrap_or(&written.store.set);
            run.check(claim, store, recorder, [Checker::Set(Copies::Same)], None);
        }
        Ok(())
    }

    /// What each server calls itself.
    ///
    /// # Errors
    /// One does not answer.
    pub async fn identities(&self, run: &Run) -> Result<BTreeMap<String, String>> {
        let mut identities = BTreeMap::new();
        for written in &self.stores {
            for pod in &written.pods {
                let identity = match &written.store.speech {
                    Speech::Garage(_) => {
                        let node = garage::Node {
                            run,
                            pod: pod.clone(),
                            container: written.reach.container.clone(),
                        };
                        Some(node.id().await?)
                    }
                    Speech::Postgresql { .. } => written.open(run, pod).await?.system_identifier().await?,
                    Speech::S3 { .. } | Speech::Command { .. } => None,
                };
                identities.extend(identity.map(|identity| (pod.clone(), identity)));
            }
        }
        Ok(identities)
    }
}

impl Written {
    async fn open(&self, run: &Run, pod: &str) -> Result<Connection> {
        Connection::open(run, &self.store, pod, &self.reach).await
    }
}

impl Writing {
    /// Waits until every pod has taken a write once more, where all is said to be well; those that don't are named.
    pub async fn until_all_write(&self, run: &Run, well: bool) -> Vec<String> {
        let mut silent = Vec::new();
        if !well {
            return silent;
        }
        for (store, recorder, _) in &self.loads {
            let before = recorder.counts().borrow().clone();
            for pod in before.endpoints() {
                let before = before.at(pod);
                let told = || async {
                    let counts = recorder.counts();
                    let now = counts.borrow().at(pod);
                    Ok(match now.last_failure {
                        _ if now.acknowledged > before.acknowledged => Progress::Met,
                        Some(failure) => Progress::NotYet(failure.to_string()),
                        None => Progress::NotYet("it has written nothing since".to_owned()),
                    })
                };
                let sentence = format!("{pod} of {store} takes writes again");
                let waited = until_asked(&sentence, run.stretch(WRITES_AGAIN), told).await;
                silent.extend(waited.err().map(|error| error.to_string()));
            }
        }
        silent
    }

    /// Ends the writing; the histories until now are in the stores' order.
    ///
    /// # Errors
    /// A history can't be written, or read.
    pub async fn stop(self) -> Result<Vec<Operations>> {
        let mut histories = Vec::new();
        for (_, recorder, load) in self.loads {
            load.stop().await?;
            histories.push(recorder.operations()?);
        }
        Ok(histories)
    }
}
