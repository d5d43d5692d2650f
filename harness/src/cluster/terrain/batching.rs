//! How long the controller of endpoints waits for more before it writes what it heard of a pod: read from its command, where it is a
//! static pod.

use std::time::Duration;

use external::api::objects;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;

use crate::error::Result;

const OPTION: &str = "--endpointslice-updates-batch-period";

/// What the commands of the controllers say; nothing where there are none that we know.
pub(super) async fn configured(client: &Client) -> Result<Duration> {
    let pods = objects::<Pod>(client, "kube-system").doing("reading the command of kube-controller-manager");
    let found = pods.list_labelled("component=kube-controller-manager").await?;
    let containers = found.into_iter().filter_map(|pod| pod.spec).flat_map(|spec| spec.containers);
    let periods = containers.map(|container| {
        let words = [container.command, container.args].into_iter().flatten().flatten();
        said(&words.collect::<Vec<_>>())
    });
    Ok(periods.max().unwrap_or_default())
}

/// The period of a command, which has it in one word or in two.
fn said(words: &[String]) -> Duration {
    let mut periods =
        words.iter().enumerate().filter_map(|(number, word)| match word.strip_prefix(OPTION)? {
            "" => words.get(number + 1).map(String::as_str),
            rest => rest.strip_prefix('='),
        });
    // The last one counts.
    let period = periods.next_back().and_then(|period| period.parse::<SignedDuration>().ok());
    period.and_then(|period| Duration::try_from(period).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_is_read_as_its_program_reads_it() {
        let of = |words: &str| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            said(&words).as_millis()
        };
        assert_eq!(of("kube-controller-manager --leader-elect=true"), 0);
        assert_eq!(of(&format!("kube-controller-manager {OPTION}=1m30s --v=2")), 90_000);
        assert_eq!(of(&format!("kube-controller-manager {OPTION} 500ms")), 500);
        assert_eq!(of(&format!("{OPTION}=5s {OPTION}=2s")), 2_000);
        assert_eq!(of(&format!("{OPTION}=soon")), 0);
        assert_eq!(of(&format!("{OPTION}-of-others=5s")), 0);
    }
}
