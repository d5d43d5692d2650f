//! Who this process is: its pod, and which of the pod's lives.

use std::{
    collections::BTreeSet,
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use serde::Serialize;

/// Where the kernel answers what gethostname would.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";
/// Whom a C library asks before the DNS.
const HOSTS: &str = "/etc/hosts";

#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    pub hostname: String,
    /// The addresses that the hosts file gives it.
    pub hosts: BTreeSet<String>,
    pub pid: u32,
    /// Milliseconds since 1970.
    pub started: u64,
    /// Random for each start, so that two lives of one pod are told apart.
    pub instance: String,
}

impl Identity {
    pub fn of_this_process() -> Result<Self> {
        let hostname = fs::read_to_string(HOSTNAME).with_context(|| format!("cannot read {HOSTNAME}"))?;
        let hostname = hostname.trim().to_owned();
        let hosts = fs::read_to_string(HOSTS).with_context(|| format!("cannot read {HOSTS}"))?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
        Ok(Self {
            hosts: addresses(&hosts, &hostname),
            hostname,
            pid: process::id(),
            started: u64::try_from(started.as_millis())?,
            instance: random(),
        })
    }
}

/// Those that a hosts file gives a name.
fn addresses(hosts: &str, name: &str) -> BTreeSet<String> {
    let lines = hosts.lines().filter_map(|line| line.split('#').next());
    let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let named = lines.filter(|words| words.iter().skip(1).any(|word| *word == name));
    named.filter_map(|words| words.first().map(|address| (*address).to_owned())).collect()
}

/// A number that nobody else has, in hexadecimal. The standard library's hash keys are random: no further crate needed.
pub fn random() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_each_address_whose_line_it_stands_in() {
        let hosts = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n10.244.1.5\tx-1.x.a.svc.cluster.local\tx-1\n\
            fd00::5\tx-1.x.a.svc.cluster.local\tx-1\n#10.0.0.1 x-1\n10.0.0.2 x-10\n";
        let both = BTreeSet::from(["10.244.1.5".to_owned(), "fd00::5".to_owned()]);
        assert_eq!(addresses(hosts, "x-1"), both);
        assert!(addresses(hosts, "x").is_empty());
    }
}
