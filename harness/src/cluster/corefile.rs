//! How long the cluster's DNS may give an old answer, read from its live configuration: what the documentation says
//! of 30 seconds is not what every cluster does.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, Client};

use crate::error::{Error, Result, within};

const CALL: Duration = Duration::from_secs(10);
/// The zone of services and pods.
const ZONE: &str = "cluster.local";
/// What CoreDNS does where nothing is said: the `ttl` of its kubernetes plugin, and the bound of `cache`.
const DEFAULT_TTL: u64 = 5;
const DEFAULT_CACHE: u64 = 3600;

/// How old an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheTimes {
    /// Of an address.
    pub positive: Duration,
    /// Of the answer that there is no such name.
    pub negative: Duration,
    /// How long a client may keep an address for, by the answer's own word.
    pub ttl: Duration,
}

impl CacheTimes {
    /// Those of the cluster's CoreDNS.
    ///
    /// # Errors
    /// When its Corefile can't be read.
    pub async fn of(client: &Client) -> Result<Self> {
        let doing = "reading the Corefile in configmap kube-system/coredns";
        let api: Api<ConfigMap> = Api::namespaced(client.clone(), "kube-system");
        let found = within(CALL, doing, api.get_opt("coredns"), Error::api(doing)).await?;
        let text = found.and_then(|map| map.data?.remove("Corefile"));
        let text = text.ok_or_else(|| Error::environment(format!("{doing}: there is none")))?;
        Ok(Self::parse(&text))
    }

    fn parse(corefile: &str) -> Self {
        let (mut ttl, mut cache) = (DEFAULT_TTL, None);
        let (mut success, mut denial) = (true, true);
        for line in corefile.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["ttl", seconds] => ttl = seconds.parse().unwrap_or(ttl),
                ["cache", seconds, ..] if seconds.parse::<u64>().is_ok() => cache = seconds.parse().ok(),
                ["cache", ..] => cache = Some(DEFAULT_CACHE),
                ["disable", "success", ..] if words.len() == 2 || words.contains(&ZONE) => success = false,
                ["disable", "denial", ..] if words.len() == 2 || words.contains(&ZONE) => denial = false,
                _ => {}
            }
        }
        let age = |cached: bool| {
            let seconds = cache.filter(|_| cached).map_or(0, |cache: u64| cache.min(ttl));
            Duration::from_secs(seconds)
        };
        Self { positive: age(success), negative: age(denial), ttl: Duration::from_secs(ttl) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(cache: &str) -> (u64, u64) {
        let corefile = format!(
            ".:53 {{\n    kubernetes cluster.local in-addr.arpa {{\n       ttl 30\n    }}\n    {cache}\n    loop\n}}"
        );
        let times = CacheTimes::parse(&corefile);
        (times.positive.as_secs(), times.negative.as_secs())
    }

    #[test]
    fn an_answer_is_as_old_as_cache_and_ttl_allow() {
        assert_eq!(times("cache 30"), (30, 30));
        assert_eq!(times("cache 10"), (10, 10));
        assert_eq!(times("cache"), (30, 30));
        assert_eq!(times("loadbalance"), (0, 0));
        let kubeadm = "cache 30 {\n disable success cluster.local\n disable denial cluster.local\n }";
        assert_eq!(times(kubeadm), (0, 0));
        assert_eq!(times("cache 30 {\n disable denial cluster.local\n }"), (30, 0));
        assert_eq!(times("cache 30 {\n disable denial example.org\n }"), (30, 30));
        assert_eq!(times("cache 30 {\n disable denial\n }"), (30, 0));
        assert_eq!(CacheTimes::parse("kubernetes cluster.local {\n ttl 30\n }").ttl.as_secs(), 30);
        assert_eq!(CacheTimes::parse("kubernetes cluster.local").ttl.as_secs(), DEFAULT_TTL);
    }
}
