//! What this process saw of its own end, each moment by its node's clock: on the volume, so that the next pod can tell of
//! this one, and in the log.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::{
    log::{complain, log},
    state::State,
};

/// The file on the volume: a line a stamp, the newest last.
const FILE: &str = "stamps";

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    PreStopBegan,
    PreStopEnded,
    Sigterm,
}

#[derive(Serialize)]
struct Stamp<'state> {
    instance: &'state str,
    seen: Seen,
    /// Milliseconds since 1970.
    at: u128,
}

/// Writes down that this was seen now; it is on the disk when this returns. A volume that can't be written stops nothing.
pub async fn stamp(state: &State, seen: Seen) {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let stamp = Stamp { instance: &state.identity.instance, seen, at };
    let Ok(line) = serde_json::to_string(&stamp) else { return };
    log(&line);
    let Some(store) = state.store.clone() else { return };
    match spawn_blocking(move || store.append(FILE, &line)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => complain(&format!("cannot write {FILE}: {error}")),
        Err(error) => complain(&format!("cannot write {FILE}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_says_who_saw_what_when() -> serde_json::Result<()> {
        let stamp = Stamp { instance: "00ff", seen: Seen::PreStopBegan, at: 1_764_345_600_123 };
        let line = serde_json::to_string(&stamp)?;
        assert_eq!(line, r#"{"instance":"00ff","seen":"pre_stop_began","at":1764345600123}"#);
        Ok(())
    }
}
