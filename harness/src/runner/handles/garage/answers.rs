//! What a Garage node says of itself, and what clients find there at that moment.

use std::time::{Duration, Instant};

use futures::FutureExt;
use history::{
    Action, Answer, Cause, Key, Operation, Outcome, Value,
    check::availability::TIMED_OUT,
    generate::{Request, content, key},
};

use super::GarageStore;
use crate::{
    claim::Claim,
    error::{Error, Result},
    load::{Recorder, s3::S3},
    runner::Tunnelled,
    wait::{Progress, until_answered, until_asked},
    workload::garage::answers::AccessKey,
};

/// The least size with which an object has a block of its own for certain.
const BLOCK: u64 = 65_536;
/// How long a node may take until its health stays as it is while a write and a read are answered.
const SETTLED: Duration = Duration::from_secs(60);

/// What a node says of itself, and what a write and a read found there meanwhile.
#[derive(Debug)]
struct Found {
    pod: String,
    health: u16,
    /// What the store said to the write or to the read, where it was no good answer.
    refusal: Option<String>,
}

impl Found {
    /// How its health differs from what was found, if it does.
    fn disagreement(&self) -> Option<String> {
        let Self { pod, health, refusal } = self;
        match (health, refusal) {
            (200, Some(refusal)) => Some(format!("/health of {pod} says 200, and yet {refusal}")),
            (200, None) | (_, Some(_)) => None,
            (_, None) => Some(format!("/health of {pod} says {health}, and yet a write and a read are done")),
        }
    }
}

impl GarageStore {
    /// Judges, at each of these pods, that its health is what a write and a read find there.
    ///
    /// # Errors
    /// When one does not answer; that it was not judged is a finding as well.
    pub async fn judge_health(
        &self,
        claim: Claim,
        pods: impl IntoIterator<Item = String>,
        recorder: &Recorder,
        key: &AccessKey,
    ) -> Result<()> {
        for pod in pods {
            let found = self.run().against(claim, self.found(recorder, &pod, key).await)?;
            self.run().judge(claim, found.disagreement());
        }
        Ok(())
    }

    /// Asks a pod for its health, and writes and reads there; again where the health is another one afterwards.
    async fn found(&self, recorder: &Recorder, pod: &str, key: &AccessKey) -> Result<Found> {
        let admin = self.admin(pod).await?;
        let ask = || async {
            let health = admin.probe().await?.status;
            // Boxed: the layers of an S3 call on top of these are more than the compiler looks through.
            let refusal = self.refusal(recorder, pod, key).boxed().await?;
            match admin.probe().await?.status {
                after if after == health => Ok(Found { pod: pod.to_owned(), health, refusal }),
                after => {
                    Err(Error::environment(format!("its health went from {health} to {after} meanwhile")))
                }
            }
        };
        let sentence = format!("{pod} says how it is, and a write and a read are answered");
        until_answered(&sentence, self.run().stretch(SETTLED), ask).await
    }

    /// Waits until a write and a read at a pod are done.
    ///
    /// # Errors
    /// When the store refuses one to the end, or does not answer.
    pub async fn until_it_serves(
        &self,
        recorder: &Recorder,
        pod: &str,
        key: &AccessKey,
        deadline: Duration,
    ) -> Result<Duration> {
        let ask = || async {
            Ok(self.refusal(recorder, pod, key).boxed().await?.map_or(Progress::Met, Progress::NotYet))
        };
        until_asked(&format!("{pod} does a write and a read"), self.run().stretch(deadline), ask).await
    }

    /// The key of an object with a block of its own that the store has acknowledged.
    ///
    /// # Errors
    /// When there is none, or the history can't be read.
    pub fn kept_block(&self, recorder: &Recorder) -> Result<Key> {
        let kept = recorder.operations()?.all.iter().find_map(kept_block);
        kept.ok_or_else(|| Error::bug("no object with a block of its own was acknowledged"))
    }

    /// Asks a pod for what was acknowledged.
    ///
    /// # Errors
    /// [`Error::Failed`] when it answers with anything else; one that did not answer says nothing.
    pub async fn gives(&self, pod: &str, object: &Key, key: &AccessKey) -> Result<()> {
        let outcome = self.s3(pod, key).await?.perform(&Request::get(Key::clone(object))).await;
        let words = format!("{object} was acknowledged, and {pod} says of it: {outcome:?}");
        match (&outcome, outcome.failure().map(|failure| &failure.cause)) {
            (Outcome::Ok(Answer::Found(_)), _) => Ok(()),
            (Outcome::Ok(_), _) | (_, Some(Cause::Answered(_))) => Err(Error::failed(words)),
            _ => Err(Error::environment(words)),
        }
    }

    /// What the store says to a write and to a read of it at a pod, where that is no good answer to one of them.
    async fn refusal(&self, recorder: &Recorder, pod: &str, access: &AccessKey) -> Result<Option<String>> {
        let (mut store, process): (Tunnelled<S3>, u32) =
            (self.s3(pod, access).await?, recorder.processes(1).start);
        let name = key(recorder.run(), process, 0);
        let written = content(&format!("{}/{process}/0", recorder.run()), 1024);
        let wanted = Outcome::Ok(Answer::Found(Value::of(&written)));
        let mut found = Outcome::DONE;
        for (what, request) in
            [("a write", Request::put(name.clone(), written)), ("a read", Request::get(name))]
        {
            let asked = Instant::now();
            found = recorder.perform(process, &pod.into(), &request, &mut store).await?;
            if let Some(said) = refused(what, &found, asked.elapsed())? {
                return Ok(Some(said));
            }
        }
        Ok((found != wanted).then(|| format!("a read of what was just written is told {found:?}")))
    }
}

/// The key of an object with a block of its own that was acknowledged.
fn kept_block(one: &Operation) -> Option<Key> {
    match &one.action {
        Action::Put { key, value, .. } if one.is_ok() && value.size >= BLOCK => Some(Key::clone(key)),
        _ => None,
    }
}

/// What the store said after a time, where it is no good answer.
fn refused(what: &str, outcome: &Outcome, after: Duration) -> Result<Option<String>> {
    match outcome.failure() {
        None => Ok(None),
        Some(failure) if failure.is_answer() && after < TIMED_OUT => {
            Ok(Some(format!("{what} is told {failure}")))
        }
        Some(failure) => {
            Err(Error::environment(format!("{what} had no answer of its own, within {after:.1?}: {failure}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use history::Failure;

    use super::*;

    #[test]
    fn an_error_after_others_were_waited_for_is_no_word() {
        let answered = Outcome::Failed(Failure::new(Cause::Answered(Arc::from("503")), "503"));
        let refused = |after: u64| refused("a write", &answered, Duration::from_secs(after));
        assert_eq!(refused(9).unwrap().unwrap(), "a write is told 503");
        assert!(refused(10).unwrap_err().obstacle().is_some());
    }

    #[test]
    fn health_is_what_is_found() {
        let found = |health, refusal: Option<&str>| {
            let refusal = refusal.map(str::to_owned);
            Found { pod: "garage-0".to_owned(), health, refusal }.disagreement()
        };
        assert_eq!((found(200, None), found(503, Some("a write is told 503"))), (None, None));
        assert!(found(200, Some("a read is told 503")).unwrap().ends_with("yet a read is told 503"));
        assert!(found(503, None).unwrap().contains("says 503, and yet"));
    }
}
