//! Waits for answers that have to stay right: one that is wrong now and then is wrong.

use std::time::Duration;

use super::{Progress, until_asked};
use crate::{
    error::{Error, Result},
    law::Obstacle,
};

/// So many answers in a row must be right before any more is asked: behind one address there may be several servers, and
/// each learns of a change in its own time.
const FIRST: u32 = 20;
/// So many more must be right then: of a server that errs once in ten times, two in a thousand are not caught.
const STEADY: u32 = 60;

/// Asks until the answers are right, and then on: one wrong answer more, and it was never right. The question is told how
/// often to ask, and is met when each answer is. Returns how long it took until they were right.
///
/// # Errors
/// As [`until_asked`], and [`Error::Failed`] when an answer was right first and wrong later. Who gives none at first, to the end
/// ([`Obstacle::Prober`]), does not do what it is for; who gave right ones first has said nothing wrong, and is not judged.
pub async fn until_steady<A>(
    sentence: &str,
    deadline: Duration,
    mut ask: impl FnMut(u32) -> A,
) -> Result<Duration>
where
    A: Future<Output = Result<Progress>>,
{
    let first = || {
        let answer = ask(FIRST);
        async {
            Ok(match answer.await? {
                Progress::Prevented(Obstacle::Prober, why) => Progress::NotYet(why),
                progress => progress,
            })
        }
    };
    let lag = until_asked(sentence, deadline, first).await?;
    match ask(STEADY).await? {
        Progress::Met => Ok(lag),
        Progress::NotYet(why) | Progress::Never(why) => Err(Error::failed(format!(
            "{sentence}: that was right after {lag:.1?}, and then not each of {STEADY} times: {why}"
        ))),
        Progress::Prevented(obstacle, why) => {
            Err(Error::not_judged(obstacle, format!("{sentence} is prevented: {why}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::error::Class;

    /// What comes of asking when these are the answers; the last one is given for ever.
    async fn outcome(answers: &[Result<Progress, Class>]) -> (Result<Duration>, Vec<u32>) {
        let asked = RefCell::new(Vec::new());
        let ask = |times| {
            let place = asked.borrow().len().min(answers.len() - 1);
            asked.borrow_mut().push(times);
            let answer = answers[place].clone();
            async move { answer.map_err(|_| Error::environment("unreachable")) }
        };
        let outcome = until_steady("it is right", Duration::from_millis(300), ask).await;
        (outcome, asked.into_inner())
    }

    fn wrong() -> Result<Progress, Class> {
        Ok(Progress::NotYet("one was SERVFAIL".into()))
    }

    #[tokio::test]
    async fn an_answer_that_becomes_right_and_stays_so_is_steady() {
        let (outcome, asked) = outcome(&[wrong(), Err(Class::Environment), Ok(Progress::Met)]).await;
        assert!(outcome.is_ok());
        assert_eq!(asked, [FIRST, FIRST, FIRST, STEADY]);
    }

    #[tokio::test]
    async fn one_wrong_answer_after_the_right_ones_is_a_failure() {
        let (outcome, _) = outcome(&[Ok(Progress::Met), wrong(), Ok(Progress::Met)]).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.class(), Class::Failed);
        let words = error.to_string();
        assert!(words.starts_with("it is right: that was right after "), "{words}");
        assert!(words.ends_with("and then not each of 60 times: one was SERVFAIL"), "{words}");
    }

    #[tokio::test]
    async fn silence_is_waited_for_at_first_and_says_nothing_later() {
        let silence = || Ok(Progress::Prevented(Obstacle::Prober, "one was TIMEOUT".into()));
        let (passed, asked) = outcome(&[silence(), Ok(Progress::Met)]).await;
        assert!(passed.is_ok(), "{asked:?}");
        let (later, _) = outcome(&[Ok(Progress::Met), silence()]).await;
        assert_eq!(later.unwrap_err().obstacle(), Some(Obstacle::Prober));
        let (never, _) = outcome(&[silence()]).await;
        assert_eq!(never.unwrap_err().class(), Class::Failed);
    }

    #[tokio::test]
    async fn answers_that_are_never_all_right_are_awaited_in_vain() {
        let (outcome, _) = outcome(&[wrong()]).await;
        let words = outcome.unwrap_err().to_string();
        assert!(words.ends_with("last seen: one was SERVFAIL"), "{words}");
    }

    #[tokio::test]
    async fn who_cannot_ask_on_knows_nothing() {
        let (outcome, _) = outcome(&[Ok(Progress::Met), Err(Class::Environment)]).await;
        assert_eq!(outcome.unwrap_err().class(), Class::Environment);
    }
}
