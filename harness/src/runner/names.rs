//! Names, asked from inside pods.

use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use kube::Api;

use super::Run;
use crate::{
    claim::Claim,
    error::{Error, Result, within},
    journal::fact::Pod,
    wait::{Progress, expectations::endpoints_ready, until_steady},
    workload::{
        Set,
        sentinel::{Answer, Connections, Repeated, Sentinel},
    },
};

/// How long the API server may take for one call.
const CALL: Duration = Duration::from_secs(10);
/// With three pods behind a service, so many all miss one of them once in 10^10 times.
const CONNECTIONS: u32 = 60;
/// How a DNS says that a name has no address: there is no such name, or nothing of this kind under it.
const NO_ADDRESS: [&str; 2] = ["NXDOMAIN", "NODATA"];

impl Run {
    /// `<service>.<namespace>.svc.<the cluster's domain>`, or without the domain where that is not known.
    pub fn host(&self, service: &str) -> String {
        let short = format!("{service}.{}.svc", self.namespace());
        self.terrain().dns.as_ref().map_or(short.clone(), |dns| format!("{short}.{}", dns.domain))
    }

    /// `<pod>.<its set's headless service>.<namespace>.svc.<the cluster's domain>`
    pub fn pod_host(&self, set: &Set, ordinal: u32) -> String {
        self.host(&format!("{}.{}", set.pod_name(ordinal), set.workload.headless))
    }

    /// The name of a pod's host with the final dot: it is asked as it stands.
    pub fn full_name(&self, set: &Set, ordinal: u32) -> String {
        format!("{}.", self.pod_host(set, ordinal))
    }

    /// Asks for the addresses of a name, of the family that a Service has which asks for none.
    ///
    /// # Errors
    /// When the asker does not answer; a DNS error is an answer.
    pub async fn resolve(&self, asker: &Sentinel, name: &str) -> Result<Answer> {
        asker.resolve(name, self.terrain().family().record()).await
    }

    /// The addresses of a pod by which a Service of ours names it.
    fn addresses_of(&self, pod: &Pod) -> Vec<String> {
        let family = self.terrain().family();
        pod.addresses.iter().filter(|address| family.has(address)).map(ToString::to_string).collect()
    }

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
        let name = self.full_name(set, ordinal);
        let expected = self.addresses_of(&pod);
        let sentence = format!("the address of {}, asked from {}, is {expected:?}", pod.meta.name, asker.pod);
        self.judge_addresses(claim, &sentence, asker, &name, propagation, || Ok(expected.clone())).await
    }

    /// Judges that a headless service's endpoints are these pods, and its name the set of their addresses: what the DNS is
    /// to say is there before it is asked. Either may lag for as long as `propagation`.
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
        let listed = endpoints_ready(&set.promise, service, ordinals.iter().copied());
        self.expect(claim, &listed, propagation).await?;
        let name = format!("{}.", self.host(service));
        let pods: Vec<_> = ordinals.iter().map(|ordinal| set.pod_name(*ordinal)).collect();
        let sentence = format!("the addresses of {service}, asked from {}, are those of {pods:?}", asker.pod);
        // A pod that is gone or has no address is not left out: it is answered by nothing.
        let addresses = || {
            let address =
                |ordinal: &u32| Ok(self.addresses_of(&*set.pod(*ordinal)?).pop().unwrap_or_default());
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
        let ask = |times| {
            let expected = expected();
            async move {
                let mut wanted = expected?;
                wanted.sort();
                let told = if wanted.is_empty() { NO_ADDRESS.join(" or ") } else { format!("{wanted:?}") };
                let record = self.terrain().family().record();
                let answers = asker.resolve_often(name, record, times).await?;
                Ok(each_right(name, &answers, |answer| says(answer, &wanted), &told))
            }
        };
        self.judge_steady(claim, sentence, name, propagation, ask).await
    }

    /// Judges what is asked until it is right, and from then on; the measure says how long it took to be.
    async fn judge_steady<A>(
        &self,
        claim: Claim,
        sentence: &str,
        of: &str,
        propagation: Duration,
        ask: impl FnMut(u32) -> A,
    ) -> Result<()>
    where
        A: Future<Output = Result<Progress>>,
    {
        let lag = self.found(claim, until_steady(sentence, self.stretch(propagation), ask).await)?;
        self.measure(&format!("lag of {of}"), lag.as_secs_f64(), "s");
        Ok(())
    }

    /// Judges that a pod's name is found as clients in pods write and ask it: without the cluster's domain, in capitals,
    /// and for both kinds of address, of which one is not there; a name that is missing for one kind is missing to many.
    ///
    /// # Errors
    /// When it is not; that is a finding as well.
    pub async fn judge_spellings(
        &self,
        claim: Claim,
        asker: &Sentinel,
        set: &Set,
        ordinal: u32,
        propagation: Duration,
    ) -> Result<()> {
        let pod = set.pod(ordinal)?;
        let (service, namespace) = (set.workload.headless, self.namespace());
        let full = self.full_name(set, ordinal);
        let short = format!("{}.{service}", pod.meta.name);
        let expected = self.addresses_of(&pod);
        for name in [format!("{short}.{namespace}"), short, full.to_uppercase()] {
            let sentence = format!("the address of {name}, asked from {}, is {expected:?}", asker.pod);
            let expected = || Ok(expected.clone());
            self.judge_addresses(claim, &sentence, asker, &name, propagation, expected).await?;
        }
        let sentence = format!("{full} is a name, whatever is asked of it from {}", asker.pod);
        let (name, other) = (&full, self.terrain().family().other());
        let ask = |times| async move {
            let right = |answer: &Answer| matches!(answer.code.as_str(), "NOERROR" | "NODATA");
            let answers = asker.resolve_often(name, other.record(), times).await?;
            Ok(each_right(&format!("its {other} address"), &answers, right, "an address or NODATA"))
        };
        self.judge_steady(claim, &sentence, &format!("{full} for {other}"), propagation, ask).await
    }

    /// Judges that an ordinal without a pod has no name.
    ///
    /// # Errors
    /// When it has one; that is a finding as well.
    pub async fn judge_no_name(
        &self,
        claim: Claim,
        asker: &Sentinel,
        set: &Set,
        ordinal: u32,
        propagation: Duration,
    ) -> Result<()> {
        let name = self.full_name(set, ordinal);
        let pod = set.pod_name(ordinal);
        let sentence = format!("there is no name of {pod}, which is gone, asked from {}", asker.pod);
        let (name, asked) = (&name, asker);
        let ask = |times| async move {
            let answers = asked.resolve_often(name, self.terrain().family().record(), times).await?;
            Ok(each_right(name, &answers, |answer| answer.code == "NXDOMAIN", "NXDOMAIN"))
        };
        self.judge_steady(claim, &sentence, &format!("the end of {name}"), propagation, ask).await
    }

    /// Judges that clients may keep a pod's address no longer than the DNS's configuration says.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn judge_kept(
        &self,
        claim: Claim,
        asker: &Sentinel,
        set: &Set,
        ordinal: u32,
        most: Duration,
    ) -> Result<()> {
        let name = self.full_name(set, ordinal);
        let ttl = self.resolve(asker, &name).await?.ttl.unwrap_or_default();
        let too_long = u64::from(ttl) > most.as_secs();
        let words =
            format!("a client may keep the address of {name} for {ttl} s; its configuration says {most:?}");
        self.judge(claim, too_long.then_some(words));
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
        let wanted = &wanted;
        let ask = |_| async move {
            let connections = asker.connect(service, set.workload.port, CONNECTIONS).await?;
            let reached: Vec<_> = connections.answers.keys().cloned().collect();
            Ok(if connections.failed == 0 && reached == *wanted {
                Progress::Met
            } else {
                let Connections { answers, failed, errors } = connections;
                Progress::NotYet(format!("they reached {answers:?}, and {failed} failed {errors:?}"))
            })
        };
        self.judge_steady(claim, &sentence, &format!("connections to {service}"), propagation, ask).await
    }

    /// Judges that the governing service's SRV records list every pod's own name, with the port: asked for as they are,
    /// and by the port's name.
    ///
    /// # Errors
    /// When they do not; that is a finding as well.
    pub async fn judge_service_records(
        &self,
        claim: Claim,
        asker: &Sentinel,
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
                let answers = asker.resolve_often(name, "SRV", times).await?;
                Ok(each_right(name, &answers, |answer| answer.targets() == *wanted, &format!("{wanted:?}")))
            };
            self.judge_steady(claim, &sentence, &format!("SRV {name}"), propagation, ask).await?;
        }
        Ok(())
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

/// Whether an answer is exactly these addresses, given sorted. That there is none must be said: a question that failed has
/// no answer.
fn says(answer: &Answer, addresses: &[String]) -> bool {
    let mut found = answer.addresses();
    found.sort_unstable();
    found == addresses && (!addresses.is_empty() || NO_ADDRESS.contains(&answer.code.as_str()))
}

/// Whether each of many answers is right; if one is not, all that differ are told.
fn each_right(name: &str, answers: &[Repeated], right: impl Fn(&Answer) -> bool, expected: &str) -> Progress {
    if !answers.is_empty() && answers.iter().all(|repeated| right(&repeated.answer)) {
        return Progress::Met;
    }
    let told = |Repeated { answer, times }: &Repeated| {
        let Answer { code, answers, .. } = answer;
        let answers: Vec<_> = answers.iter().map(ToString::to_string).collect();
        let often = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
        format!("{often} {code} [{}]", answers.join(", "))
    };
    let told: Vec<_> = answers.iter().map(told).collect();
    Progress::NotYet(format!("{name} is {}; expected {expected}", told.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(code: &str, addresses: &[&str], times: u32) -> Repeated {
        let answers = addresses.iter().map(|address| json!(address)).collect();
        Repeated { answer: Answer { code: code.to_owned(), answers, milliseconds: 1, ttl: None }, times }
    }

    #[test]
    fn that_there_is_no_address_must_be_said() {
        let none = |code: &str| says(&answer(code, &[], 1).answer, &[]);
        assert!(none("NXDOMAIN") && none("NODATA"));
        for failed in ["SERVFAIL", "TIMEOUT", "NOERROR"] {
            assert!(!none(failed), "{failed}");
        }
        let two = ["10.0.0.1", "10.0.0.2"].map(str::to_owned);
        assert!(says(&answer("NOERROR", &["10.0.0.2", "10.0.0.1"], 1).answer, &two));
        assert!(!says(&answer("NOERROR", &["10.0.0.1"], 1).answer, &two));
        assert!(!says(&answer("NOERROR", &["10.0.0.1"], 1).answer, &[]));
        assert!(!says(&answer("NXDOMAIN", &[], 1).answer, &two));
    }

    #[test]
    fn one_wrong_answer_among_many_is_told_with_the_right_ones() {
        let good = answer("NOERROR", &["10.0.0.1"], 59);
        let right = |answer: &Answer| answer.addresses() == ["10.0.0.1"];
        let judged = |answers: &[Repeated]| each_right("db-0.", answers, right, "10.0.0.1");
        assert_eq!(judged(std::slice::from_ref(&good)), Progress::Met);
        assert_eq!(
            judged(&[good, answer("SERVFAIL", &[], 1)]),
            Progress::NotYet(
                r#"db-0. is 59 times NOERROR ["10.0.0.1"], once SERVFAIL []; expected 10.0.0.1"#.into()
            )
        );
        assert_eq!(judged(&[]), Progress::NotYet("db-0. is ; expected 10.0.0.1".into()));
    }
}
