//! Volumes that can fail: ext4 on loop devices, in a folder of a node. The node runs `disk.sh`, whatever its image.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use jiff::Timestamp;

use super::said::{moment, number};
use crate::{
    cluster::Node,
    error::{Error, Result},
};

const SCRIPT: &str = include_str!("disk/disk.sh");
/// Where they are on their node.
const FOLDER: &str = "/var/lib/steadfast/disks";

/// What a server says that finds no room.
pub const NO_ROOM: &str = "No space left on device";

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
    /// Until when all that was written could reach its disk: the earliest of the nodes' times, by the clock of what is recorded.
    pub begun: Timestamp,
    /// From when on nothing more reached a disk of one.
    pub at: Timestamp,
    /// Until when those who used them went on without.
    pub until: Timestamp,
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

    /// Mounts it, where it is not: its node was restarted.
    ///
    /// # Errors
    /// When no loop device can be had.
    pub async fn attach(&self) -> Result<()> {
        self.ask(&["attach", &self.name]).await.map(drop)
    }

    /// Puts an empty file system in its place. Who uses it is killed, and begins anew on that.
    ///
    /// # Errors
    /// The node's own.
    pub async fn empty(&self) -> Result<()> {
        self.ask(&["empty", &self.name]).await.map(drop)
    }

    /// Takes all the room that is left, until [`Disk::free`]; gives how many bytes that was.
    ///
    /// # Errors
    /// When it takes a write afterwards.
    pub async fn fill(&self) -> Result<u64> {
        number("taken", &self.ask(&["fill", &self.name]).await?)
    }

    /// Gives the room back; gives how many bytes may be written then.
    ///
    /// # Errors
    /// The node's own.
    pub async fn free(&self) -> Result<u64> {
        number("room", &self.ask(&["free", &self.name]).await?)
    }

    /// Gives it so many MiB more; who uses it is killed. Gives how many bytes may be written then.
    ///
    /// # Errors
    /// When its file system does not grow.
    pub async fn grow(&self, mebibytes: u32) -> Result<u64> {
        number("room", &self.ask(&["grow", &self.name, &mebibytes.to_string()]).await?)
    }

    /// Lets its file system take no more writes, as after an error that it met, until [`Disk::renew`]; gives from when on, by
    /// its node's clock.
    ///
    /// # Errors
    /// When it takes a write afterwards.
    pub async fn abort(&self) -> Result<Timestamp> {
        moment("at", &self.ask(&["abort", &self.name]).await?)
    }

    /// Mounts it anew, so that it takes writes again; who uses it is killed. Gives from when on, by its node's clock.
    ///
    /// # Errors
    /// When it does not come back as itself.
    pub async fn renew(&self) -> Result<Timestamp> {
        moment("at", &self.ask(&["renew", &self.name]).await?)
    }

    /// Gives each of two disks of one node what the other has. Who uses them is killed, and goes on with that.
    ///
    /// # Errors
    /// When they are on two nodes, or are not exchanged.
    pub async fn swap(&self, other: &Self) -> Result<()> {
        if self.node != other.node {
            return Err(Error::bug(format!("{} and {} are on two nodes", self.name, other.name)));
        }
        self.ask(&["swap", &self.name, &other.name]).await.map(drop)
    }

    /// Keeps a copy of it, as it is now.
    ///
    /// # Errors
    /// The node's own.
    pub async fn save(&self) -> Result<()> {
        self.ask(&["save", &self.name]).await.map(drop)
    }

    /// Makes it again what it was when it was saved. Who uses it is killed, and goes on with that.
    ///
    /// # Errors
    /// When it never was.
    pub async fn restore(&self) -> Result<()> {
        self.ask(&["restore", &self.name]).await.map(drop)
    }

    /// The SHA-256 of what each of its files holds, by the file's path.
    ///
    /// # Errors
    /// The node's own.
    pub async fn sums(&self) -> Result<BTreeMap<String, String>> {
        let said = self.ask(&["sums", &self.name]).await?;
        let files = said.lines().filter_map(|line| line.split_once(' '));
        Ok(files.map(|(sum, file)| (file.to_owned(), sum.to_owned())).collect())
    }

    /// Flips a bit in the middle of each of these files, behind the back of whoever wrote them.
    ///
    /// # Errors
    /// When one is not there, is empty, or is the same afterwards.
    pub async fn flip(&self, files: &[&str]) -> Result<()> {
        self.ask(&[&["flip", self.name.as_str()], files].concat()).await.map(drop)
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
    let seconds = linger.as_secs_f64().to_string();
    let cuts = nodes.into_values().map(|(node, names)| {
        let arguments = [&["cut", seconds.as_str()], names.as_slice()].concat();
        async move { cut_of(&ask(node, &arguments).await?, linger) }
    });
    let cuts = try_join_all(cuts).await?;
    let none = || Error::bug("a power cut of no disk");
    let begun = cuts.iter().map(|cut| cut.begun).min().ok_or_else(none)?;
    let at = cuts.iter().map(|cut| cut.at).min().ok_or_else(none)?;
    Ok(Cut { begun, at, until: at + linger, users: cuts.iter().map(|cut| cut.users).sum() })
}

/// What the script says of a cut.
fn cut_of(said: &str, linger: Duration) -> Result<Cut> {
    let (begun, at) = (moment("begun", said)?, moment("cut", said)?);
    Ok(Cut { begun, at, until: at + linger, users: number("used", said)? })
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
        let cut =
            cut_of("begun 1795920000000000000\ncut 1795920000250000000\nused 12\n", Duration::from_secs(3))
                .unwrap();
        // Both clocks are asked for each of the moments.
        let near = |at: Timestamp, expected: &str| {
            let expected = crate::clock::of_wall(expected.parse().unwrap());
            assert!(at.duration_since(expected).abs().as_millis() < 200, "{at} is not {expected}");
        };
        near(cut.until, "2026-11-29T02:40:03.25Z");
        near(cut.begun, "2026-11-29T02:40:00Z");
        near(cut.at, "2026-11-29T02:40:00.25Z");
        assert_eq!(cut.users, 12);
        let untold = cut_of("begun 1795920000000000000\ncut 1795920000250000000", Duration::ZERO)
            .unwrap_err()
            .to_string();
        assert!(untold.contains("does not tell \"used\""), "{untold}");
    }
}
