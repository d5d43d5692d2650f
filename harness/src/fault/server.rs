//! The server of a pod is killed, or stands still.

use jiff::Timestamp;

use super::said::{moment, number};
use crate::{
    cluster::Node,
    error::{Error, Result},
};

const SCRIPT: &str = include_str!("server/server.sh");

/// Proof that a signal reached a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signalled {
    /// Its process, as the node numbers it.
    pub process: u32,
    /// When it was sent, by the clock of what is recorded.
    pub at: Timestamp,
}

/// Kills the first process of a container (its id is the runtime's own): all others of it end with it.
///
/// # Errors
/// When it has none on this node, or it does not end.
pub async fn kill(node: &Node, container: &str) -> Result<Signalled> {
    signalled(&ask(node, &["kill", container]).await?)
}

/// Lets all processes of a container stand still, until [`resume_all`].
///
/// # Errors
/// When it has none on this node, or it does not stop.
pub async fn stop(node: &Node, container: &str) -> Result<Signalled> {
    signalled(&ask(node, &["stop", container]).await?)
}

/// Lets every process of every container on a node go on.
///
/// # Errors
/// The engine's own.
pub async fn resume_all(node: &Node) -> Result<()> {
    ask(node, &["resume"]).await.map(drop)
}

async fn ask(node: &Node, arguments: &[&str]) -> Result<String> {
    node.script("server", SCRIPT, arguments).await
}

/// What the script says of a signal.
fn signalled(said: &str) -> Result<Signalled> {
    match (number("process", said), moment("at", said)) {
        (Ok(process), Ok(at)) => Ok(Signalled { process, at }),
        _ => Err(Error::bug(format!("a signal tells neither when nor whom: {said:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_tells_when_and_whom() {
        let signal = signalled("at 1795920000250000000\nprocess 4711\n").unwrap();
        let expected = crate::clock::of_wall("2026-11-29T02:40:00.25Z".parse().unwrap());
        assert_eq!(signal.process, 4711);
        assert!(signal.at.duration_since(expected).abs().as_millis() < 200, "{}", signal.at);
        assert!(
            signalled("at 1795920000250000000").unwrap_err().to_string().contains("neither when nor whom")
        );
    }
}
