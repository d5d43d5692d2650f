//! A program of the control plane is killed, and the kubelet starts it again; or it is frozen for a while.

use std::time::Duration;

use crate::{
    cluster::Node,
    error::{Error, Result},
    wait::{Progress, until_asked},
};

/// How long the kubelet may take to start it again: after a second kill it waits a while.
const RETURN: Duration = Duration::from_secs(90);

/// Proof that a program was killed and runs again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Killed {
    /// The process that was.
    pub before: String,
    /// The process that is.
    pub after: String,
    /// From the kill to the next process.
    pub away: Duration,
}

/// Kills the one process of this name on a node, and waits until there is another.
///
/// # Errors
/// When there is none, or none comes back in time.
pub async fn kill(node: &Node, program: &str) -> Result<Killed> {
    let before = process(node, program)
        .await?
        .ok_or_else(|| Error::environment(format!("no {program} runs on {} to be killed", node.name)))?;
    node.run(&["kill", "-9", &before]).await?;
    let after = std::sync::Mutex::new(String::new());
    let ask = || async {
        Ok(match process(node, program).await? {
            Some(pid) if pid != before => {
                *after.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = pid;
                Progress::Met
            }
            Some(_) => Progress::NotYet("the killed process is still there".to_owned()),
            None => Progress::NotYet("no process".to_owned()),
        })
    };
    let away = until_asked(&format!("{program} runs again on {}", node.name), RETURN, ask).await?;
    let after = after.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(Killed { before, after, away })
}

/// The programs of the control plane that scenarios freeze.
const FROZEN: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];

/// Stops the one process of this name on a node from doing anything, until [`thaw_all`]. After a minute and more the
/// kubelet would start it again.
///
/// # Errors
/// When there is none.
pub async fn freeze(node: &Node, program: &str) -> Result<()> {
    let found = process(node, program).await?;
    let number = found
        .ok_or_else(|| Error::environment(format!("no {program} runs on {} to be frozen", node.name)))?;
    node.run(&["kill", "-STOP", &number]).await.map(drop)
}

/// Lets what was frozen on a node go on.
///
/// # Errors
/// The engine's own.
pub async fn thaw_all(node: &Node) -> Result<()> {
    for program in FROZEN {
        if let Some(number) = process(node, program).await? {
            node.run(&["kill", "-CONT", &number]).await?;
        }
    }
    Ok(())
}

/// The process's number; none when there is no such process, which `pidof` says by its exit code.
async fn process(node: &Node, program: &str) -> Result<Option<String>> {
    let line = format!("pidof -s {program} || true");
    let answer = node.run(&["sh", "-c", &line]).await?;
    Ok(answer.split_whitespace().next().map(str::to_owned))
}
