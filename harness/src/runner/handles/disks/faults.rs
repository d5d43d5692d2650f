//! What becomes of single disks: full, read-only, empty, exchanged, older than they should be, or with a bit flipped.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use jiff::Timestamp;

use super::Disks;
use crate::{
    error::{Error, Result},
    fault::disk::Disk,
};

impl Disks {
    /// Takes all the room that is left on the disks of these pods, until [`Disks::free`]; gives how many bytes that was.
    ///
    /// # Errors
    /// When one takes a write afterwards.
    pub async fn fill(&self, pods: &[String]) -> Result<u64> {
        self.act("fill", pods, "take all room on the disks of");
        let disks = pods.iter().flat_map(|pod| self.disks_of(pod));
        Ok(try_join_all(disks.map(Disk::fill)).await?.into_iter().sum())
    }

    /// Gives the room on the disks of these pods back.
    ///
    /// # Errors
    /// A node's own.
    pub async fn free(&self, pods: &[String]) -> Result<()> {
        self.act("free", pods, "give back the room on the disks of");
        let disks = pods.iter().flat_map(|pod| self.disks_of(pod));
        try_join_all(disks.map(Disk::free)).await.map(drop)
    }

    /// Gives each disk of these pods so many MiB more, as who has a full volume would; what filled it stays, and servers are killed.
    ///
    /// # Errors
    /// When one has no room afterwards.
    pub async fn grow(&self, pods: &[String], mebibytes: u32) -> Result<()> {
        self.act("grow", pods, &format!("give {mebibytes} MiB more to each disk of"));
        let disks = pods.iter().flat_map(|pod| self.disks_of(pod));
        let rooms = try_join_all(disks.map(|disk| disk.grow(mebibytes))).await?;
        if rooms.contains(&0) {
            return Err(Error::environment(format!(
                "the disks of {} were grown, and have no room",
                pods.join(", ")
            )));
        }
        Ok(())
    }

    /// Lets a pod's disk take no more writes, until [`Disks::renew`]; gives from when on.
    ///
    /// # Errors
    /// When it takes a write afterwards.
    pub async fn abort(&self, template: &str, pod: &str) -> Result<Timestamp> {
        self.one("abort", "let no more be written to", template, pod)?.abort().await
    }

    /// Mounts it anew, so that it takes writes again; its server is killed. Gives from when on.
    ///
    /// # Errors
    /// When it does not come back as itself.
    pub async fn renew(&self, template: &str, pod: &str) -> Result<Timestamp> {
        self.one("renew", "mount anew", template, pod)?.renew().await
    }

    /// Puts an empty file system in its place; its server is killed, and goes on with that.
    ///
    /// # Errors
    /// A node's own.
    pub async fn empty(&self, template: &str, pod: &str) -> Result<()> {
        self.one("empty", "empty", template, pod)?.empty().await
    }

    /// Gives each of two pods on one node the disk of the other; their servers are killed, and go on with that.
    ///
    /// # Errors
    /// When they are on two nodes, or the disks are not exchanged.
    pub async fn swap(&self, template: &str, pod: &str, other: &str) -> Result<()> {
        let with = format!("exchange with {other}");
        self.one("swap", &with, template, pod)?.swap(self.of(template, other)?).await
    }

    /// Keeps a copy of a pod's disk, as it is now.
    ///
    /// # Errors
    /// A node's own.
    pub async fn save(&self, template: &str, pod: &str) -> Result<()> {
        self.one("save", "keep a copy of", template, pod)?.save().await
    }

    /// Makes it again what it was when it was saved; its server is killed, and goes on with that.
    ///
    /// # Errors
    /// When it never was saved.
    pub async fn restore(&self, template: &str, pod: &str) -> Result<()> {
        self.one("restore", "put back the copy of", template, pod)?.restore().await
    }

    /// Flips a bit in each of these files.
    ///
    /// # Errors
    /// When there is none, or one is the same afterwards.
    pub async fn flip(&self, template: &str, pod: &str, files: &[&str]) -> Result<()> {
        if files.is_empty() {
            return Err(Error::environment(format!("{template}-{pod} has no file to flip a bit in")));
        }
        let what = format!("flip a bit in {} files of", files.len());
        self.one("flip", &what, template, pod)?.flip(files).await
    }

    /// The SHA-256 of what each file of a pod's disk holds, by the file's path.
    ///
    /// # Errors
    /// A node's own.
    pub async fn sums(&self, template: &str, pod: &str) -> Result<BTreeMap<String, String>> {
        self.of(template, pod)?.sums().await
    }

    fn act(&self, verb: &str, pods: &[String], words: &str) {
        let whose = pods.join(", ");
        self.run.log().act(verb, format!("pod/{whose}"), format!("{words} {whose}"));
    }

    /// One disk, to which this is done now.
    fn one(&self, verb: &str, words: &str, template: &str, pod: &str) -> Result<&Disk> {
        let disk = self.of(template, pod)?;
        self.run.log().act(verb, format!("pod/{pod}"), format!("{words} the disk {template} of {pod}"));
        Ok(disk)
    }

    fn of(&self, template: &str, pod: &str) -> Result<&Disk> {
        let claim = format!("{template}-{pod}");
        self.disks.get(&claim).ok_or_else(|| Error::bug(format!("{claim} is no disk of ours")))
    }
}
