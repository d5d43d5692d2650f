//! The other ways in which clients ask for a pod: as they write its name, and by service records.

use std::time::Duration;

use super::{Prober, each_right};
use crate::{
    claim::Claim,
    error::Result,
    report::terrain::KnownBy,
    workload::{Set, sentinel::Answer},
};

impl Prober {
    /// Judges that a pod's name is found as clients in pods write and ask it: without the cluster's domain, in capitals,
    /// and for both kinds of address, of which one is not there; a name that is missing for one kind is missing to many.
    ///
    /// # Errors
    /// When it is not; that is a finding as well.
    pub async fn judge_spellings(
        &self,
        claim: Claim,
        set: &Set,
        ordinal: u32,
        propagation: Duration,
    ) -> Result<()> {
        let pod = set.pod(ordinal)?;
        let (service, namespace) = (set.workload.headless, self.run.namespace());
        let full = self.full_name(set, ordinal);
        let short = format!("{}.{service}", pod.meta.name);
        let expected = self.addresses_of(&pod);
        for name in
            [format!("{short}.{namespace}.svc"), format!("{short}.{namespace}"), short, full.to_uppercase()]
        {
            let sentence =
                format!("the address of {name}, asked from {}, is {expected:?}", self.sentinel.pod);
            let expected = || Ok(expected.clone());
            self.judge_addresses(claim, &sentence, &name, propagation, expected).await?;
        }
        let sentence = format!("{full} is a name, whatever is asked of it from {}", self.sentinel.pod);
        let (name, other) = (&full, self.run.terrain().family().other());
        let ask = |times| async move {
            let right = |answer: &Answer| matches!(answer.code.as_str(), "NOERROR" | "NODATA");
            let answers = self.sentinel.resolve_often(name, other.record(), times).await?;
            Ok(each_right(&format!("its {other} address"), &answers, right, "an address or NODATA"))
        };
        self.judge_steady(claim, &sentence, &format!("{full} for {other}"), propagation, ask).await
    }

    /// Judges that the governing service's SRV records list every pod's own name, with the port: asked for by the port's name,
    /// and in CoreDNS as they are.
    ///
    /// # Errors
    /// When they do not; that is a finding as well.
    pub async fn judge_service_records(
        &self,
        claim: Claim,
        set: &Set,
        port: &str,
        propagation: Duration,
    ) -> Result<()> {
        let host = self.host(set.workload.headless);
        let target = |ordinal: u32| format!("{}:{}", self.pod_host(set, ordinal), set.workload.port);
        let mut wanted: Vec<_> = set.ordinals().into_iter().map(target).collect();
        wanted.sort();
        for name in names_of_records(&host, port, self.run.dns()?.known_by) {
            let sentence = format!("the SRV record of {name} lists {}", wanted.join(", "));
            let (name, wanted) = (&name, &wanted);
            let ask = |times| async move {
                let answers = self.sentinel.resolve_often(name, "SRV", times).await?;
                Ok(each_right(name, &answers, |answer| answer.targets() == *wanted, &format!("{wanted:?}")))
            };
            self.judge_steady(claim, &sentence, &format!("SRV {name}"), propagation, ask).await?;
        }
        Ok(())
    }
}

/// The names that a service's SRV records have. By its own name alone they are CoreDNS' extension, and who reads a configuration
/// has read CoreDNS'.
fn names_of_records(host: &str, port: &str, known_by: KnownBy) -> Vec<String> {
    let bare = (known_by == KnownBy::Configuration).then(|| format!("{host}."));
    bare.into_iter().chain([format!("_{port}._tcp.{host}.")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dns_that_may_not_be_coredns_is_asked_for_records_by_the_port_alone() {
        let names = |known_by| names_of_records("web.run.svc.cluster.local", "http", known_by);
        let named = "_http._tcp.web.run.svc.cluster.local.";
        assert_eq!(names(KnownBy::Configuration), ["web.run.svc.cluster.local.", named]);
        assert_eq!(names(KnownBy::Measurement), [named]);
    }
}
