//! What this machine has: disk, memory, inotify limits, programs. `None` where it cannot be known.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

/// Free space where a folder is, in MiB.
pub async fn free_disk(folder: &Path) -> Option<u64> {
    // The folder may not be there yet.
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let mut command = Command::new("df");
    command.args(["-Pk"]).arg(there).stdin(Stdio::null()).kill_on_drop(true);
    let answer = tokio::time::timeout(Duration::from_secs(10), command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / 1024)
}

/// Memory that is available, in MiB.
pub fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

/// A limit of inotify.
pub fn inotify(limit: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/fs/inotify/{limit}")).ok()?.trim().parse().ok()
}

/// Whether a program is on the PATH.
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
