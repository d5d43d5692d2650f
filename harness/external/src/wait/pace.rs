//! Letting time pass, where nothing could tell us when to go on.

use std::time::Duration;

/// Lets time pass: before asking something again that can't be watched, or until a deadline is over.
#[expect(clippy::disallowed_methods, reason = "the one place where the harness sleeps")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
