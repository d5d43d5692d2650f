//! Waits for what no watch can tell: the answer of a DNS, a database or a store.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{Progress, pause};
use crate::error::{Error, Result};

/// How long to leave those alone who were asked.
const BETWEEN: Duration = Duration::from_millis(100);
/// Who had so long for the last question and did not answer is silent; one that had less was only cut off.
const SILENT: Duration = Duration::from_secs(1);
/// How long, after the deadline, who answered before and fell silent is asked once more: as a pod has for its answer, which takes 8 s
/// where the connections that it opens lead nowhere.
const ONCE_MORE: Duration = Duration::from_secs(20);

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
    ask: impl FnMut() -> A,
) -> Result<Duration>
where
    A: Future<Output = Result<Progress>>,
{
    asked_until(deadline, ONCE_MORE, between, sentence, ask).await
}

/// As [`until_asked_every`], with so long for the answer of one that fell silent.
async fn asked_until<A>(
    deadline: Duration,
    once_more: Duration,
    between: Duration,
    sentence: &str,
    mut ask: impl FnMut() -> A,
) -> Result<Duration>
where
    A: Future<Output = Result<Progress>>,
{
    let started = Instant::now();
    // The last answer that was none that was hoped for, and why the last question had none.
    let (mut answer, mut unknown) = (None, None);
    loop {
        let over = started.elapsed() >= deadline;
        let left = (if over { deadline + once_more } else { deadline }).saturating_sub(started.elapsed());
        match tokio::time::timeout(left, ask()).await {
            Ok(Ok(Progress::Met)) => return Ok(started.elapsed()),
            Ok(Ok(Progress::Never(why))) => {
                return Err(Error::failed(format!("{sentence} can never be: {why}")));
            }
            Ok(Ok(Progress::Prevented(obstacle, why))) => {
                return Err(Error::not_judged(obstacle, format!("{sentence} is prevented: {why}")));
            }
            Ok(Ok(Progress::NotYet(why))) => (answer, unknown) = (Some(why), None),
            Ok(Err(error)) => unknown = Some((error.to_string(), error)),
            Err(_) if left < SILENT && (answer.is_some() || unknown.is_some()) => {}
            Err(_) => {
                let silence = if answer.is_some() {
                    format!("no answer for {left:.1?}")
                } else {
                    "no answer".to_owned()
                };
                unknown = Some((silence, unanswered(sentence, left)));
            }
        }
        let elapsed = started.elapsed();
        if elapsed >= deadline && (answer.is_none() || unknown.is_none() || elapsed >= deadline + once_more) {
            return Err(in_vain(sentence, deadline, answer, unknown));
        }
        pause(between.min(deadline.saturating_sub(elapsed))).await;
    }
}

/// What a wait says that was in vain: it was seen not to be so, or nobody could say in the end.
fn in_vain(
    sentence: &str,
    deadline: Duration,
    answer: Option<String>,
    unknown: Option<(String, Error)>,
) -> Error {
    let silence = unknown.as_ref().map(|(silence, _)| silence.clone());
    let seen = answer.into_iter().chain(silence).collect::<Vec<_>>().join("; then ");
    let words = format!("waited {deadline:?} for this: {sentence}; last seen: {seen}");
    match unknown {
        Some((_, error)) => error.reworded(words),
        None => Error::failed(words),
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
    use crate::error::Class;

    const SHORT: Duration = Duration::from_millis(150);

    /// How a wait ends whose first question is answered, and then no other until one that is asked so long after it began.
    async fn silent_after_one_answer(deadline: Duration, until: Duration) -> Error {
        let (started, mut first) = (Instant::now(), true);
        let outcome = asked_until(deadline, SHORT, BETWEEN, "it is right", || {
            let answered = std::mem::take(&mut first) || started.elapsed() >= until;
            async move {
                if answered {
                    return Ok(Progress::NotYet("it is NXDOMAIN".to_owned()));
                }
                std::future::pending().await
            }
        });
        outcome.await.unwrap_err()
    }

    #[tokio::test]
    async fn a_time_out_tells_the_last_answer_also_when_the_last_question_has_none() {
        let cut_off = silent_after_one_answer(SHORT, SILENT).await;
        assert!(cut_off.to_string().ends_with("last seen: it is NXDOMAIN"), "{cut_off}");
        assert_eq!(cut_off.class(), Class::Failed);
        let silent = silent_after_one_answer(SILENT + BETWEEN * 2, SILENT * 9).await;
        assert!(silent.to_string().contains("last seen: it is NXDOMAIN; then no answer for"), "{silent}");
        assert_eq!(silent.class(), Class::Environment);
    }

    #[tokio::test]
    async fn who_was_silent_at_the_end_is_asked_once_more() {
        let deadline = SILENT + BETWEEN * 2;
        let in_vain = silent_after_one_answer(deadline, deadline).await;
        assert!(in_vain.to_string().ends_with("last seen: it is NXDOMAIN"), "{in_vain}");
        assert_eq!(in_vain.class(), Class::Failed);
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
