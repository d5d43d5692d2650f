//! Waits for what no watch can tell: the answer of a DNS, a database or a store.

use std::time::{Duration, Instant};

use super::{Progress, pause};
use crate::error::{Error, Result};

/// How long to leave those alone who were asked.
const BETWEEN: Duration = Duration::from_millis(100);

/// Asks again and again until the answer is met; returns how long that took. An error of the asking itself is an
/// answer that is not there yet.
///
/// # Errors
/// [`Error::Failed`] when it can never be met, or was not met in time; the message names the last answer.
pub async fn until_asked<A>(
    sentence: &str,
    deadline: Duration,
    mut ask: impl FnMut() -> A,
) -> Result<Duration>
where
    A: Future<Output = Result<Progress>>,
{
    let started = Instant::now();
    loop {
        let left = deadline.saturating_sub(started.elapsed());
        let missing = match tokio::time::timeout(left, ask()).await {
            Ok(Ok(Progress::Met)) => return Ok(started.elapsed()),
            Ok(Ok(Progress::Never(why))) => {
                return Err(Error::failed(format!("{sentence} can never be: {why}")));
            }
            Ok(Ok(Progress::Prevented(why))) => {
                return Err(Error::environment(format!("{sentence} is prevented: {why}")));
            }
            Ok(Ok(Progress::NotYet(why))) => why,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer to the last question".to_owned(),
        };
        if started.elapsed() >= deadline {
            return Err(Error::failed(format!(
                "waited {deadline:?} for this: {sentence}; last seen: {missing}"
            )));
        }
        pause(BETWEEN.min(deadline.saturating_sub(started.elapsed()))).await;
    }
}
