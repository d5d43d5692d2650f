//! Other programs: each has a deadline, and none outlives our interest in it.

use std::{
    ffi::OsStr,
    fs::File,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::Command,
};

use crate::{
    error::{Error, Result},
    reporter::Reporter,
};

/// A program that set-up put into the cache, otherwise the one on the PATH; `code` is the exit code where there is none.
///
/// # Errors
/// There is none.
pub fn find_program(cache: &Utf8Path, name: &str, code: u8) -> Result<Utf8PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').filter(|folder| !folder.is_empty()).map(Utf8PathBuf::from);
    std::iter::once(cache.join("bin"))
        .chain(folders)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .ok_or_else(|| {
            let place = cache.join("bin");
            Error::trouble(
                code,
                format!(
                    "there is no {name} in {place} or on the PATH: run `steadfast setup` (scripts/setup)"
                ),
            )
        })
}

/// A program to be run.
pub struct Program {
    command: Command,
    line: String,
    deadline: Duration,
    progress: Reporter,
}

/// What a program left.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Finished {
    /// The last lines of standard error, where the reason stands.
    pub fn reason(&self) -> String {
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}

impl Program {
    /// A program with its arguments, and the time that it has.
    pub fn new<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S], deadline: Duration) -> Self {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C at the terminal reaches us alone, and we end it with all its children.
        command.process_group(0).kill_on_drop(true);
        let mut line = program.as_ref().to_string_lossy().into_owned();
        for argument in arguments {
            line.push(' ');
            line.push_str(&argument.as_ref().to_string_lossy());
        }
        Self { command, line, deadline, progress: Reporter::silent() }
    }

    /// Sets a variable of its environment.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Passes standard error on, line by line.
    pub fn reporting(mut self, progress: &Reporter) -> Self {
        self.progress = progress.clone();
        self
    }

    /// Hands our lock to the program, as its standard input: if we are killed, the lock stays with it until it
    /// has ended as well.
    ///
    /// # Errors
    /// The handle can't be copied.
    pub fn holding(mut self, lock: &File) -> Result<Self> {
        let copy = lock.try_clone().map_err(Error::io("copying the handle of a lock"))?;
        self.command.stdin(copy);
        Ok(self)
    }

    /// Runs it to its end, whatever its exit code.
    ///
    /// # Errors
    /// It can't be started, or does not end in its time.
    pub async fn finish(mut self) -> Result<Finished> {
        let mut child = self.command.spawn().map_err(Error::io(format!("starting {}", self.line)))?;
        let mut group = Group(child.id());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (stdout, stderr) = tokio::try_join!(read(stdout), pass_on(stderr, &self.progress))?;
            let status = child.wait().await?;
            Ok::<_, std::io::Error>(Finished { status, stdout, stderr })
        };
        let finished = crate::error::within(
            self.deadline,
            &self.line,
            work,
            Error::io(format!("running {}", self.line)),
        )
        .await?;
        group.0 = None;
        Ok(finished)
    }
}

/// The process group of a program; what of it still runs is killed when this is dropped.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            let kill = format!("kill -9 -{leader} 2>/dev/null");
            // There is nothing to be done about a kill that fails: then there was nothing left to kill.
            drop(std::process::Command::new("sh").args(["-c", &kill]).stdin(Stdio::null()).status());
        }
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn pass_on(stream: Option<impl AsyncRead + Unpin>, progress: &Reporter) -> std::io::Result<String> {
    let mut all = String::new();
    let Some(stream) = stream else { return Ok(all) };
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let text = String::from_utf8_lossy(&line);
        progress.say(text.trim_end());
        all.push_str(&text);
        line.clear();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Instant,
    };

    use super::*;

    fn sh(script: &str, deadline: Duration) -> Program {
        Program::new("sh", &["-c", script], deadline)
    }

    #[tokio::test]
    async fn what_a_program_says_is_kept_and_passed_on() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let progress = Reporter::new(move |line| sender.send(line.to_owned()).unwrap());
        let program = sh("echo out; echo one >&2; echo two >&2; exit 14", Duration::from_secs(10));
        let finished = program.reporting(&progress).finish().await.unwrap();
        assert_eq!(finished.status.code(), Some(14));
        assert_eq!((finished.stdout.as_str(), finished.reason().as_str()), ("out\n", "one\ntwo"));
        drop(progress);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["one", "two"]);
    }

    #[tokio::test]
    async fn a_deadline_ends_a_program_with_its_children() {
        let begun = Instant::now();
        let folder = tempfile_folder();
        // The grandchild would write its file if it lived on.
        let script = format!("(sleep 1; touch {}/alive) & sleep 60", folder.display());
        let error = sh(&script, Duration::from_millis(200)).finish().await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(10));
        crate::wait::pause(Duration::from_millis(1300)).await;
        assert!(!folder.join("alive").exists());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_lock_lives_as_long_as_the_program_that_holds_it() {
        let folder = tempfile_folder();
        let path = folder.join("lock");
        let lock = File::create(&path).unwrap();
        lock.lock().unwrap();
        let program =
            sh("echo begun >&2; read line; sleep 60", Duration::from_secs(60)).holding(&lock).unwrap();
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let progress = Reporter::new(move |_| sender.try_send(()).unwrap());
        let running = tokio::spawn(program.reporting(&progress).finish());
        receiver.recv().await.unwrap();
        drop(lock);
        let other = File::open(&path).unwrap();
        assert!(other.try_lock().is_err(), "the program still holds it");
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        other.lock().unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }

    fn tempfile_folder() -> std::path::PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("steadfast-process-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }
}
