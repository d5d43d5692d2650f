//! Volumes that can fail: ext4 on loop devices, in a folder of a node. The node runs `disk.sh`, whatever its image.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use jiff::Timestamp;

use crate::{
    cluster::Node,
    error::{Error, Result},
};

const SCRIPT: &str = include_str!("disk/disk.sh");
/// Where they are on their node.
const FOLDER: &str = "/var/lib/steadfast/disks";

/// A volume of ours on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Where it is.
    pub node: Node,
    /// The namespace that it is for, and its name: `garage-1/data-garage-0`.
    pub name: String,
}

/// Proof that the power was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// From when on nothing more reached a disk: the earliest of the nodes' times, by the clock that they share.
    pub at: Timestamp,
    /// How many processes lost their disk.
    pub users: usize,
}

impl Disk {
    /// Makes a volume of so many MiB on a node, and mounts it.
    ///
    /// # Errors
    /// When no loop device can be had, or there is no room for it.
    pub async fn make(node: &Node, namespace: &str, name: &str, mebibytes: u32) -> Result<Self> {
        let disk = Self::at(node, namespace, name);
        disk.ask(&["make", &disk.name, &mebibytes.to_string()]).await?;
        Ok(disk)
    }

    /// One that was made.
    pub fn at(node: &Node, namespace: &str, name: &str) -> Self {
        Self { node: node.clone(), name: format!("{namespace}/{name}") }
    }

    /// Where it is mounted on its node.
    pub fn path(&self) -> String {
        format!("{FOLDER}/{}", self.name)
    }

    /// Lets it have everything that was written so far.
    ///
    /// # Errors
    /// The node's own.
    pub async fn sync(&self) -> Result<()> {
        self.ask(&["sync", &self.name]).await.map(drop)
    }

    /// Puts an empty file system in its place. Who uses it is killed, and begins anew on that.
    ///
    /// # Errors
    /// The node's own.
    pub async fn empty(&self) -> Result<()> {
        self.ask(&["empty", &self.name]).await.map(drop)
    }

    async fn ask(&self, arguments: &[&str]) -> Result<String> {
        ask(&self.node, arguments).await
    }
}

/// Cuts the power of these disks, all at the same moment: nothing more reaches them, not even what their file systems have in
/// memory. Who uses them goes on for so long without, is killed, and finds afterwards what had reached the disk.
///
/// # Errors
/// When one takes a write after the cut, or does not come back as itself.
pub async fn cut(disks: &[&Disk], linger: Duration) -> Result<Cut> {
    let mut nodes: BTreeMap<&str, (&Node, Vec<&str>)> = BTreeMap::new();
    for disk in disks {
        nodes.entry(&disk.node.name).or_insert((&disk.node, Vec::new())).1.push(&disk.name);
    }
    let linger = linger.as_secs_f64().to_string();
    let cuts = nodes.into_values().map(|(node, names)| {
        let arguments = [&["cut", linger.as_str()], names.as_slice()].concat();
        async move { cut_of(&ask(node, &arguments).await?) }
    });
    let cuts = try_join_all(cuts).await?;
    let at = cuts.iter().map(|cut| cut.at).min().ok_or_else(|| Error::bug("a power cut of no disk"))?;
    Ok(Cut { at, users: cuts.iter().map(|cut| cut.users).sum() })
}

/// What the script says of a cut.
fn cut_of(said: &str) -> Result<Cut> {
    let word = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    let at = word("cut").and_then(|nanoseconds| Timestamp::from_nanosecond(nanoseconds.parse().ok()?).ok());
    let users = word("used").and_then(|count| count.parse().ok());
    match (at, users) {
        (Some(at), Some(users)) => Ok(Cut { at, users }),
        _ => Err(Error::bug(format!("a power cut tells neither when nor whom: {said:?}"))),
    }
}

/// Removes all disks of a namespace from these nodes, whoever uses them.
///
/// # Errors
/// A node's own.
pub async fn remove_all(nodes: &[Node], namespace: &str) -> Result<()> {
    try_join_all(nodes.iter().map(|node| async move { ask(node, &["remove", namespace]).await }))
        .await
        .map(drop)
}

async fn ask(node: &Node, arguments: &[&str]) -> Result<String> {
    node.script("disk", SCRIPT, arguments).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_tells_when_and_whom() {
        let cut = cut_of("cut 1795920000250000000\nused 12\n").unwrap();
        assert_eq!(cut.at, "2026-11-29T02:40:00.25Z".parse().unwrap());
        assert_eq!(cut.users, 12);
        assert!(cut_of("cut 1795920000250000000").unwrap_err().to_string().contains("neither when nor whom"));
    }
}
