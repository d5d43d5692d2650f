//! Scripts: what set-up and images need of the shell.

use std::time::Duration;

use camino::Utf8PathBuf;

use external::{Program, Reporter};

use crate::{
    error::{Error, Result, exit},
    home,
    settings::Settings,
};

/// Everything built from source, on a slow machine.
pub(super) const DEADLINE: Duration = Duration::from_secs(90 * 60);

/// Makes this machine ready for clusters of our own: a Docker engine, kind, Helm, images.
///
/// # Errors
/// The script's own, with its exit code.
pub async fn set_up(settings: &Settings, progress: &Reporter) -> Result<()> {
    run(settings, "setup", &[], DEADLINE, progress).await?;
    Ok(())
}

/// A static sentinel for pods of an architecture, as Linux names it (x86_64, aarch64): the one that this program carries, or
/// one that is built from the repository.
///
/// # Errors
/// There is none, and it can't be built here.
pub async fn sentinel(settings: &Settings, architecture: &str, progress: &Reporter) -> Result<Utf8PathBuf> {
    let path = run(settings, "images/sentinel/program", &[architecture], DEADLINE, progress).await?;
    Ok(Utf8PathBuf::from(path.trim_end()))
}

/// Runs a script of ours with these settings, and returns what it prints. What it does goes to `progress`, and why it
/// failed into the error alone.
pub(super) async fn run(
    settings: &Settings,
    script: &str,
    arguments: &[&str],
    deadline: Duration,
    progress: &Reporter,
) -> Result<String> {
    let told = progress.clone();
    let steps = Reporter::new(move |line| {
        if !line.starts_with(ERROR) {
            told.say(line);
        }
    });
    let finished = Program::new(home::root()?.join("scripts").join(script), arguments, deadline)
        .variable("STEADFAST_IMAGE_SOURCE", settings.image_source.to_string())
        .variable("STEADFAST_KUBERNETES_VERSION", &settings.kubernetes_version)
        .variable("STEADFAST_GARAGE_VERSION", &settings.garage_version)
        .variable("STEADFAST_POSTGRES_VERSION", &settings.postgres_version)
        .variable("STEADFAST_CACHE", &settings.cache)
        .reporting(&steps)
        .finish()
        .await?;
    if finished.status.success() {
        return Ok(finished.stdout);
    }
    Err(refusal(&format!("scripts/{script}"), finished.status.code(), &finished.reason()))
}

/// What a script's last line begins with when it fails.
const ERROR: &str = "error: ";

fn refusal(script: &str, code: Option<i32>, said: &str) -> Error {
    let error = said.lines().rev().find_map(|line| line.trim().strip_prefix(ERROR)).unwrap_or(said);
    let known = exit::NO_ENGINE..=exit::TOO_SMALL;
    match code.and_then(|code| u8::try_from(code).ok()) {
        Some(code) if known.contains(&code) => Error::trouble(code, error),
        _ => external::docker::trouble(script, said)
            .unwrap_or_else(|| Error::environment(format!("{script} failed: {said}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_kept_with_the_reason() {
        let refusal = |code, said| refusal("scripts/images/provide", code, said);
        let said = "==> building\nerror: Kubernetes 1.99.0 is not to be had\n    building: failed after 1.000 s (exit code 14)";
        let error = refusal(Some(14), said);
        assert_eq!(
            (error.exit_code(), error.to_string().as_str()),
            (14, "Kubernetes 1.99.0 is not to be had")
        );
        assert_eq!(refusal(Some(1), "cp: no space left on device").exit_code(), exit::TOO_SMALL);
        assert_eq!(refusal(Some(1), "what?").exit_code(), 3);
        assert_eq!(refusal(None, "killed").exit_code(), 3);
    }
}
