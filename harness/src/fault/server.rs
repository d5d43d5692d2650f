//! The server in a container is killed, or stopped and let go on, as its node does it: no grace, no hook, no signal that it could
//! catch.

use std::time::Duration;

use crate::{
    cluster::Node,
    error::{Error, Result},
    wait::until_answered,
};

/// Prints the number of the first process of each container of a pod, but the one that holds its namespaces.
const FIRST_PROCESSES: &str = r#"
uid=$1
for process in /proc/[0-9]*; do
  grep -qsE "pod($uid|$(echo "$uid" | tr - _))" "$process/cgroup" || continue
  [ "$(awk '/^NSpid:/ {print $NF}' "$process/status")" = 1 ] || continue
  [ "$(cat "$process/comm")" = pause ] || basename "$process"
done
"#;
/// How long a killed process may take to be gone.
const GONE: Duration = Duration::from_secs(10);

/// Kills the servers of a pod: SIGKILL to the first process of each of its containers. Returns their numbers, when they are gone.
///
/// # Errors
/// When there is none, or one stays.
pub async fn kill(node: &Node, uid: &str) -> Result<Vec<String>> {
    let processes = running(node, uid).await?;
    signal(node, &processes, "-KILL").await?;
    let gone = async || {
        let left = first_processes(node, uid).await?;
        match left.iter().find(|process| processes.contains(process)) {
            Some(process) => Err(Error::environment(format!("process {process} is still there"))),
            None => Ok(()),
        }
    };
    until_answered(&format!("the killed servers of pod {uid} are gone"), GONE, gone).await?;
    Ok(processes)
}

/// Stops the servers of a pod from doing anything, until [`go_on`]. Returns their numbers.
///
/// # Errors
/// When there is none, or one is not stopped.
pub async fn stop(node: &Node, uid: &str) -> Result<Vec<String>> {
    let processes = running(node, uid).await?;
    signal(node, &processes, "-STOP").await?;
    for process in &processes {
        let state = node.script("state", "awk '/^State:/ {print $2}' /proc/$1/status", &[process]).await?;
        if state.trim() != "T" {
            return Err(Error::environment(format!(
                "process {process} on {} is not stopped: {state}",
                node.name
            )));
        }
    }
    Ok(processes)
}

/// Lets stopped servers go on.
///
/// # Errors
/// The engine's own.
pub async fn go_on(node: &Node, processes: &[String]) -> Result<()> {
    signal(node, processes, "-CONT").await
}

async fn signal(node: &Node, processes: &[String], signal: &str) -> Result<()> {
    let numbers = processes.iter().map(String::as_str);
    let argv: Vec<&str> = ["kill", signal].into_iter().chain(numbers).collect();
    node.run(&argv).await.map(drop)
}

async fn running(node: &Node, uid: &str) -> Result<Vec<String>> {
    match first_processes(node, uid).await? {
        none if none.is_empty() => {
            Err(Error::environment(format!("no server of pod {uid} runs on {} to be hurt", node.name)))
        }
        found => Ok(found),
    }
}

async fn first_processes(node: &Node, uid: &str) -> Result<Vec<String>> {
    let found = node.script("servers", FIRST_PROCESSES, &[uid]).await?;
    Ok(found.split_whitespace().map(str::to_owned).collect())
}
