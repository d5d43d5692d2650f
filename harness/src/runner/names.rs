//! Names, asked from inside pods.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use kube::Api;

use super::Run;
use crate::{
    claim::Claim,
    error::{Error, Result, within},
    wait::{Progress, until_asked},
    workload::{
        Set, Workload,
        sentinel::{Connections, Sentinel},
    },
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(10);
/// With three pods behind a service, so many all miss one of them once in 10^10 times.
const CONNECTIONS: u32 = 60;

impl Run {
    /// Judges that a pod's own name leads to its address of this moment, as seen from inside `asker`. A name may
    /// lag for as long as `propagation`; the measure says how long it did.
    ///
    /// # Errors
    /// When it does not; that is a finding as well.
    pub async fn judge_name(
        &self,
        claim: Claim,
        asker: &Sentinel,
        set: &Set,
        ordinal: u32,
        propagation: Duration,
    ) -> Result<()> {
        let pod = set.pod(ordinal)?;
        let name = format!("{}.", set.workload.pod_host(&pod.meta.name, self.namespace()));
        let expected: Vec<String> = pod.ip.iter().map(ToString::to_string).collect();
        let sentence = format!("the address of {}, asked from {}, is {expected:?}", pod.meta.name, asker.pod);
        self.judge_addresses(claim, &sentence, asker, &name, propagation, || Ok(expected.clone())).await
    }

    /// Judges that a headless service's name is the set of these pods' addresses.
    ///
    /// # Errors
    /// When it is not; that is a finding as well.
    pub async fn judge_service(
        &self,
        claim: Claim,
        asker: &Sentinel,
        set: &Set,
        service: &str,
        ordinals: impl IntoIterator<Item = u32>,
        propagation: Duration,
    ) -> Result<()> {
        let ordinals: Vec<u32> = ordinals.into_iter().collect();
        let name = format!("{}.", Workload::host(service, self.namespace()));
        let pods: Vec<_> = ordinals.iter().map(|ordinal| set.pod_name(*ordinal)).collect();
        let sentence = format!("the addresses of {service}, asked from {}, are those of {pods:?}", asker.pod);
        // A pod that is gone or has no address is not left out: it is answered by nothing.
        let addresses = || {
            let address = |ordinal: &u32| Ok(set.pod(*ordinal)?.ip.as_deref().unwrap_or_default().to_owned());
            ordinals.iter().map(address).collect()
        };
        self.judge_addresses(claim, &sentence, asker, &name, propagation, addresses).await
    }

    async fn judge_addresses(
        &self,
        claim: Claim,
        sentence: &str,
        asker: &Sentinel,
        name: &str,
        propagation: Duration,
        expected: impl Fn() -> Result<Vec<String>>,
    ) -> Result<()> {
        let ask = || async {
            let answer = asker.resolve(name, "A").await?;
            let mut wanted = expected()?;
            wanted.sort();
            let mut found = answer.addresses();
            found.sort_unstable();
            Ok(if found == wanted {
                Progress::Met
            } else {
                Progress::NotYet(format!("{name} is {} {found:?}; expected {wanted:?}", answer.code))
            })
        };
        let lag = self.found(claim, until_asked(sentence, self.stretch(propagation), ask).await)?;
        self.measure(&format!("lag of {name}"), lag.as_secs_f64(), "s");
        Ok(())
    }

    /// Judges that connections to a regular service reach each of these pods, and no other, and that none fails. A
    /// node's proxy learns of a Ready pod later than the API does, so this may lag for as long as `propagation`.
    ///
    /// # Errors
    /// When they do not; that is a finding as well.
    pub async fn judge_spread(
        &self,
        claim: Claim,
        asker: &Sentinel,
        set: &Set,
        ordinals: impl IntoIterator<Item = u32>,
        propagation: Duration,
    ) -> Result<()> {
        let service = set.workload.name;
        let wanted: Vec<_> = ordinals.into_iter().map(|ordinal| set.pod_name(ordinal)).collect();
        let sentence = format!("{CONNECTIONS} connections to {service} reach {}", wanted.join(", "));
        let ask = || async {
            let connections = asker.connect(service, set.workload.port, CONNECTIONS).await?;
            let reached: Vec<_> = connections.answers.keys().cloned().collect();
            Ok(if connections.failed == 0 && reached == wanted {
                Progress::Met
            } else {
                let Connections { answers, failed, errors } = connections;
                Progress::NotYet(format!("they reached {answers:?}, and {failed} failed {errors:?}"))
            })
        };
        let lag = self.found(claim, until_asked(&sentence, self.stretch(propagation), ask).await)?;
        self.measure(&format!("lag of connections to {service}"), lag.as_secs_f64(), "s");
        Ok(())
    }

    /// Judges that the governing service's SRV record lists every pod's own name, with the port.
    ///
    /// # Errors
    /// When it does not; that is a finding as well.
    pub async fn judge_service_records(
        &self,
        claim: Claim,
        asker: &Sentinel,
        set: &Set,
        propagation: Duration,
    ) -> Result<()> {
        let host = Workload::host(set.workload.headless, self.namespace());
        let mut wanted: Vec<_> = set
            .ordinals()
            .into_iter()
            .map(|ordinal| set.workload.pod_host(&set.pod_name(ordinal), self.namespace()))
            .collect();
        wanted.sort();
        let sentence = format!("the SRV record of {host} lists {}", wanted.join(", "));
        let ask = || async {
            let answer = asker.resolve(&format!("{host}."), "SRV").await?;
            let mut found = answer.targets();
            found.sort_unstable();
            let port = |answer: &serde_json::Value| answer["port"] == u64::from(set.workload.port);
            Ok(if found == wanted && answer.answers.iter().all(port) {
                Progress::Met
            } else {
                Progress::NotYet(format!("it is {} {:?}", answer.code, answer.answers))
            })
        };
        self.found(claim, until_asked(&sentence, self.stretch(propagation), ask).await).map(drop)
    }

    /// The address of a regular service.
    ///
    /// # Errors
    /// When there is no such service, or it has none.
    pub async fn service_address(&self, service: &str) -> Result<String> {
        let api: Api<Service> = Api::namespaced(self.client().clone(), self.namespace());
        let doing = format!("reading service {service}");
        let service = within(CALL, &doing, api.get(service), Error::api(doing.clone())).await?;
        let address = service.spec.and_then(|spec| spec.cluster_ip).filter(|address| address != "None");
        address.ok_or_else(|| Error::failed(format!("{doing}: expected an address of its own, found none")))
    }
}
