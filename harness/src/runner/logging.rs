//! `run.log`: what a run has to say besides its results. Secrets never reach it.

use std::{
    collections::HashSet,
    fs::File,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use camino::Utf8Path;
use tracing::{Level, Metadata, Subscriber, callsite::Identifier};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt::{self, MakeWriter, writer::OptionalWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::evidence::Secrets;
use crate::{
    error::{Error, Result},
    report::screen::Screen,
};

/// The log's name in the run's directory.
pub const FILE: &str = "run.log";
/// Our crates.
const OURS: [&str; 7] = ["chart", "explain", "external", "harness", "record", "steadfast", "suites"];

/// Begins the log of a run, from here to the end of the process.
///
/// # Errors
/// When the file can't be made, or the process logs somewhere else already.
pub(super) fn start(directory: &Utf8Path, secrets: &Secrets, progress: &Screen) -> Result<()> {
    let path = directory.join(FILE);
    let file = File::create(&path).map_err(Error::io(format!("making {path}")))?;
    let started = subscriber(file, secrets, progress).try_init();
    started.map_err(|error| Error::bug(format!("beginning {path}: {error}")))
}

fn subscriber(
    out: impl Write + Send + 'static,
    secrets: &Secrets,
    progress: &Screen,
) -> impl Subscriber + Send + Sync + 'static {
    // Everything of ours, and what others warn of; RUST_LOG may ask for more.
    let default = || EnvFilter::new(format!("warn,{}=debug", OURS.join("=debug,")));
    let levels = EnvFilter::try_from_default_env().unwrap_or_else(|_| default());
    let out = Mutex::new(Redacted { out, secrets: secrets.clone() });
    let file = fmt::layer().with_ansi(false).with_writer(out).with_filter(levels);
    let told = Told { progress: progress.clone(), secrets: secrets.clone(), before: Arc::default() };
    let console = fmt::layer().with_ansi(false).with_target(false).with_level(false).without_time();
    let console = console.with_writer(told).with_filter(filter_fn(is_for_the_user));
    tracing_subscriber::registry().with(file).with(console)
}

/// Our own errors are what somebody has to act on: a cluster that could not be removed. A warning may be a fault that the
/// scenario made, and dependencies return what they log.
fn is_for_the_user(metadata: &Metadata<'_>) -> bool {
    let krate = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() == Level::ERROR && OURS.contains(&krate)
}

/// Passes on what it is given, a whole event at a time, without the secrets.
struct Redacted<W> {
    out: W,
    secrets: Secrets,
}

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = self.secrets.redact(&String::from_utf8_lossy(event));
        self.out.write_all(text.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Tells the console the first event of each place in the code; the log has them all.
struct Told {
    progress: Screen,
    secrets: Secrets,
    before: Arc<Mutex<HashSet<Identifier>>>,
}

impl MakeWriter<'_> for Told {
    type Writer = OptionalWriter<Redacted<Message>>;

    fn make_writer(&self) -> Self::Writer {
        let message = Message(self.progress.clone());
        OptionalWriter::some(Redacted { out: message, secrets: self.secrets.clone() })
    }

    fn make_writer_for(&self, metadata: &Metadata<'_>) -> Self::Writer {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if before.insert(metadata.callsite()) { self.make_writer() } else { OptionalWriter::none() }
    }
}

/// A line of the console.
struct Message(Screen);

impl Write for Message {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        self.0.tell(&format!("{} ({FILE} has more)", String::from_utf8_lossy(event).trim()));
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{page::Page, screen::Event};

    /// What is in the log, and what is on the console.
    fn logged(events: impl FnOnce(&Screen)) -> (String, String) {
        let (file, console, secrets) = (Page::default(), Page::default(), Secrets::default());
        secrets.keep("hunter2-hunter2");
        let progress = Screen::in_lines(Box::new(console.clone()), 1);
        let subscriber = subscriber(file.clone(), &secrets, &progress);
        tracing::subscriber::with_default(subscriber, || events(&progress));
        (file.text(), console.text())
    }

    #[test]
    fn no_secret_reaches_the_log_or_the_console() {
        let (file, console) = logged(|progress| {
            tracing::debug!(password = "hunter2-hunter2", "connecting with hunter2-hunter2");
            tracing::error!("base64 is no secret-keeping either: aHVudGVyMi1odW50ZXIy");
            progress.send(Event::Message("hunter2-hunter2 was refused".into()));
        });
        assert!(file.contains("connecting with [redacted]") && file.contains("either: [redacted]"), "{file}");
        assert!(file.contains("[redacted] was refused"), "{file}");
        for secret in ["hunter2", "aHVudGVyMi1odW50ZXIy"] {
            assert!(!file.contains(secret), "{file}");
        }
        assert!(console.contains("either: [redacted] (run.log has more)"), "{console}");
    }

    #[test]
    fn ours_is_logged_at_length_and_of_others_what_is_wrong() {
        let (file, console) = logged(|_| {
            tracing::debug!("ours");
            tracing::info!(target: "hyper", "theirs");
            tracing::warn!(target: "kube_client", "their warning");
            tracing::error!(target: "kube_client", "their error");
        });
        for line in ["DEBUG harness::runner::logging::tests: ours", "WARN kube_client: their warning"] {
            assert!(file.contains(line), "{file}");
        }
        assert!(!file.contains("theirs") && console.is_empty(), "{file}{console}");
    }

    #[test]
    fn the_console_is_told_of_an_error_once_and_not_of_warnings() {
        let (file, console) = logged(|_| {
            for attempt in 0..3 {
                tracing::error!(attempt, "the cluster stays");
                tracing::warn!("listing again");
            }
        });
        assert_eq!(file.matches("the cluster stays").count(), 3, "{file}");
        assert_eq!(console.matches("the cluster stays").count(), 1, "{console}");
        assert!(!console.contains("listing"), "{console}");
    }
}
