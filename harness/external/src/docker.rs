//! The Docker engine, through its command line: `DOCKER_HOST` and contexts then work as the user has them.

use std::{io::ErrorKind, time::Duration};

use crate::error::{Error, Result, exit};
use crate::process::{Finished, Program};

/// For calls that only ask, or act on one container.
pub const QUICK: Duration = Duration::from_secs(60);

/// Runs `docker` and returns what it wrote.
///
/// # Errors
/// No engine, a full disk, a refused privileged container, or what the command line said.
pub async fn docker(arguments: &[&str], deadline: Duration) -> Result<String> {
    let finished =
        Program::new("docker", arguments, deadline).finish().await.map_err(|error| match error {
            Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => Error::trouble(
                exit::NO_ENGINE,
                "there is no docker on the PATH: install Docker, or run `steadfast setup` (scripts/setup) as root on Debian",
            ),
            error => error,
        })?;
    if finished.status.success() { Ok(finished.stdout) } else { Err(refusal(arguments, &finished)) }
}

fn refusal(arguments: &[&str], finished: &Finished) -> Error {
    let said = finished.reason();
    let doing = format!("docker {}", arguments.join(" "));
    trouble(&doing, &said)
        .unwrap_or_else(|| Error::environment(format!("{doing}: {}: {said}", finished.status)))
}

/// The trouble that the engine's words tell of, if it is one that a user can end.
pub fn trouble(doing: &str, said: &str) -> Option<Error> {
    let lower = said.to_lowercase();
    let speaks = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if speaks(&[
        "cannot connect to the docker daemon",
        "error during connect",
        "is the docker daemon running",
    ]) {
        let hint =
            "start Docker, set DOCKER_HOST, or run `steadfast setup` (scripts/setup) as root on Debian";
        Some(Error::trouble(exit::NO_ENGINE, format!("no Docker engine answers: {hint} ({doing}: {said})")))
    } else if speaks(&["permission denied while trying to connect"]) {
        let hint = "join the group docker, or use an engine of your own";
        Some(Error::trouble(exit::NO_ENGINE, format!("the Docker engine refuses this user: {hint} ({said})")))
    } else if speaks(&["no space left on device", "disk quota exceeded"]) {
        let hint = "free some disk (docker system df shows what Docker uses) and run again";
        Some(Error::trouble(exit::TOO_SMALL, format!("the disk is full: {hint} ({doing}: {said})")))
    } else if speaks(&["unable to apply caps", "privileged mode is"]) {
        let hint = "kind needs privileged containers; use an engine that runs them";
        Some(Error::trouble(
            exit::UNPRIVILEGED,
            format!("the Docker engine refuses privileged containers: {hint} ({said})"),
        ))
    } else {
        None
    }
}

/// The ids of the containers with this label, running or not.
///
/// # Errors
/// As [`docker()`].
pub async fn labelled(label: &str) -> Result<Vec<String>> {
    let found = docker(&["ps", "-aq", "--no-trunc", "--filter", &format!("label={label}")], QUICK).await?;
    Ok(found.lines().map(str::to_owned).collect())
}

/// Removes containers with their anonymous volumes.
///
/// # Errors
/// As [`docker()`].
pub async fn remove(ids: &[String]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["rm", "--force", "--volumes"];
    arguments.extend(ids.iter().map(String::as_str));
    match docker(&arguments, Duration::from_secs(180)).await {
        // Another process was faster, or is at it.
        Err(Error::Environment { message, .. })
            if message.contains("No such container") || message.contains("already in progress") =>
        {
            Ok(())
        }
        result => result.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_are_told_apart() {
        let code = |said: &str| trouble("docker run", said).map(|error| error.exit_code());
        assert_eq!(
            code(
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
            ),
            Some(exit::NO_ENGINE)
        );
        assert_eq!(
            code("permission denied while trying to connect to the Docker daemon socket"),
            Some(exit::NO_ENGINE)
        );
        assert_eq!(code("write /blob: no space left on device"), Some(exit::TOO_SMALL));
        assert_eq!(
            code("OCI runtime create failed: unable to apply caps: operation not permitted"),
            Some(exit::UNPRIVILEGED)
        );
        assert_eq!(code("No such image: a"), None);
    }
}
