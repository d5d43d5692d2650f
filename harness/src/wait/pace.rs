//! The one place where time passes without an event.

use std::time::Duration;

/// Lets time pass between two tries of something that sends no events, such as another process's lock.
#[expect(clippy::disallowed_methods, reason = "this is the one pause that everything else goes through")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
