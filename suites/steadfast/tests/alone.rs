//! The program by itself: copied into an empty folder, without repository, home or cargo.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers do")]

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::Mutex,
};

/// A program is not run while another thread has it open for writing, and what is started meanwhile has that open as well.
static COPYING: Mutex<()> = Mutex::new(());

struct Alone(PathBuf);

impl Alone {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("steadfast-alone-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("empty")).unwrap();
        let _copying = COPYING.lock();
        std::fs::copy(env!("CARGO_BIN_EXE_steadfast"), folder.join("steadfast")).unwrap();
        Self(folder)
    }

    /// The exit code, and what is said on standard output and standard error.
    fn says(&self, line: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = Command::new(self.0.join("steadfast"));
        command.args(line.split_whitespace()).env_clear().env("HOME", &self.0);
        command.envs(environment.iter().copied()).current_dir(self.0.join("empty"));
        let started = {
            let _copying = COPYING.lock();
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let output = started.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.0.join("empty")).unwrap().count()
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn it_lists_what_there_is_and_touches_nothing() {
    let alone = Alone::new("list");
    let (code, listed, _) = alone.says("run --list ordering::scale", &[]);
    assert_eq!((code, listed.contains("ordering::scale_up::sentinel: test")), (0, true), "{listed}");
    assert!(!listed.contains("identity::"), "{listed}");
    let (code, listed, _) = alone.says("run --list --exact ordering::scale_up::sentinel --skip garage", &[]);
    assert_eq!((code, listed.matches(": test").count()), (0, 1), "{listed}");
    assert_eq!((alone.files(), alone.0.join(".cache").exists()), (0, false));
}

#[test]
fn what_can_not_be_run_is_said_at_once() {
    let alone = Alone::new("refused");
    for (line, environment, code, words) in [
        ("run tpyo", None, 4, "no scenario matches tpyo"),
        ("run --skip ::", None, 4, "0 scenarios"),
        ("run", Some(("STEADFAST_NODE", "1")), 17, "the nearest is STEADFAST_NODES"),
        ("run ordering", Some(("STEADFAST_CONFIG", "no.toml")), 17, "there is no file no.toml"),
    ] {
        let (ended, _, said) = alone.says(line, environment.as_slice());
        assert_eq!((ended, said.contains(words)), (code, true), "{line}: {said}");
    }
    assert_eq!(alone.files(), 0);
}
