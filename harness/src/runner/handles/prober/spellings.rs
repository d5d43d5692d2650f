//! The other ways in which clients ask for a pod: as they write its name, and by service records.

use std::time::Duration;

use super::{Prober, each_right};
use crate::{
    claim::Claim,
    error::Result,
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

    /// Judges that the governing service's SRV records list every pod's own name, with the port: asked for as they are,
    /// and by the port's name.
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
        for name in [format!("{host}."), format!("_{port}._tcp.{host}.")] {
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
