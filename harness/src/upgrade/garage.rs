//! Garage by its own program in the pod: charts need not show the admin API, nor its token.

use std::time::Duration;

use crate::{
    Secret,
    cluster::exec,
    error::{Error, Result},
    runner::Run,
    wait::{Progress, until_answered, until_asked},
    workload::garage::{BUCKET, answers::AccessKey},
};

/// How long one command may take: Garage's own calls between nodes may take 10 s.
const CALL: Duration = Duration::from_secs(30);
/// Nodes look for each other once a minute.
const ACQUAINTED: Duration = Duration::from_secs(150);
const PROGRAM: &str = "/garage";

/// A node's program in its pod.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// The run.
    pub run: &'a Run,
    /// The pod.
    pub pod: String,
    /// Its container.
    pub container: String,
}

impl Node<'_> {
    async fn garage(&self, arguments: &[&str]) -> Result<String> {
        let argv = [&[PROGRAM], arguments].concat();
        let (client, namespace) = (self.run.streams(), self.run.namespace());
        let output = exec(client, namespace, &self.pod, &self.container, &argv, CALL).await?;
        if output.code == 0 {
            return Ok(output.stdout);
        }
        let said = output.stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        Err(Error::failed(format!(
            "garage {} in {}: exit code {}: {said}",
            arguments.join(" "),
            self.pod,
            output.code
        )))
    }

    /// The node's id.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn id(&self) -> Result<String> {
        let said = self.garage(&["node", "id", "--quiet"]).await?;
        Ok(said.trim().split('@').next().unwrap_or_default().to_owned())
    }

    /// How many nodes it calls healthy.
    async fn healthy(&self) -> Result<usize> {
        Ok(healthy_in(&self.garage(&["status"]).await?))
    }
}

/// Makes these nodes one store, with a bucket and a key: once, whoever asks.
///
/// # Errors
/// The nodes do not find each other, or refuse.
pub async fn initialise(run: &Run, nodes: &[Node<'_>]) -> Result<AccessKey> {
    let first = nodes.first().ok_or_else(|| Error::bug("a store without nodes"))?;
    let mut ids = Vec::new();
    for node in nodes {
        let sentence = format!("{} says its id", node.pod);
        ids.push(until_answered(&sentence, run.stretch(CALL), || node.id()).await?);
    }
    let acquainted = || async {
        let healthy = first.healthy().await?;
        Ok(if healthy >= nodes.len() {
            Progress::Met
        } else {
            Progress::NotYet(format!("{} knows {healthy} of {} nodes", first.pod, nodes.len()))
        })
    };
    until_asked("every node knows every other", run.stretch(ACQUAINTED), acquainted).await?;
    if version_in(&first.garage(&["layout", "show"]).await?) == Some(0) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        first
            .garage(&[&["layout", "assign", "--zone", "dc1", "--capacity", "10G"], &ids[..]].concat())
            .await?;
        first.garage(&["layout", "apply", "--version", "1"]).await?;
    }
    let quorum = || first.garage(&["bucket", "list"]);
    until_answered("the nodes have a quorum", run.stretch(ACQUAINTED), quorum).await?;
    let key = key_in(&first.garage(&["key", "create", "steadfast"]).await?)?;
    run.keep_secret(key.secret.reveal());
    first.garage(&["bucket", "create", BUCKET]).await?;
    first.garage(&["bucket", "allow", "--read", "--write", "--owner", BUCKET, "--key", &key.id]).await?;
    Ok(key)
}

/// The nodes under the heading of the healthy ones: each has an id of 16 hexadecimal digits.
fn healthy_in(status: &str) -> usize {
    let lines = status.lines().skip_while(|line| !line.contains("HEALTHY NODES")).skip(1);
    let healthy = lines.take_while(|line| !line.starts_with("===="));
    let is_id = |word: &str| word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    healthy.filter(|line| line.split_whitespace().next().is_some_and(is_id)).count()
}

/// `Current cluster layout version: 0`
fn version_in(layout: &str) -> Option<u64> {
    let line = layout.lines().find(|line| line.to_lowercase().contains("layout version:"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

/// `Key ID: GK…` and `Secret key: …`
fn key_in(said: &str) -> Result<AccessKey> {
    let after = |name: &str| {
        said.lines().find_map(|line| line.trim().strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    match (after("Key ID:"), after("Secret key:")) {
        (Some(id), Some(secret)) => Ok(AccessKey { id, secret: Secret::new(secret) }),
        // What it said may hold the secret.
        _ => Err(Error::bug("garage key create: expected a line `Key ID:` and a line `Secret key:`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garages_own_words_are_understood() {
        let status = "==== HEALTHY NODES ====
ID                Hostname  Address           Tags  Zone  Capacity          DataAvail  Version
563e1ac825ee3323  garage-1  10.244.1.5:3901               NO ROLE ASSIGNED             v2.5.0
86f0f26ae4afbd59  garage-0  10.244.1.6:3901               NO ROLE ASSIGNED             v2.5.0

==== FAILED NODES ====
aaaaaaaaaaaaaaaa  garage-2
";
        assert_eq!(healthy_in(status), 2);
        assert_eq!(
            version_in("==== CURRENT CLUSTER LAYOUT ====\nNo nodes\n\nCurrent cluster layout version: 0\n"),
            Some(0)
        );
        assert_eq!(
            key_in("==== ACCESS KEY INFORMATION ====\nKey ID:              GK1\nSecret key:          abc\n")
                .unwrap()
                .id,
            "GK1"
        );
        assert!(key_in("no").is_err());
    }
}
