//! Waits for what no watch can tell: the answer of a DNS, a database or a store.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{Progress, pause};
use crate::error::{Error, Result};

/// How long to leave those alone who were asked.
const BETWEEN: Duration = Duration::from_millis(100);
/// Who had so long for the last question and did not answer is silent; one that had less was only cut off.
const SILENT: Duration = Duration::from_secs(1);

/// Asks again and again until it is so; returns how long that took.
///
/// # Errors
/// [`Error::Failed`] when the answers said that it was not so, to the end; [`Error::NotJudged`] when the last question had no
/// answer: who can't be asked says nothing. The message names the last answer.
pub async fn until_asked<A>(sentence: &str, deadline: Duration, ask: impl FnMut() -> A) -> Result<Duration>
where
    A: Future<Output = Result<Progress>>,
{
    until_asked_every(BETWEEN, sentence, deadline, ask).await
}

/// As [`until_asked`], with so long between an answer and the next question: for those that cost many calls.
///
/// # Errors
/// As [`until_asked`].
pub async fn until_asked_every<A>(
    between: Duration,
    sentence: &str,
    deadline: Duration,
    mut ask: impl FnMut() -> A,
) -> Result<Duration>
where
    A: Future<Output = Result<Progress>>,
{
    let started = Instant::now();
    let mut last = String::new();
    loop {
        let left = deadline.saturating_sub(started.elapsed());
        let (said, in_vain) = match tokio::time::timeout(left, ask()).await {
            Ok(Ok(Progress::Met)) => return Ok(started.elapsed()),
            Ok(Ok(Progress::Never(why))) => {
                return Err(Error::failed(format!("{sentence} can never be: {why}")));
            }
            Ok(Ok(Progress::Prevented(obstacle, why))) => {
                return Err(Error::not_judged(obstacle, format!("{sentence} is prevented: {why}")));
            }
            Ok(Ok(Progress::NotYet(why))) => (why, None),
            Ok(Err(error)) => (error.to_string(), Some(error)),
            Err(_) if left < SILENT && !last.is_empty() => (last, None),
            Err(_) if last.is_empty() => ("no answer".to_owned(), Some(unanswered(sentence, left))),
            Err(_) => (format!("{last}; then no answer for {left:.1?}"), Some(unanswered(sentence, left))),
        };
        last = said;
        if started.elapsed() >= deadline {
            let words = format!("waited {deadline:?} for this: {sentence}; last seen: {last}");
            return Err(in_vain.map_or_else(|| Error::failed(&*words), |error| error.reworded(&*words)));
        }
        pause(between.min(deadline.saturating_sub(started.elapsed()))).await;
    }
}

/// Asks again and again until there is an answer that is no error, and returns it.
///
/// # Errors
/// The last error's kind, when there was no answer in time; the message names it.
pub async fn until_answered<T, A>(sentence: &str, deadline: Duration, mut ask: impl FnMut() -> A) -> Result<T>
where
    A: Future<Output = Result<T>>,
{
    let (give, mut answers) = mpsc::unbounded_channel();
    until_asked(sentence, deadline, || {
        let (asked, give) = (ask(), give.clone());
        async move {
            // Who waits for the answer is below.
            drop(give.send(asked.await?));
            Ok(Progress::Met)
        }
    })
    .await?;
    answers.try_recv().map_err(|_| Error::bug(format!("{sentence}: answered without an answer")))
}

fn unanswered(sentence: &str, deadline: Duration) -> Error {
    Error::Deadline { doing: sentence.to_owned(), deadline }
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
