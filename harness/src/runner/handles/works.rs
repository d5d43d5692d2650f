//! Waiting until a server works: one that refuses to the end does not, and one that nobody reaches says nothing.

use std::time::Duration;

use crate::{
    error::{Error, Result},
    wait::{Progress, until_asked_every},
};

/// A write that is refused costs the server something too.
const BETWEEN: Duration = Duration::from_millis(500);

/// Waits until a pod's server takes what it is asked to.
pub(super) async fn until_works<A>(pod: &str, time: Duration, ask: impl Fn() -> A) -> Result<Duration>
where
    A: Future<Output = Result<()>>,
{
    let asked = || async {
        match ask().await {
            Ok(()) => Ok(Progress::Met),
            Err(Error::Failed(words)) => Ok(Progress::NotYet(words)),
            Err(error) => Err(error),
        }
    };
    until_asked_every(BETWEEN, &format!("{pod} takes writes"), time, asked).await
}
