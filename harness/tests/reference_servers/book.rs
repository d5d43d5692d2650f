//! What clients of a server are to do, and the history of what they did.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness::{
    Result,
    history::{Checker, Judgement, Operations, check::Kind, generate::Work},
    load::{Client, Plan, Recorder},
};

/// How long what takes several calls may take.
pub const LONG: Duration = Duration::from_secs(60);

/// What a checker says, kind by kind and key by key.
pub fn kinds(judgement: &Judgement) -> Vec<Kind> {
    judgement.anomalies.iter().map(|anomaly| anomaly.kind).collect()
}

/// How many operations came to this.
pub fn count(judgement: &Judgement, name: &str) -> u64 {
    judgement.counts.iter().find(|count| count.name == name).map_or(0, |count| count.value)
}

/// Clients of one endpoint each, as many as there are works for it, that never rest.
pub fn plan(clients: impl IntoIterator<Item = (&'static str, Vec<Work>)>) -> Plan {
    let client = |(endpoint, works): (&str, Vec<Work>)| Client { endpoint: endpoint.to_owned(), works };
    Plan { clients: clients.into_iter().map(client).collect(), pace: Duration::ZERO, budget: LONG }
}

/// Tries until it works: a server that has just started refuses for a moment.
pub async fn soon<T, F: Future<Output = Result<T>>>(attempt: impl Fn() -> F) -> T {
    let tries = async {
        loop {
            match attempt().await {
                Ok(done) => return done,
                Err(error) => tracing::debug!(%error, "not yet"),
            }
            tokio::task::yield_now().await;
        }
    };
    let Ok(done) = tokio::time::timeout(LONG, tries).await else {
        panic!(
            "not within {LONG:?}: {}",
            attempt().await.err().map_or("now it is".to_owned(), |e| e.to_string())
        );
    };
    done
}

/// A history in the temporary directory; its file goes with it.
pub struct Book {
    pub recorder: Recorder,
    path: Utf8PathBuf,
}

impl Book {
    pub fn new(name: &str) -> Self {
        let run = format!("{name}-{}", std::process::id());
        let path = Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{run}.jsonl"));
        let _ = std::fs::remove_file(&path);
        Self { recorder: Recorder::create(&path, &run, 1, str::to_owned).unwrap(), path }
    }

    pub fn operations(&self) -> Operations {
        let operations = self.recorder.operations().unwrap();
        assert_eq!(Operations::read(&self.path).unwrap(), operations);
        operations
    }

    pub fn judged(&self, checker: &Checker) -> Judgement {
        checker.judge(&self.operations())
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
