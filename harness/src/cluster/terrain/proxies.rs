//! How long the nodes' proxies may keep to themselves what they have heard of a pod: read from kube-proxy's configuration.

use std::time::Duration;

use external::api::objects;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;

use crate::error::Result;

/// What the configuration says; nothing where there is none that we know.
pub(super) async fn longest_wait(client: &Client) -> Result<Duration> {
    let maps = objects::<ConfigMap>(client, "kube-system");
    let found = maps.doing("reading configmap kube-system/kube-proxy").get_opt("kube-proxy").await?;
    let files = found.and_then(|map| map.data).unwrap_or_default();
    Ok(files.values().map(|text| waits(text)).max().unwrap_or_default())
}

/// The longest `minSyncPeriod` of a configuration, which has one for each mode.
fn waits(configuration: &str) -> Duration {
    let said = configuration.lines().filter_map(|line| line.trim().strip_prefix("minSyncPeriod:"));
    let periods = said.filter_map(|period| period.trim().trim_matches('"').parse::<SignedDuration>().ok());
    periods.filter_map(|period| Duration::try_from(period).ok()).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_period_of_all_modes_counts() {
        let of = |text: &str| waits(text).as_millis();
        assert_eq!(
            of("kind: KubeProxyConfiguration\niptables:\n  minSyncPeriod: 0s\n  syncPeriod: 30s\n"),
            0
        );
        assert_eq!(of("iptables:\n  minSyncPeriod: 1s\nipvs:\n  minSyncPeriod: 1m30s\n"), 90_000);
        assert_eq!(of("ipvs:\n  minSyncPeriod: 500ms\n"), 500);
        assert_eq!(of("  minSyncPeriod: null\n"), 0);
    }
}
