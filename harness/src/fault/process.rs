//! A program of Kubernetes' own is killed, and started again; or it is frozen for a while.

use std::time::{Duration, Instant};

use crate::{
    cluster::Node,
    error::{Error, Result},
    wait::until_answered,
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
    let killed = Instant::now();
    let ask = || async {
        match process(node, program).await? {
            Some(number) if number != before => Ok(number),
            Some(_) => Err(Error::environment("the killed process is still there")),
            None => Err(Error::environment(format!(
                "pidof finds no {program} on {} since process {before} was killed; its static pod may wait in back-off: see the kubelet's log there (journalctl -u kubelet)",
                node.name
            ))),
        }
    };
    let after = until_answered(&format!("{program} runs again on {}", node.name), RETURN, ask).await?;
    Ok(Killed { before, after, away: killed.elapsed() })
}

/// The programs that are frozen.
const FROZEN: [&str; 3] = ["kube-controller-manager", "kube-scheduler", "kubelet"];
/// Lets each of these go on that runs.
const THAW: &str = r#"for number in $(pidof "$@"); do kill -CONT "$number"; done"#;

/// Stops the one process of this name on a node from doing anything, until [`thaw_all`]. After a minute and more the
/// kubelet would start a program of the control plane again.
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
    node.script("thaw", THAW, &FROZEN).await.map(drop)
}

/// The process's number; none when there is no such process, which `pidof` says by its exit code.
async fn process(node: &Node, program: &str) -> Result<Option<String>> {
    let line = format!("pidof -s {program} || true");
    let answer = node.run(&["sh", "-c", &line]).await?;
    Ok(answer.split_whitespace().next().map(str::to_owned))
}
