//! Who answers at an address: many connections, counted by the pod behind each.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpStream, sync::Semaphore, task::JoinSet, time::timeout};

use crate::{ask, names};

/// For one connection, name look-up and answer included: the kernel sends what a network lost again after 1 s, 3 s and 7 s.
const DEADLINE: Duration = Duration::from_secs(8);
/// So many connections are open at once: a service that drops them all must not take longer than who asks us waits.
const AT_ONCE: usize = 64;
const ERRORS_KEPT: usize = 3;

pub const TIMES_LIMIT: u32 = 10_000;

#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    host: String,
    port: u16,
    #[serde(default = "once")]
    pub times: u32,
    /// Only connect, and count the remote addresses.
    #[serde(default)]
    plain: bool,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Default, Serialize)]
pub struct Counts {
    /// How often each hostname answered, or with `plain` each address.
    answers: BTreeMap<String, u32>,
    /// Which starts of the program answered; with `plain` none says.
    instances: BTreeSet<String>,
    failed: u32,
    /// How many of these had no answer from the DNS.
    silent: u32,
    errors: Vec<String>,
}

impl Counts {
    fn add(&mut self, result: Result<Answer>) {
        match result {
            Ok(Answer { hostname, instance }) => {
                *self.answers.entry(hostname).or_default() += 1;
                self.instances.extend(instance);
            }
            Err(error) => {
                self.failed += 1;
                self.silent += u32::from(error.is::<names::Silent>());
                if self.errors.len() < ERRORS_KEPT {
                    self.errors.push(format!("{error:#}"));
                }
            }
        }
    }
}

pub async fn count(request: Request) -> Counts {
    let request = Arc::new(request);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut connections = JoinSet::new();
    for _ in 0..request.times {
        let (request, turns) = (Arc::clone(&request), Arc::clone(&turns));
        connections.spawn(async move {
            let _turn = turns.acquire().await?;
            timeout(DEADLINE, ask(&request))
                .await
                .unwrap_or_else(|_| Err(anyhow!("no answer in {DEADLINE:?}")))
        });
    }
    let mut counts = Counts::default();
    while let Some(result) = connections.join_next().await {
        counts.add(result.unwrap_or_else(|error| Err(error.into())));
    }
    counts
}

/// Who answered.
#[derive(Debug, PartialEq, Deserialize)]
struct Answer {
    hostname: String,
    instance: Option<String>,
}

async fn ask(request: &Request) -> Result<Answer> {
    let address = SocketAddr::new(names::address(&request.host).await?, request.port);
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    if request.plain {
        return Ok(Answer { hostname: stream.peer_addr()?.ip().to_string(), instance: None });
    }
    let answer = ask::get(stream, &request.host, "/identity").await?;
    identity(&answer).with_context(|| format!("{address} answered no identity"))
}

/// Who says so in an answer to `GET /identity`.
fn identity(answer: &[u8]) -> Result<Answer> {
    Ok(serde_json::from_str(ask::body(answer)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answered_is_read_from_the_answer() -> Result<()> {
        let answer = b"HTTP/1.1 200 OK\r\n\r\n{\"hostname\":\"sentinel-2\",\"instance\":\"00ff\"}";
        let (hostname, instance) = ("sentinel-2".to_owned(), Some("00ff".to_owned()));
        assert_eq!(identity(answer)?, Answer { hostname, instance });
        assert!(identity(b"HTTP/1.1 503 Service Unavailable\r\n\r\n{\"hostname\":\"a\"}").is_err());
        assert!(identity(b"").is_err());
        Ok(())
    }

    #[test]
    fn a_silent_dns_is_told_from_a_connection_that_fails() {
        let mut counts = Counts::default();
        counts.add(Err(anyhow::Error::from(names::Silent).context("cannot resolve db")));
        counts.add(Err(anyhow!("cannot connect")));
        assert_eq!((counts.failed, counts.silent), (2, 1));
        assert_eq!(counts.errors[0], "cannot resolve db: DNS did not answer in 5s");
    }

    #[test]
    fn failures_are_counted_and_the_first_kept() {
        let mut counts = Counts::default();
        for number in 0..5 {
            counts.add(Err(anyhow!("error {number}")));
        }
        for instance in [None, Some("00ff".to_owned())] {
            counts.add(Ok(Answer { hostname: "sentinel-0".to_owned(), instance }));
        }
        assert_eq!((counts.failed, counts.silent), (5, 0));
        assert_eq!(counts.errors, ["error 0", "error 1", "error 2"]);
        assert_eq!(counts.answers, BTreeMap::from([("sentinel-0".to_owned(), 2)]));
        assert_eq!(counts.instances, BTreeSet::from(["00ff".to_owned()]));
    }
}
