//! Asking until what is answered is right, and stays so, of pods that stay as they are meanwhile.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Prober;
use crate::{
    clock,
    error::{Error, Result},
    journal::{Fact, History, Record},
    law::Obstacle,
    wait::{Progress, until_steady},
};

/// How often is asked anew where a pod changed meanwhile.
const TRIES: u32 = 3;
/// So long before may a pod have changed of which a proxy or the DNS hears only now: what is right at first then becomes wrong.
const HEARD_LATE: SignedDuration = SignedDuration::from_secs(10);

impl Prober {
    /// As [`until_steady`], and anew where a pod became Ready meanwhile, or was so no more: on a busy machine a probe may fail, and what
    /// was asked for is then not what there was.
    ///
    /// # Errors
    /// As there; [`Error::NotJudged`] where that happened each time.
    pub(super) async fn steady<A>(
        &self,
        sentence: &str,
        time: Duration,
        mut ask: impl FnMut(u32) -> A,
    ) -> Result<Duration>
    where
        A: Future<Output = Result<Progress>>,
    {
        let mut tries = 1;
        loop {
            let began = clock::now();
            let message = match until_steady(sentence, time, &mut ask).await {
                Err(Error::Failed(message)) => message,
                outcome => return outcome,
            };
            // What it was right or wrong about may be told later.
            drop(self.run.parts().waiter.recorded().await);
            let last = tries == TRIES;
            // A change of before is no excuse for ever.
            let since = if last { began } else { began - HEARD_LATE };
            let Some(why) = changed(&self.run.log().history(), since) else {
                return Err(Error::Failed(message));
            };
            if last {
                return Err(Error::not_judged(Obstacle::Prober, format!("{message}; {why}")));
            }
            tries += 1;
        }
    }
}

/// A pod whose readiness changed since a moment, if there is one.
fn changed(history: &History, since: Timestamp) -> Option<String> {
    let mut found = None;
    history.walk(|world, entry| {
        let Record::Object { fact: Fact::Pod(pod), .. } = &entry.record else { return };
        let before = world.pods.get(&pod.meta.name).filter(|before| before.meta.uid == pod.meta.uid);
        if entry.at > since && before.is_some_and(|before| before.ready != pod.ready) {
            let what = if pod.ready { "became Ready" } else { "was Ready no more" };
            found.get_or_insert_with(|| format!("meanwhile {} {what}, at {}", pod.meta.name, entry.at));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::ToSpan;
    use serde_json::json;

    use super::*;
    use crate::journal::{Change, Entry, Kind, Reducer};

    #[test]
    fn a_pod_that_changes_while_it_is_asked_for_is_told() {
        let pod = |ready: bool| {
            let status = if ready { "True" } else { "False" };
            json!({"metadata": {"name": "db-0", "uid": "one"}, "spec": {"containers": []},
                "status": {"conditions": [{"type": "Ready", "status": status}]}})
        };
        let moment = |seconds: i64| Timestamp::UNIX_EPOCH + seconds.seconds();
        let entry = |line: u64, ready: bool| {
            let fact = Reducer::default().reduce(Kind::Pod, &pod(ready)).unwrap();
            let record = Record::Object { change: Change::Modified, revision: line, fact };
            Arc::new(Entry { line, at: moment(line.cast_signed()), record })
        };
        let history = History::new([entry(1, true), entry(2, true), entry(3, false), entry(4, true)]);
        let told = |since| changed(&history, moment(since));
        assert!(told(0).unwrap().starts_with("meanwhile db-0 was Ready no more"));
        assert!(told(3).unwrap().starts_with("meanwhile db-0 became Ready"));
        assert_eq!(told(4), None);
    }
}
