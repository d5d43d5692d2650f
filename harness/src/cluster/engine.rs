//! What the engine is, and what the machine behind it lacks. Asked from a container, because the engine may run
//! on another machine than we do.

use std::time::Duration;

use serde::Deserialize;

use super::docker::docker;
use crate::error::{Error, Result, exit};

const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// The engine, as it describes itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Engine {
    /// Its version.
    #[serde(default)]
    pub server_version: String,
    /// `1` or `2`.
    #[serde(default)]
    pub cgroup_version: String,
    /// Where it keeps its data.
    #[serde(default)]
    pub docker_root_dir: String,
    #[serde(default)]
    server_errors: Option<Vec<String>>,
}

/// What a node will find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Kubelets from 1.35 on refuse it unless told not to.
    pub cgroup_v1: bool,
    /// `CAP_SYS_RESOURCE`: a kubelet without it cannot set `oom_score_adj`.
    pub can_raise_limits: bool,
    /// Whether it is the machine that we run on.
    pub ours: bool,
}

impl Engine {
    /// Asks the engine.
    ///
    /// # Errors
    /// No engine answers.
    pub async fn ask() -> Result<Self> {
        let answer = docker(&["info", "--format", "{{json .}}"], Duration::from_secs(20)).await?;
        let engine: Self = serde_json::from_str(&answer)
            .map_err(|error| Error::environment(format!("docker info answered no JSON: {error}")))?;
        match engine.server_errors.as_deref() {
            None | Some([]) => Ok(engine),
            Some(errors) => {
                let said = errors.join("; ");
                Err(super::docker::trouble("docker info", &said)
                    .unwrap_or_else(|| Error::trouble(exit::NO_ENGINE, format!("docker info: {said}"))))
            }
        }
    }

    /// Runs a privileged container of this image, which also proves that the engine can.
    ///
    /// # Errors
    /// Privileged containers are refused, or do not run.
    pub async fn machine(&self, image: &str) -> Result<Machine> {
        let files = ["/proc/self/status", BOOT];
        let arguments = ["run", "--rm", "--privileged", "--network=none", "--entrypoint=cat", image];
        let arguments = [&arguments[..], &files].concat();
        let told = docker(&arguments, Duration::from_secs(60)).await.map_err(|error| match error {
            Error::Environment { message, code } if code == Error::environment("").exit_code() => {
                let hint = "kind needs privileged containers; use an engine that runs them";
                Error::trouble(
                    exit::UNPRIVILEGED,
                    format!("the Docker engine does not run a privileged container: {hint} ({message})"),
                )
            }
            error => error,
        })?;
        let can_raise_limits = can_raise_limits(&told)
            .ok_or_else(|| Error::environment("/proc/self/status in a container has no line CapBnd"))?;
        // A kernel's own number since its start, in containers as well.
        let ours = std::fs::read_to_string(BOOT).is_ok_and(|ours| told.ends_with(&ours));
        Ok(Machine { cgroup_v1: self.cgroup_version == "1", can_raise_limits, ours })
    }
}

/// Whether the bounding set in a `/proc/self/status` has `CAP_SYS_RESOURCE`.
fn can_raise_limits(status: &str) -> Option<bool> {
    const CAP_SYS_RESOURCE: u32 = 24;
    let set = status.lines().find_map(|line| line.strip_prefix("CapBnd:"))?;
    let set = u64::from_str_radix(set.trim(), 16).ok()?;
    Some(set & (1 << CAP_SYS_RESOURCE) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capability_is_read_from_the_bounding_set() {
        assert_eq!(can_raise_limits("Name:\tcat\nCapBnd:\t000001fffeffffff\n"), Some(false));
        assert_eq!(can_raise_limits("CapBnd:\t000001ffffffffff\n"), Some(true));
        assert_eq!(can_raise_limits("CapEff:\t000001ffffffffff\n"), None);
    }
}
