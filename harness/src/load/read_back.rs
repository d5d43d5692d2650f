//! Reading back what was written, at the end: every answer is an operation of the history as well.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::future::try_join_all;
use history::{Action, Answer, Cause, Failure, Key, Outcome, generate::Request};

use super::{Recorder, Store};
use crate::{error::Result, wait::pause};

/// How many read at once.
const READERS: usize = 8;
/// A way that breaks and a block that is gone look alike once; the way can't answer twice.
const TRIES: u32 = 4;
/// Between two tries.
const REST: Duration = Duration::from_millis(500);

/// Lists what is at an endpoint, and reads every key that may be there.
///
/// # Errors
/// The history can't be written or read.
pub async fn list_and_get<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: impl Fn() -> C,
) -> Result<()> {
    let prefix = format!("{}/", recorder.run());
    let listed = ask(recorder, endpoint, &connect, vec![Request::list(prefix)]).await?;
    let mut keys: BTreeSet<Key> = tried(recorder)?;
    keys.extend(listed.into_iter().flatten());
    get(recorder, endpoint, &connect, keys).await
}

/// Reads every key that may be there, of a store that can't list.
///
/// # Errors
/// As for [`list_and_get`].
pub async fn get_all<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: impl Fn() -> C,
) -> Result<()> {
    get(recorder, endpoint, &connect, tried(recorder)?).await
}

/// Reads all rows of an endpoint at once.
///
/// # Errors
/// As for [`list_and_get`].
pub async fn scan<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: impl Fn() -> C,
) -> Result<()> {
    let prefix = format!("{}/", recorder.run());
    ask(recorder, endpoint, &connect, vec![Request::scan(prefix)]).await.map(drop)
}

/// The keys that were written, unless the store surely refused it.
fn tried(recorder: &Recorder) -> Result<BTreeSet<Key>> {
    let operations = recorder.operations()?;
    let written = operations.all.iter().filter_map(|one| match (&one.action, &one.outcome) {
        (_, Outcome::Failed(_)) => None,
        (Action::Put { key, .. }, _) => Some(Arc::clone(key)),
        _ => None,
    });
    Ok(written.collect())
}

async fn get<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: &impl Fn() -> C,
    keys: BTreeSet<Key>,
) -> Result<()> {
    let keys: Vec<Key> = keys.into_iter().collect();
    let mut readers = Vec::new();
    for keys in keys.chunks(keys.len().div_ceil(READERS).max(1)) {
        let requests = keys.iter().map(|key| Request::get(Arc::clone(key))).collect();
        readers.push(ask(recorder, endpoint, connect, requests));
    }
    try_join_all(readers).await.map(drop)
}

/// Tries each request until the store answers it well, a few times, and notes every try; the keys that it lists.
async fn ask<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: &impl Fn() -> C,
    requests: Vec<Request>,
) -> Result<Vec<Vec<Key>>> {
    let (endpoint, process) = (Arc::from(endpoint), recorder.processes(1).start);
    let (mut connection, mut listed) = (None, Vec::new());
    for request in requests {
        for turn in 0..TRIES {
            if turn > 0 {
                pause(REST).await;
            }
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => connect().await,
            };
            let mut open = match open {
                Ok(open) => open,
                Err(error) => {
                    recorder.begin(process, &endpoint, &request.action)?;
                    let failure = Failure::new(Cause::Unreachable, error.to_string());
                    recorder.end(process, Outcome::Failed(failure))?;
                    continue;
                }
            };
            let outcome = recorder.perform(process, &endpoint, &request, &mut open).await?;
            match outcome.failure().map(|failure| &failure.cause) {
                None => {
                    connection = Some(open);
                    if let Outcome::Ok(Answer::Keys(keys)) = outcome {
                        listed.push(keys);
                    }
                    break;
                }
                // Once more: what it said may be of the fault, and not of the object.
                Some(Cause::Answered(_)) => connection = Some(open),
                Some(_) => {}
            }
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use history::{Checker, check::Copies};

    use super::*;
    use crate::{error::Error, load::recorder::tests::recorder};

    struct Whole;

    impl Store for Whole {
        async fn perform(&mut self, _: &Request) -> Outcome {
            Outcome::DONE
        }
    }

    #[tokio::test]
    async fn an_endpoint_to_which_no_connection_comes_about_is_asked_and_says_nothing() {
        let (path, recorder) = recorder("nobody");
        let (endpoint, put) = (Arc::from("a-0"), Request::put("run/k", vec![1; 40]));
        recorder.perform(recorder.processes(1).start, &endpoint, &put, &mut Whole).await.unwrap();
        let connect = async || Err::<Whole, _>(Error::environment("no pod"));
        get_all(&recorder, "a-1", connect).await.unwrap();
        let operations = recorder.operations().unwrap();
        let tried = operations.all.iter().filter(|one| *one.endpoint == *"a-1").count();
        assert_eq!(tried, TRIES as usize);
        let judgement = Checker::Set(Copies::Same).judge(&operations);
        assert_eq!(judgement.unjudged, ["a-1 said nothing of 1 keys"]);
        std::fs::remove_file(path).unwrap();
    }
}
