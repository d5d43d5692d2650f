//! How many inotify instances are left. The nodes' systemd, container runtime and kubelet take them from one number that
//! all of root's processes on a machine share; where it ends, a node hangs for minutes without saying why.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use crate::error::{Error, Result, exit};

const LIMIT: &str = "/proc/sys/fs/inotify/max_user_instances";
// As counted: a worker has 14 to 18, by what runs on it.
const CONTROL_PLANE: usize = 26;
const WORKER: usize = 17;

/// The inotify instances of one user on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instances {
    /// `fs.inotify.max_user_instances`
    pub limit: usize,
    /// Those in use.
    pub used: usize,
}

impl Instances {
    /// Those of root. None where they can't be counted: another user doesn't see root's.
    pub fn of_root() -> Option<Self> {
        const ROOT: u32 = 0;
        let we = fs::metadata("/proc/self").ok()?.uid();
        let limit = fs::read_to_string(LIMIT).ok()?.trim().parse().ok()?;
        (we == ROOT).then(|| used(Path::new("/proc"), ROOT).ok()).flatten().map(|used| Self { limit, used })
    }

    /// Refuses a cluster of so many nodes, one of them its control plane, where too few are left for it.
    ///
    /// # Errors
    /// With the numbers, and what to do.
    pub fn enough_for(self, nodes: usize) -> Result<()> {
        let Self { limit, used } = self;
        let (needed, left) = (CONTROL_PLANE + WORKER * nodes.saturating_sub(1), limit.saturating_sub(used));
        if left >= needed {
            return Ok(());
        }
        let nodes = if nodes == 1 { "1 node takes".to_owned() } else { format!("{nodes} nodes take") };
        Err(Error::trouble(
            exit::TOO_SMALL,
            format!(
                "too few inotify instances for another cluster: {nodes} about {needed}, and root's processes have \
                 {used} of {limit} already: end other clusters (steadfast down), or as root: \
                 sysctl -w fs.inotify.max_user_instances={}",
                (used + needed).next_power_of_two()
            ),
        ))
    }
}

/// The inotify instances that a user's processes have open.
fn used(processes: &Path, user: u32) -> io::Result<usize> {
    let mut used = 0;
    for process in fs::read_dir(processes)? {
        let process = process?;
        let number = process.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit());
        // A process may end while we look at it.
        if number && process.metadata().is_ok_and(|process| process.uid() == user) {
            used += open(&process.path().join("fd")).unwrap_or(0);
        }
    }
    Ok(used)
}

fn open(handles: &Path) -> io::Result<usize> {
    let inotify = |link: io::Result<fs::DirEntry>| {
        link.and_then(|link| fs::read_link(link.path())).is_ok_and(|to| to == Path::new("anon_inode:inotify"))
    };
    Ok(fs::read_dir(handles)?.filter_map(|link| inotify(link).then_some(())).count())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::cluster::lease::tests::folder;

    #[test]
    fn instances_are_counted_by_their_owner() {
        let processes = folder();
        for (process, handles) in [
            ("1", &["anon_inode:inotify", "anon_inode:[eventpoll]", "anon_inode:inotify"][..]),
            ("22", &["anon_inode:inotify", "/dev/null"]),
            ("333", &[]),
            ("self", &["anon_inode:inotify"]),
        ] {
            let handles_of = processes.join(process).join("fd");
            fs::create_dir_all(&handles_of).unwrap();
            for (number, to) in handles.iter().enumerate() {
                symlink(to, handles_of.join(number.to_string())).unwrap();
            }
        }
        fs::create_dir(processes.join("4444")).unwrap(); // one that has ended
        let owner = fs::metadata(&processes).unwrap().uid();
        assert_eq!(used(processes.as_std_path(), owner).unwrap(), 3);
        assert_eq!(used(processes.as_std_path(), owner + 1).unwrap(), 0);
        fs::remove_dir_all(processes).unwrap();
    }

    #[test]
    fn a_cluster_that_does_not_fit_is_refused_with_the_numbers() {
        let of = |limit, used| Instances { limit, used };
        of(128, 68).enough_for(3).unwrap();
        of(128, 102).enough_for(1).unwrap();
        let refused = of(128, 69).enough_for(3).unwrap_err();
        assert_eq!(refused.exit_code(), exit::TOO_SMALL);
        assert_eq!(
            refused.to_string(),
            "too few inotify instances for another cluster: 3 nodes take about 60, and root's processes have 69 of 128 \
             already: end other clusters (steadfast down), or as root: sysctl -w fs.inotify.max_user_instances=256"
        );
        assert!(of(128, 200).enough_for(1).unwrap_err().to_string().contains("1 node takes about 26"));
    }
}
