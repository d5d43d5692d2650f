//! Waits for what no watch can tell: the answer of a DNS, a database or a store.

use std::{
    ops::ControlFlow::{self, Break, Continue},
    time::{Duration, Instant},
};

use super::{Progress, pause};
use crate::error::{Error, Result};

/// How long to leave those alone who were asked.
const BETWEEN: Duration = Duration::from_millis(100);
/// Who had so long for the last question and did not answer is silent; one that had less was only cut off.
const SILENT: Duration = Duration::from_secs(1);

/// Asks again and again until it is so; returns how long that took. An error of the asking itself is an answer that is
/// not there yet.
///
/// # Errors
/// [`Error::Failed`] when it can never be, or was not in time; the message names the last answer.
pub async fn until_asked<A>(
    sentence: &str,
    deadline: Duration,
    mut ask: impl FnMut() -> A,
) -> Result<Duration>
where
    A: Future<Output = Result<Progress>>,
{
    let started = Instant::now();
    let ask = || {
        let asked = ask();
        async {
            match asked.await {
                Ok(Progress::Met) => Break(Ok(started.elapsed())),
                Ok(Progress::Never(why)) => {
                    Break(Err(Error::failed(format!("{sentence} can never be: {why}"))))
                }
                Ok(Progress::Prevented(why)) => {
                    Break(Err(Error::environment(format!("{sentence} is prevented: {why}"))))
                }
                Ok(Progress::NotYet(why)) => Continue(why),
                Err(error) => Continue(error.to_string()),
            }
        }
    };
    until(sentence, deadline, ask).await
}

/// Asks again and again until there is an answer that is no error, and returns it.
///
/// # Errors
/// [`Error::Failed`] when there was none in time; the message names the last error.
pub async fn until_answered<T, A>(sentence: &str, deadline: Duration, mut ask: impl FnMut() -> A) -> Result<T>
where
    A: Future<Output = Result<T>>,
{
    let ask = || {
        let asked = ask();
        async {
            match asked.await {
                Ok(answer) => Break(Ok(answer)),
                Err(error) => Continue(error.to_string()),
            }
        }
    };
    until(sentence, deadline, ask).await
}

async fn until<T, A>(sentence: &str, deadline: Duration, mut ask: impl FnMut() -> A) -> Result<T>
where
    A: Future<Output = ControlFlow<Result<T>, String>>,
{
    let started = Instant::now();
    let mut last = String::new();
    loop {
        let left = deadline.saturating_sub(started.elapsed());
        last = match tokio::time::timeout(left, ask()).await {
            Ok(Break(outcome)) => return outcome,
            Ok(Continue(why)) => why,
            Err(_) if last.is_empty() => "no answer".to_owned(),
            Err(_) if left < SILENT => last,
            Err(_) => format!("{last}; then no answer for {left:.1?}"),
        };
        if started.elapsed() >= deadline {
            return Err(Error::failed(format!(
                "waited {deadline:?} for this: {sentence}; last seen: {last}"
            )));
        }
        pause(BETWEEN.min(deadline.saturating_sub(started.elapsed()))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(150);

    /// The words of a time-out after one answer and then none.
    async fn silent_after_one_answer(deadline: Duration) -> String {
        let mut asked = 0;
        let outcome = until_asked("it is right", deadline, || {
            asked += 1;
            let answered = asked == 1;
            async move {
                if answered {
                    return Ok(Progress::NotYet("it is NXDOMAIN".to_owned()));
                }
                std::future::pending().await
            }
        });
        outcome.await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_time_out_tells_the_last_answer_also_when_the_last_question_has_none() {
        let words = silent_after_one_answer(SHORT).await;
        assert!(words.ends_with("last seen: it is NXDOMAIN"), "{words}");
        let words = silent_after_one_answer(SILENT + BETWEEN * 2).await;
        assert!(words.ends_with("last seen: it is NXDOMAIN; then no answer for 1.1s"), "{words}");
    }

    #[tokio::test]
    async fn a_time_out_without_any_answer_says_so() {
        let words = until_asked("it is right", SHORT, std::future::pending).await.unwrap_err().to_string();
        assert_eq!(words, "waited 150ms for this: it is right; last seen: no answer");
    }

    #[tokio::test]
    async fn an_error_of_the_asking_is_an_answer_that_is_not_there_yet() {
        let ask = || async { Err(Error::environment("unreachable")) };
        let words = until_asked("it is right", SHORT, ask).await.unwrap_err().to_string();
        assert!(words.ends_with("last seen: unreachable"), "{words}");
        let mut asked = 0;
        let answer = until_answered("it answers", SHORT, || {
            asked += 1;
            let answer = if asked == 1 { Err(Error::environment("unreachable")) } else { Ok(asked) };
            async { answer }
        });
        assert_eq!(answer.await.unwrap(), 2);
    }
}
