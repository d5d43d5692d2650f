//! What the nodes' proxies do with what they have heard of a pod: read from kube-proxy's configuration.

use std::time::Duration;

use external::api::objects;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;

use crate::error::Result;

/// Schedulers of IPVS by which a client need not reach every pod: they go by who asks or where to, or by what each has open.
const STICKING: [&str; 9] = ["sh", "mh", "dh", "lblc", "lblcr", "fo", "ovf", "sed", "nq"];

/// What the proxies do that no promise forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proxies {
    /// How long they may keep to themselves what they have heard.
    pub wait: Duration,
    /// Whether they lead each client to one pod of a service.
    pub clients_stick: bool,
}

/// What the configuration says; nothing where there is none that we know.
pub(super) async fn configured(client: &Client) -> Result<Proxies> {
    let maps = objects::<ConfigMap>(client, "kube-system");
    let found = maps.doing("reading configmap kube-system/kube-proxy").get_opt("kube-proxy").await?;
    let file = found.and_then(|map| map.data?.remove("config.conf"));
    Ok(file.map(|text| said(&text)).unwrap_or_default())
}

/// The longest `minSyncPeriod` of a configuration, which has one for each mode, and whether its scheduler goes by who asks.
fn said(configuration: &str) -> Proxies {
    let of = |field: &'static str| {
        let lines = configuration.lines().filter_map(move |line| line.trim().strip_prefix(field));
        lines.map(|value| value.trim().trim_matches('"'))
    };
    let periods = of("minSyncPeriod:").filter_map(|period| period.parse::<SignedDuration>().ok());
    let wait = periods.filter_map(|period| Duration::try_from(period).ok()).max().unwrap_or_default();
    let clients_stick =
        of("mode:").any(|mode| mode == "ipvs") && of("scheduler:").any(|name| STICKING.contains(&name));
    Proxies { wait, clients_stick }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_period_of_all_modes_counts() {
        let of = |text: &str| said(text).wait.as_millis();
        assert_eq!(
            of("kind: KubeProxyConfiguration\niptables:\n  minSyncPeriod: 0s\n  syncPeriod: 30s\n"),
            0
        );
        assert_eq!(of("iptables:\n  minSyncPeriod: 1s\nipvs:\n  minSyncPeriod: 1m30s\n"), 90_000);
        assert_eq!(of("ipvs:\n  minSyncPeriod: 500ms\n"), 500);
        assert_eq!(of("  minSyncPeriod: null\n"), 0);
    }

    #[test]
    fn a_scheduler_that_goes_by_who_asks_counts_where_it_is_used() {
        let of = |text: &str| said(text).clients_stick;
        for name in STICKING {
            assert!(of(&format!("ipvs:\n  scheduler: {name}\nmode: ipvs\n")), "{name}");
        }
        for name in ["rr", "wrr", "lc", "wlc"] {
            assert!(!of(&format!("ipvs:\n  scheduler: {name}\nmode: ipvs\n")), "{name}");
        }
        assert!(!of("ipvs:\n  scheduler: sh\nmode: iptables\n"));
        assert!(!of("ipvs:\n  scheduler: \"\"\nmode: ipvs\n"));
    }
}
