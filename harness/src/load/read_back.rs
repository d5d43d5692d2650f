//! Reading back what was written, at the end: every answer is an operation of the history as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use history::{
    Action, Answer, Cause, Failure, Key, Operation, Outcome, Step, Value,
    generate::{Request, content_of},
    operation::reaches,
};

use super::{Recorder, Store};
use crate::{error::Result, wait::pause};

/// How many read at once.
const READERS: usize = 8;
/// Of so many keys the head of one is asked for, and a part of one.
const HEADS: usize = 8;
/// How many lists are read in one transaction.
const LISTS: usize = 16;
/// A way that breaks and a block that is gone look alike once; the way can't answer twice.
const TRIES: u32 = 4;
/// Between two tries.
const REST: Duration = Duration::from_millis(500);
/// So long in all a reader asks again those who can't answer just now, however often: a store that has just healed may falter.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 3 } else { 20 });

/// Lists what is at an endpoint, reads every key that may be there, and asks for some heads and some parts.
///
/// # Errors
/// The history can't be written or read.
pub async fn list_and_get<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: impl Fn() -> C,
) -> Result<()> {
    let prefix = format!("{}/", recorder.run());
    let listed = ask(recorder, endpoint, &connect, vec![Request::list(prefix)], &BTreeSet::new()).await?;
    let all = recorder.operations()?.all;
    let parts = parts(&all);
    let Tried { mut keys, acknowledged } = Tried::of(all);
    let listed: BTreeSet<Key> = listed.into_iter().flatten().collect();
    let settling = listed.difference(&acknowledged).cloned().collect();
    keys.extend(listed);
    let head = |(_, key): (usize, &Key)| Request::head(Arc::clone(key));
    let heads: Vec<Request> =
        keys.iter().enumerate().filter(|(place, _)| place % HEADS == 0).map(head).collect();
    let asked = keys.into_iter().map(Request::get).chain(heads).chain(parts);
    read(recorder, endpoint, &connect, asked, &settling).await
}

/// What reads a byte in the middle of some keys of which it is known what they hold there: written once, with what follows from their name.
fn parts(all: &[Operation]) -> Vec<Request> {
    let mut written: BTreeMap<&Key, (u32, Option<Value>)> = BTreeMap::new();
    for one in all.iter().filter(|one| one.action.writes()) {
        let Some(key) = one.action.key() else { continue };
        let (times, value) = written.entry(key).or_default();
        *times += 1;
        *value = match &one.action {
            Action::Put { value, .. } if !matches!(one.outcome, Outcome::Failed(_)) => Some(*value),
            _ => None,
        };
    }
    let once =
        written.into_iter().filter_map(|(key, (times, value))| Some((key, value.filter(|_| times == 1)?)));
    let some = once.filter(|(_, value)| value.size > 0).step_by(HEADS);
    let known = some.filter(|(key, value)| {
        let content = usize::try_from(value.size).ok().and_then(|size| content_of(key, size));
        content.is_some_and(|content| Value::of(&content) == *value)
    });
    known.map(|(key, value)| Request::part(Arc::clone(key), value.size / 2, 1)).collect()
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
    let keys = Tried::of(recorder.operations()?.all).keys;
    read(recorder, endpoint, &connect, keys.into_iter().map(Request::get), &BTreeSet::new()).await
}

/// Reads the largest of what was acknowledged at an endpoint, where it went whole: what is broken off there later is not the way's doing.
///
/// # Errors
/// As for [`list_and_get`].
pub async fn largest<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: impl Fn() -> C,
) -> Result<()> {
    let all = recorder.operations()?.all;
    let written = all.iter().filter(|one| one.is_ok()).filter_map(|one| match &one.action {
        Action::Put { key, value, .. } => Some((value.size, key)),
        _ => None,
    });
    let requests = written.max().map(|(_, key)| Request::get(Arc::clone(key))).into_iter().collect();
    ask(recorder, endpoint, &connect, requests, &BTreeSet::new()).await.map(drop)
}

/// Reads all rows of an endpoint at once, and their keys as its index has them; and once more the rows that were written over, and
/// whatever else transactions wrote there, which nobody may have read since.
///
/// # Errors
/// As for [`list_and_get`].
pub async fn scan<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: impl Fn() -> C,
) -> Result<()> {
    let prefix = format!("{}/", recorder.run());
    let mut requests = vec![Request::list(prefix.as_str()), Request::scan(prefix)];
    let all = recorder.operations()?.all;
    // No scan is asked for their order.
    requests.extend(written_over(&all).into_iter().map(Request::get));
    requests.extend(transactions(&all, endpoint));
    ask(recorder, endpoint, &connect, requests, &BTreeSet::new()).await.map(drop)
}

/// The keys that were written more than once: what they hold now is a matter of their order.
fn written_over(all: &[Operation]) -> BTreeSet<Key> {
    let mut times: BTreeMap<&Key, u32> = BTreeMap::new();
    for one in all.iter().filter(|one| !matches!(one.outcome, Outcome::Failed(_))) {
        if let Action::Put { key, .. } = &one.action {
            *times.entry(key).or_default() += 1;
        }
    }
    times.into_iter().filter(|(_, times)| *times > 1).map(|(key, _)| Arc::clone(key)).collect()
}

/// What reads the accounts and lists that were written at an endpoint, or through a service that leads there alone.
fn transactions(all: &[Operation], endpoint: &str) -> Vec<Request> {
    let (mut lists, mut requests) = (BTreeSet::new(), Vec::new());
    let reaches = reaches(all, endpoint);
    for one in all.iter().filter(|one| reaches(one)) {
        match &one.action {
            Action::Transfer { .. } if requests.is_empty() => requests.push(Request::balances()),
            Action::Transaction(steps) => lists.extend(steps.iter().filter_map(|step| match step {
                Step::Append { list, .. } => Some(*list),
                _ => None,
            })),
            _ => {}
        }
    }
    let lists: Vec<u32> = lists.into_iter().collect();
    requests.extend(lists.chunks(LISTS).map(Request::lists));
    requests
}

/// The keys that were written, unless the store surely refused it.
struct Tried {
    keys: BTreeSet<Key>,
    /// Those among them of which the store said that it is done.
    acknowledged: BTreeSet<Key>,
}

impl Tried {
    fn of(all: Vec<Operation>) -> Self {
        let mut tried = Self { keys: BTreeSet::new(), acknowledged: BTreeSet::new() };
        for one in all {
            let Action::Put { key, .. } = one.action else { continue };
            match one.outcome {
                Outcome::Failed(_) => continue,
                Outcome::Ok(_) => drop(tried.acknowledged.insert(Arc::clone(&key))),
                Outcome::Unknown(_) => {}
            }
            tried.keys.insert(key);
        }
        tried
    }
}

async fn read<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: &impl Fn() -> C,
    requests: impl Iterator<Item = Request>,
    settling: &BTreeSet<Key>,
) -> Result<()> {
    let requests: Vec<Request> = requests.collect();
    let part = requests.len().div_ceil(READERS).max(1);
    let readers = requests.chunks(part).map(|part| ask(recorder, endpoint, connect, part.to_vec(), settling));
    try_join_all(readers).await.map(drop)
}

/// Tries each request until the store answers it well. What is settling was listed and never acknowledged: a store whose nodes still tell
/// each other of it may say that it is not there. It is asked again, and listed alone right before, so that what refuses it is held to
/// what showed it then. Gives the keys that are listed.
async fn ask<S: Store, C: Future<Output = Result<S>>>(
    recorder: &Recorder,
    endpoint: &str,
    connect: &impl Fn() -> C,
    requests: Vec<Request>,
    settling: &BTreeSet<Key>,
) -> Result<Vec<Vec<Key>>> {
    let (process, mut listed) = (recorder.processes(1).start, Vec::new());
    let mut reader = Reader {
        recorder,
        endpoint: endpoint.into(),
        process,
        connect,
        connection: None,
        patience: PATIENCE,
    };
    for request in requests {
        let mut answer = reader.ask(&request).await?;
        // Of its head and parts nothing is held against the list: another one would only be later than the last get.
        let key = match &request.action {
            Action::Get { key } => Some(key).filter(|key| settling.contains(*key)),
            _ => None,
        };
        for _ in 1..TRIES {
            let Some(key) = key.filter(|_| answer == Some(Answer::Absent)) else { break };
            pause(REST).await;
            match reader.ask(&Request::list(Arc::clone(key))).await? {
                Some(Answer::Keys(keys)) if !keys.contains(key) => break,
                _ => answer = reader.ask(&request).await?,
            }
        }
        if let Some(Answer::Keys(keys)) = answer {
            listed.push(keys);
        }
    }
    Ok(listed)
}

/// Who asks an endpoint for one thing after the other.
struct Reader<'a, S, C> {
    recorder: &'a Recorder,
    endpoint: Arc<str>,
    process: u32,
    connect: &'a C,
    connection: Option<S>,
    /// How long it still asks those again who can't answer just now.
    patience: Duration,
}

impl<S: Store, F: Future<Output = Result<S>>, C: Fn() -> F> Reader<'_, S, C> {
    /// Tries a request until the store answers it well, a few times, and more often while there is patience; notes every try. Gives the
    /// answer, where there was one.
    async fn ask(&mut self, request: &Request) -> Result<Option<Answer>> {
        let (recorder, process, endpoint) = (self.recorder, self.process, Arc::clone(&self.endpoint));
        let (began, mut tries, mut faltered, mut answer) = (Instant::now(), 0, false, None);
        while tries < TRIES || (faltered && began.elapsed() < self.patience) {
            if tries > 0 {
                pause(REST).await;
            }
            tries += 1;
            let open = match self.connection.take() {
                Some(open) => Ok(open),
                None => (self.connect)().await,
            };
            let mut open = match open {
                Ok(open) => open,
                Err(error) => {
                    recorder.begin(process, &endpoint, &request.action)?;
                    let failure = Failure::new(Cause::Unreachable, error.to_string());
                    recorder.end(process, Outcome::Failed(failure))?;
                    faltered = true;
                    continue;
                }
            };
            let outcome = recorder.perform(process, &endpoint, request, &mut open).await?;
            faltered = outcome.failure().is_some_and(|failure| falters(&failure.cause));
            match outcome.failure().map(|failure| &failure.cause) {
                None => {
                    self.connection = Some(open);
                    answer = match outcome {
                        Outcome::Ok(answer) => Some(answer),
                        _ => None,
                    };
                    break;
                }
                // Once more: what it said may be of the fault, and not of the object.
                Some(Cause::Answered(_)) => self.connection = Some(open),
                Some(_) => {}
            }
        }
        if tries > TRIES {
            self.patience = self.patience.saturating_sub(began.elapsed());
        }
        Ok(answer)
    }
}

/// Whether it may be of the moment: who says no to what is asked says so again.
fn falters(cause: &Cause) -> bool {
    cause.is_momentary()
        || !matches!(cause, Cause::Answered(code) if code.len() == 3 && !code.starts_with('5'))
}

#[cfg(test)]
mod tests;
