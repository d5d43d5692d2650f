//! What the sentinel is told to hold back, at its start or while it runs.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{identity::Identity, store::Store};

/// What is held back: `true` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Held not-Ready.
    pub ready: bool,
    /// Does not exit on SIGTERM.
    pub stop: bool,
    /// Fails its liveness probe.
    pub live_fails: bool,
}

/// A change of what is held; what it leaves out stays.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    ready: Option<bool>,
    stop: Option<bool>,
    live_fails: Option<bool>,
}

impl Held {
    /// Reads the two lists of ordinals that pods start with.
    pub fn at_start(hostname: &str, ready: &str, stop: &str) -> Result<Self> {
        let ordinal = ordinal(hostname);
        Ok(Self {
            ready: lists(ready, ordinal).context("SENTINEL_HELD")?,
            stop: lists(stop, ordinal).context("SENTINEL_STOP_HELD")?,
            live_fails: false,
        })
    }

    fn changed(self, change: Change) -> Self {
        Self {
            ready: change.ready.unwrap_or(self.ready),
            stop: change.stop.unwrap_or(self.stop),
            live_fails: change.live_fails.unwrap_or(self.live_fails),
        }
    }
}

/// The number at the end of a pod's name.
fn ordinal(hostname: &str) -> Option<u32> {
    hostname.rsplit_once('-')?.1.parse().ok()
}

/// Whether `list`, ordinals with commas between or `all`, names the ordinal.
fn lists(list: &str, ordinal: Option<u32>) -> Result<bool> {
    if list.trim() == "all" {
        return Ok(true);
    }
    let mut listed = false;
    for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let named: u32 = item.parse().with_context(|| format!("{item:?} is neither an ordinal nor `all`"))?;
        listed |= Some(named) == ordinal;
    }
    Ok(listed)
}

/// Everything that the routes share.
pub struct State {
    pub identity: Identity,
    pub store: Option<Store>,
    held: watch::Sender<Held>,
    /// Memory that was asked for, so that a limit can be seen to hold.
    allocated: Mutex<Vec<Vec<u8>>>,
}

impl State {
    pub fn new(identity: Identity, held: Held, store: Option<Store>) -> Self {
        Self { identity, store, held: watch::Sender::new(held), allocated: Mutex::default() }
    }

    pub fn held(&self) -> Held {
        *self.held.borrow()
    }

    pub fn change(&self, change: Change) -> Held {
        self.held.send_modify(|held| *held = held.changed(change));
        self.held()
    }

    /// Takes so much memory for good, and writes to it, since memory that nobody touches costs nothing.
    pub fn allocate(&self, bytes: usize) {
        self.allocated.lock().unwrap_or_else(PoisonError::into_inner).push(vec![1; bytes]);
    }

    /// Returns as soon as nothing holds the stop.
    pub async fn until_free_to_stop(&self) {
        // It errs only when the sender is gone, and we hold it.
        let _ = self.held.subscribe().wait_for(|held| !held.stop).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ordinal_is_the_trailing_number() {
        assert_eq!(ordinal("sentinel-0"), Some(0));
        assert_eq!(ordinal("my-set-12"), Some(12));
        assert_eq!(ordinal("probe"), None);
        assert_eq!(ordinal("webapp-5d4f-x7k2q"), None);
    }

    #[test]
    fn a_list_names_ordinals_or_all() -> Result<()> {
        assert!(lists("1, 2", Some(2))?);
        assert!(!lists("1,2", Some(12))?);
        assert!(!lists("", Some(0))?);
        assert!(!lists("0", None)?);
        assert!(lists("all", None)?);
        assert!(lists("two", Some(2)).is_err());
        assert!(lists("2,two", Some(2)).is_err());
        Ok(())
    }

    #[test]
    fn a_start_holds_what_is_listed() -> Result<()> {
        let held = Held::at_start("sentinel-1", "1", "0")?;
        assert_eq!(held, Held { ready: true, stop: false, live_fails: false });
        Ok(())
    }

    #[test]
    fn a_change_keeps_what_it_leaves_out() -> Result<()> {
        let change: Change = serde_json::from_str(r#"{"stop": true}"#)?;
        let held = Held { ready: true, ..Held::default() }.changed(change);
        assert_eq!(held, Held { ready: true, stop: true, live_fails: false });
        assert!(serde_json::from_str::<Change>(r#"{"reddy": true}"#).is_err());
        Ok(())
    }

    #[tokio::test]
    async fn a_held_stop_ends_with_its_release() -> Result<()> {
        let held = Held { stop: true, ..Held::default() };
        let state = State::new(Identity::of_this_process()?, held, None);
        let release = async {
            tokio::task::yield_now().await;
            state.change(serde_json::from_str(r#"{"stop": false}"#)?);
            anyhow::Ok(())
        };
        let ((), released) = tokio::join!(state.until_free_to_stop(), release);
        released
    }
}
