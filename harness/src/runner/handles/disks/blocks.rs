//! Garage's blocks on a disk of ours: what bits are flipped in, and what heals.

use std::{collections::BTreeMap, time::Duration};

use super::Disks;
use crate::{
    error::Result,
    wait::{Progress, until_asked_every},
};

/// Which of a pod's disks has them.
const TEMPLATE: &str = "data";
/// How long a node may take until it has made them whole again.
const WHOLE: Duration = Duration::from_secs(60);
/// Each look reads every file.
const BETWEEN: Duration = Duration::from_secs(1);

/// Blocks of a node, as they were when they were looked at.
#[derive(Debug, Clone)]
pub struct Blocks {
    disks: Disks,
    pod: String,
    /// The SHA-256 of what each holds, by its file.
    sums: BTreeMap<String, String>,
}

impl Disks {
    /// The blocks of a pod's node: a file each, named by the hash of what is in it.
    ///
    /// # Errors
    /// A node's own.
    pub async fn blocks(&self, pod: &str) -> Result<Blocks> {
        let files = self.sums(TEMPLATE, pod).await?;
        let sums = files.into_iter().filter(|(file, _)| is_block(file)).collect();
        Ok(Blocks { disks: self.clone(), pod: pod.to_owned(), sums })
    }
}

fn is_block(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let hash = name.strip_suffix(".zst").unwrap_or(name);
    hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Blocks {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.sums.len()
    }

    /// Every other of them, and the others.
    pub fn halves(self) -> [Self; 2] {
        let Self { disks, pod, sums } = self;
        let mut halves = [BTreeMap::new(), BTreeMap::new()];
        for (place, (file, sum)) in sums.into_iter().enumerate() {
            halves[place % 2].insert(file, sum);
        }
        halves.map(|sums| Self { disks: disks.clone(), pod: pod.clone(), sums })
    }

    /// Flips a bit in each.
    ///
    /// # Errors
    /// When there is none, or one is the same afterwards.
    pub async fn flip(&self) -> Result<()> {
        let files: Vec<&str> = self.sums.keys().map(String::as_str).collect();
        self.disks.flip(TEMPLATE, &self.pod, &files).await
    }

    /// Waits until each is what it was, and beside it lies what the node has found to be broken.
    ///
    /// # Errors
    /// When one is not in time.
    pub async fn until_whole(&self) -> Result<Duration> {
        let Self { disks, pod, sums } = self;
        let ask = || async {
            let files = disks.sums(TEMPLATE, pod).await?;
            let broken = sums.iter().filter(|(file, sum)| files.get(*file) != Some(sum)).count();
            let noticed = sums.keys().filter(|file| files.contains_key(&format!("{file}.corrupted"))).count();
            let all = sums.len();
            Ok(match (broken, noticed == all) {
                (0, true) => Progress::Met,
                _ => Progress::NotYet(format!("{broken} of {all} are not, and {noticed} were noticed")),
            })
        };
        let sentence = format!("every block is whole again on {pod}, and was noticed");
        until_asked_every(BETWEEN, &sentence, disks.run.stretch(WHOLE), ask).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_named_by_its_hash() {
        let hash = "0f".repeat(32);
        assert!(is_block(&format!("data/0f/0f/{hash}")) && is_block(&format!("{hash}.zst")));
        assert!(!is_block("data/garage-marker") && !is_block(&format!("{hash}.corrupted")));
    }
}
