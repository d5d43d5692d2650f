//! Who this process is: its pod, and which of the pod's lives.

use std::{
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use serde::Serialize;

/// Where the kernel answers what gethostname would.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    pub hostname: String,
    pub pid: u32,
    /// Milliseconds since 1970.
    pub started: u64,
    /// Random for each start, so that two lives of one pod are told apart.
    pub instance: String,
}

impl Identity {
    pub fn of_this_process() -> Result<Self> {
        let hostname = fs::read_to_string(HOSTNAME).with_context(|| format!("cannot read {HOSTNAME}"))?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
        Ok(Self {
            hostname: hostname.trim().to_owned(),
            pid: process::id(),
            started: u64::try_from(started.as_millis())?,
            instance: random(),
        })
    }
}

/// A number that nobody else has, in hexadecimal. The standard library's hash keys are random: no further crate needed.
pub fn random() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
