//! Questions to the cluster's DNS, each asked anew: no cache, no hosts file, no getaddrinfo
//! (which a statically linked program must not call).

use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use hickory_resolver::{
    TokioResolver,
    config::{ResolveHosts, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{DnsError, NetError},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
    system_conf::read_system_conf,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

/// No answer takes longer than this.
const BOUND: Duration = Duration::from_secs(5);
/// A lost datagram is sent again within the bound; an answer is never asked for again, since a bad one is one.
const TRY: Duration = Duration::from_secs(2);
/// So many questions are on their way at once: a DNS that drops many must not take us minutes.
const AT_ONCE: usize = 20;

/// With fewer dots a name is looked for in the search list first, as a kubelet has it. Where somebody has changed that, a name would
/// go out of the cluster before, to servers that may not answer within the bound.
const NDOTS: usize = 5;

pub const TIMES_LIMIT: usize = 1_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    #[default]
    A,
    Aaaa,
    Srv,
}

impl Kind {
    fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Srv => RecordType::SRV,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Address(IpAddr),
    Service { target: String, port: u16, priority: u16, weight: u16 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Code {
    NoError,
    NxDomain,
    NoData,
    ServFail,
    Timeout,
    /// There was no way to ask.
    Unreachable,
}

#[derive(Clone, Debug, Serialize)]
pub struct Resolution {
    pub code: Code,
    pub answers: Vec<Answer>,
    pub milliseconds: u128,
    /// How long, in seconds, a client may keep the answer: addresses, or that there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// What went wrong, in the resolver's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An answer that was given more than once.
#[derive(Debug, Serialize)]
pub struct Repeated {
    #[serde(flatten)]
    pub resolution: Resolution,
    pub times: usize,
}

/// Asks for a name: as it stands if it ends with a dot, else through the search list.
pub async fn resolve(name: &Name, kind: Kind) -> Result<Resolution> {
    Ok(ask(&resolver()?, name, kind).await)
}

/// Asks so many times, and tells each of the answers that differ, the most frequent first. Each time by another resolver,
/// because one answers equal questions that it has at once with a single answer.
pub async fn resolve_often(name: &Name, kind: Kind, times: usize) -> Result<Vec<Repeated>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut questions = JoinSet::new();
    for _ in 0..times {
        let (resolver, turns, name) = (resolver()?, Arc::clone(&turns), name.clone());
        questions.spawn(async move {
            let _turn = turns.acquire().await;
            ask(&resolver, &name, kind).await
        });
    }
    Ok(differing(questions.join_all().await))
}

fn differing(resolutions: Vec<Resolution>) -> Vec<Repeated> {
    let mut repeated: Vec<Repeated> = Vec::new();
    for resolution in resolutions {
        let same = |known: &&mut Repeated| {
            (known.resolution.code, &known.resolution.answers) == (resolution.code, &resolution.answers)
        };
        match repeated.iter_mut().find(same) {
            Some(known) => known.times += 1,
            None => repeated.push(Repeated { resolution, times: 1 }),
        }
    }
    repeated.sort_by_key(|repeated| std::cmp::Reverse(repeated.times));
    repeated
}

async fn ask(resolver: &TokioResolver, name: &Name, kind: Kind) -> Resolution {
    let start = Instant::now();
    let result = timeout(BOUND, look_up(resolver, name, kind)).await.unwrap_or(Err(NetError::Timeout));
    let milliseconds = start.elapsed().as_millis();
    let (code, mut answers, ttl, error) = match result {
        Ok(lookup) => {
            let answers = answers(&lookup, kind);
            let ttl = lookup.answers().iter().map(|record| record.ttl).max();
            (if answers.is_empty() { Code::NoData } else { Code::NoError }, answers, ttl, None)
        }
        Err(error) => (code(&error), Vec::new(), negative_ttl(&error), Some(error.to_string())),
    };
    answers.sort();
    Resolution { code, answers, milliseconds, ttl, error }
}

async fn look_up(resolver: &TokioResolver, name: &Name, kind: Kind) -> Result<Lookup, NetError> {
    match resolver.lookup(name.clone(), kind.record_type()).await {
        Err(NetError::Timeout) => resolver.lookup(name.clone(), kind.record_type()).await,
        answered => answered,
    }
}

/// The DNS gave no answer, which says nothing of the name.
#[derive(Debug)]
pub struct Silent;

impl fmt::Display for Silent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DNS did not answer in {BOUND:?}")
    }
}

impl std::error::Error for Silent {}

/// One address of a host; IPv6 only where there is no other. The first of the answer as it came,
/// because DNS rotates a headless service's addresses to spread its clients.
pub async fn address(host: &str) -> Result<IpAddr> {
    if let Ok(address) = host.parse() {
        return Ok(address);
    }
    let resolver = resolver()?;
    let name = name(host)?;
    let asked = async {
        let mut reason = anyhow!("no address");
        for kind in [Kind::A, Kind::Aaaa] {
            match look_up(&resolver, &name, kind).await {
                Ok(lookup) => {
                    if let Some(Answer::Address(address)) = answers(&lookup, kind).into_iter().next() {
                        return Ok(address);
                    }
                }
                Err(error) => reason = error.into(),
            }
        }
        Err(reason)
    };
    timeout(BOUND, asked)
        .await
        .unwrap_or_else(|_| Err(Silent.into()))
        .with_context(|| format!("cannot resolve {host}"))
}

pub fn name(name: &str) -> Result<Name> {
    // As it is written, capitals and all.
    Name::from_ascii(name).with_context(|| format!("{name:?} is no name"))
}

/// The domains in which a name is looked for that has none, without their final dots.
pub fn search() -> Result<Vec<String>> {
    let (config, _) = configuration()?;
    let plain = |domain: &Name| domain.to_utf8().trim_end_matches('.').to_owned();
    Ok(config.search().iter().map(plain).collect())
}

fn configuration() -> Result<(ResolverConfig, ResolverOpts)> {
    read_system_conf().context("cannot read /etc/resolv.conf")
}

fn resolver() -> Result<TokioResolver> {
    let (config, options) = configuration()?;
    // Hickory would search the hostname's own domain too; resolv.conf's search list is all that a pod is promised.
    let config = ResolverConfig::from_parts(None, config.search().to_vec(), config.name_servers().to_vec());
    let mut builder = TokioResolver::builder_with_config(config, Default::default());
    *builder.options_mut() = asking_anew(options);
    builder.build().context("cannot make a resolver")
}

fn asking_anew(options: ResolverOpts) -> ResolverOpts {
    let mut asking = options;
    asking.cache_size = 0;
    asking.ndots = NDOTS.max(asking.ndots);
    asking.use_hosts_file = ResolveHosts::Never;
    asking.timeout = TRY;
    asking.attempts = 0;
    asking.num_concurrent_reqs = 1;
    asking
}

/// The answers of the asked kind, without the aliases on the way.
fn answers(lookup: &Lookup, kind: Kind) -> Vec<Answer> {
    let answer = |data: &RData| match (kind, data) {
        (Kind::A, RData::A(address)) => Some(Answer::Address(address.0.into())),
        (Kind::Aaaa, RData::AAAA(address)) => Some(Answer::Address(address.0.into())),
        (Kind::Srv, RData::SRV(service)) => Some(Answer::Service {
            target: service.target.to_utf8(),
            port: service.port,
            priority: service.priority,
            weight: service.weight,
        }),
        _ => None,
    };
    lookup.answers().iter().filter_map(|record| answer(&record.data)).collect()
}

fn negative_ttl(error: &NetError) -> Option<u32> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => none.negative_ttl,
        _ => None,
    }
}

fn code(error: &NetError) -> Code {
    match error {
        NetError::Timeout => Code::Timeout,
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => Code::Unreachable,
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => Code::NxDomain,
            ResponseCode::NoError => Code::NoData,
            _ => Code::ServFail,
        },
        _ => Code::ServFail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_final_dot_makes_a_name_fully_qualified() -> Result<()> {
        assert!(name("sentinel-0.sentinel-headless.run.svc.cluster.local.")?.is_fqdn());
        assert!(!name("sentinel-0.sentinel-headless")?.is_fqdn());
        assert!(name("a..b").is_err());
        assert_eq!(name("_http._TCP.Sentinel.")?.to_ascii(), "_http._TCP.Sentinel.");
        Ok(())
    }

    #[test]
    fn a_short_name_is_looked_for_in_the_search_list_first() {
        let dots = |ndots| {
            let mut options = ResolverOpts::default();
            options.ndots = ndots;
            asking_anew(options).ndots
        };
        assert_eq!([1, 5, 7].map(dots), [5, 5, 7]);
    }

    #[test]
    fn failures_have_the_names_of_dns() -> Result<()> {
        assert_eq!(code(&NetError::Timeout), Code::Timeout);
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for unasked in [NetError::NoConnections, NetError::from(refused)] {
            assert_eq!(code(&unasked), Code::Unreachable, "{unasked}");
        }
        // What came and can't be understood is the server's.
        assert_eq!(code(&NetError::Message("broken")), Code::ServFail);
        assert_eq!(serde_json::to_string(&Code::NxDomain)?, r#""NXDOMAIN""#);
        assert_eq!(serde_json::to_string(&Code::NoData)?, r#""NODATA""#);
        Ok(())
    }

    #[test]
    fn of_many_answers_each_that_differs_is_told_with_how_often() -> Result<()> {
        let answer = |code, last: u8, milliseconds| Resolution {
            code,
            answers: vec![Answer::Address(IpAddr::from([10, 244, 0, last]))],
            milliseconds,
            ttl: Some(30),
            error: None,
        };
        let failure = Resolution {
            code: Code::ServFail,
            answers: Vec::new(),
            milliseconds: 1,
            ttl: None,
            error: Some("broken".to_owned()),
        };
        let right = |milliseconds| answer(Code::NoError, 5, milliseconds);
        let told = differing(vec![failure, right(1), answer(Code::NoError, 6, 1), right(2), right(3)]);
        let times: Vec<usize> = told.iter().map(|repeated| repeated.times).collect();
        assert_eq!(times, [3, 1, 1]);
        let first = told.first().map(serde_json::to_string).context("an answer")??;
        assert_eq!(
            first,
            r#"{"code":"NOERROR","answers":["10.244.0.5"],"milliseconds":1,"ttl":30,"times":3}"#
        );
        Ok(())
    }

    #[test]
    fn answers_read_as_plain_values() -> Result<()> {
        let address = Answer::Address(IpAddr::from([10, 244, 0, 5]));
        assert_eq!(serde_json::to_string(&address)?, r#""10.244.0.5""#);
        let service = Answer::Service { target: "a.b.".to_owned(), port: 80, priority: 0, weight: 33 };
        assert_eq!(
            serde_json::to_string(&service)?,
            r#"{"target":"a.b.","port":80,"priority":0,"weight":33}"#
        );
        Ok(())
    }
}
