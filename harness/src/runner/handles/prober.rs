//! A pod of our program, from inside which names are asked and connections opened.

mod answers;
mod ended;
mod spellings;
mod spread;
mod steady;

use std::time::Duration;

use answers::{FORWARDED, NO_ADDRESS, each_right, may_be_others, says, unbounded, unless_others};
use external::api::objects;
use k8s_openapi::api::core::v1::Service;

use crate::{
    claim::Claim,
    cluster::Tunnel,
    error::{Error, Result},
    journal::fact::Pod,
    law::Obstacle,
    report::terrain::Dns,
    runner::Run,
    wait::{Progress, expectations::endpoints_ready, until_answered, until_asked},
    workload::{
        Set,
        sentinel::{Answer, Repeated, Sentinel},
    },
};

/// How long a DNS may err until that is its answer.
const ANSWERED: Duration = Duration::from_secs(20);

/// Asks and judges as clients inside the cluster would: from inside a pod of our program.
#[derive(Debug, Clone)]
pub struct Prober {
    pub(super) run: Run,
    sentinel: Sentinel,
}

impl Prober {
    pub(in crate::runner) fn new(run: Run, pod: impl Into<String>) -> Self {
        let sentinel = run.sentinel(pod);
        Self { run, sentinel }
    }

    /// `<service>.<namespace>.svc.<the cluster's domain>`, or without the domain where that is not known.
    pub fn host(&self, service: &str) -> String {
        let short = format!("{service}.{}.svc", self.run.namespace());
        self.run.terrain().dns.as_ref().map_or(short.clone(), |dns| format!("{short}.{}", dns.domain))
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
    /// When our program does not answer; a DNS error is an answer.
    pub async fn resolve(&self, name: &str) -> Result<Answer> {
        self.sentinel.resolve(name, self.run.terrain().family().record()).await
    }

    /// As [`Prober::resolve`], asked until the DNS says something of the name: an error that passes is no answer.
    ///
    /// # Errors
    /// [`Error::Failed`] when it errs to the end, and whatever says nothing when nobody answers.
    pub async fn answer(&self, name: &str) -> Result<Answer> {
        let sentence = format!("the DNS says what {name} is, asked from {}", self.sentinel.pod);
        let ask = || async {
            let answer = self.resolve(name).await?;
            match answer.code.as_str() {
                "NOERROR" | "NODATA" | "NXDOMAIN" => Ok(answer),
                _ if answer.is_silence() => Err(Error::environment(format!("it did not answer for {name}"))),
                code if self.may_forward_absence() && may_be_others(&answer) => {
                    Err(Error::not_judged(Obstacle::Terrain, format!("it is {code}; {FORWARDED}")))
                }
                code => Err(Error::failed(format!("it is {code}"))),
            }
        };
        until_answered(&sentence, self.run.stretch(ANSWERED), ask).await
    }

    /// Whether the DNS may ask other servers where it knows no name.
    fn may_forward_absence(&self) -> bool {
        self.run.terrain().dns.as_ref().is_none_or(Dns::may_forward_absence)
    }

    /// What answers say of a name that must not be there.
    fn of_absence(&self, answers: &[Repeated], progress: Progress) -> Progress {
        if self.may_forward_absence() { unless_others(answers, progress) } else { progress }
    }

    /// The addresses of a pod by which a Service of ours names it.
    fn addresses_of(&self, pod: &Pod) -> Vec<String> {
        let family = self.run.terrain().family();
        pod.addresses.iter().filter(|address| family.has(address)).map(ToString::to_string).collect()
    }

    /// Judges that a pod's own name leads to its address of this moment, as seen from here. A name may
    /// lag for as long as `propagation`; the measure says how long it did.
    ///
    /// # Errors
    /// When it does not; that is a finding as well.
    pub async fn judge_name(
        &self,
        claim: Claim,
        set: &Set,
        ordinal: u32,
        propagation: Duration,
    ) -> Result<()> {
        let pod = set.pod(ordinal)?;
        let name = self.full_name(set, ordinal);
        let expected = self.addresses_of(&pod);
        let sentence =
            format!("the address of {}, asked from {}, is {expected:?}", pod.meta.name, self.sentinel.pod);
        self.judge_addresses(claim, &sentence, &name, propagation, || Ok(expected.clone())).await
    }

    /// Judges that a headless service's endpoints are these pods, and its name the set of their addresses: what the DNS is
    /// to say is there before it is asked. Either may lag for as long as `propagation`.
    ///
    /// # Errors
    /// When it is not; that is a finding as well.
    pub async fn judge_service(
        &self,
        claim: Claim,
        set: &Set,
        service: &str,
        ordinals: impl IntoIterator<Item = u32>,
        propagation: Duration,
    ) -> Result<()> {
        let ordinals: Vec<u32> = ordinals.into_iter().collect();
        let listed = endpoints_ready(&set.promise, service, ordinals.iter().copied());
        self.run.expect(claim, &listed, propagation).await?;
        let name = format!("{}.", self.host(service));
        let pods: Vec<_> = ordinals.iter().map(|ordinal| set.pod_name(*ordinal)).collect();
        let sentence =
            format!("the addresses of {service}, asked from {}, are those of {pods:?}", self.sentinel.pod);
        // A pod that is gone or has no address is not left out: it is answered by nothing.
        let addresses = || {
            let address =
                |ordinal: &u32| Ok(self.addresses_of(&*set.pod(*ordinal)?).pop().unwrap_or_default());
            ordinals.iter().map(address).collect()
        };
        self.judge_addresses(claim, &sentence, &name, propagation, addresses).await
    }

    /// Judges that a regular service's name is its own address, which may lag for as long as `propagation`.
    ///
    /// # Errors
    /// When it is not; that is a finding as well.
    pub async fn judge_own_address(&self, claim: Claim, service: &str, propagation: Duration) -> Result<()> {
        let (address, name) = (self.service_address(service).await?, format!("{}.", self.host(service)));
        let sentence =
            format!("the addresses of {service}, asked from {}, are its own: {address}", self.sentinel.pod);
        self.judge_addresses(claim, &sentence, &name, propagation, || Ok(vec![address.clone()])).await
    }

    async fn judge_addresses(
        &self,
        claim: Claim,
        sentence: &str,
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
                let record = self.run.terrain().family().record();
                let answers = self.sentinel.resolve_often(name, record, times).await?;
                let progress = each_right(name, &answers, |answer| says(answer, &wanted), &told);
                Ok(if wanted.is_empty() { self.of_absence(&answers, progress) } else { progress })
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
        let time = self.run.time_for(claim, propagation);
        self.judge_lag(claim, of, self.steady(sentence, time, ask).await).await
    }

    /// Judges how it came to be right; the measure says how long that took.
    async fn judge_lag(&self, claim: Claim, of: &str, steady: Result<Duration>) -> Result<()> {
        let lag = self.run.found(claim, self.run.unless_kept_apart(steady).await)?;
        self.run.measure(&format!("lag of {of}"), lag.as_secs_f64(), "s");
        Ok(())
    }

    /// Judges that an ordinal has no name: it has no pod, or one that no name may lead to.
    ///
    /// # Errors
    /// When it has one; that is a finding as well.
    pub async fn judge_no_name(
        &self,
        claim: Claim,
        set: &Set,
        ordinal: u32,
        propagation: Duration,
    ) -> Result<()> {
        self.judge_no_name_under(claim, set.workload.headless, &set.pod_name(ordinal), propagation).await
    }

    /// Judges that a name is not there yet: at the first answer, or, in a namespace that is given, when what its last owner left in
    /// caches may be no more.
    ///
    /// # Errors
    /// When the DNS does not say so; that is a finding as well.
    pub async fn judge_not_yet_named(
        &self,
        claim: Claim,
        what: &str,
        (set, ordinal): (&Set, u32),
        propagation: Duration,
    ) -> Result<()> {
        if self.run.terrain().namespace.given {
            return self.judge_no_name(claim, set, ordinal, propagation).await;
        }
        let answer = self.run.found(claim, self.answer(&self.full_name(set, ordinal)).await)?;
        self.run.judge_equal(claim, what, "NXDOMAIN", answer.code.as_str());
        Ok(())
    }

    /// Judges that a service has no name for a pod.
    ///
    /// # Errors
    /// When it has one; that is a finding as well.
    pub async fn judge_no_name_under(
        &self,
        claim: Claim,
        service: &str,
        pod: &str,
        propagation: Duration,
    ) -> Result<()> {
        let name = format!("{pod}.{}.", self.host(service));
        let sentence = format!("there is no name of {pod}, asked from {}", self.sentinel.pod);
        let name = &name;
        let ask = |times| async move {
            let answers =
                self.sentinel.resolve_often(name, self.run.terrain().family().record(), times).await?;
            let progress = each_right(name, &answers, |answer| answer.code == "NXDOMAIN", "NXDOMAIN");
            Ok(self.of_absence(&answers, progress))
        };
        self.judge_steady(claim, &sentence, &format!("the end of {name}"), propagation, ask).await
    }

    /// Judges that clients may keep a pod's address, or the answer that there is none, no longer than the DNS's configuration says.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn judge_kept(&self, claim: Claim, set: &Set, ordinal: u32, most: Duration) -> Result<()> {
        let name = self.full_name(set, ordinal);
        let answer = self.answer(&name).await?;
        let absence = NO_ADDRESS.contains(&answer.code.as_str());
        let what = if absence { "absence" } else { "address" };
        let words = format!("a client may keep the {what} of {name} for");
        if let Some(why) = unbounded(self.run.dns()?, absence) {
            self.run.leave_out(format!("how long {words}: {why}"));
            return Ok(());
        }
        let ttl = answer.ttl.unwrap_or_default();
        let too_long = u64::from(ttl) > most.as_secs();
        let words = format!("{words} {ttl} s; its configuration says {most:?}");
        self.run.judge(claim, too_long.then_some(words));
        Ok(())
    }

    /// Waits until a connection to a port comes about: the DNS learns of a pod later than the API does.
    ///
    /// # Errors
    /// When none does in time.
    pub async fn until_reached(&self, host: &str, port: u16, propagation: Duration) -> Result<Duration> {
        let ask = || async {
            Ok(match self.reached(host, port).await? {
                0 => Progress::NotYet("none comes about".to_owned()),
                _ => Progress::Met,
            })
        };
        let sentence = format!("a connection to {host}:{port}, from {}", self.pod());
        until_asked(&sentence, self.run.stretch(propagation), ask).await
    }

    /// How many of one connection to a port come about.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn reached(&self, host: &str, port: u16) -> Result<u32> {
        Ok(self.sentinel.reach(host, port).await?.answers.values().sum())
    }

    /// A way from this machine to a name and port as they are seen from here.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn tunnel(&self, host: &str, port: u16) -> Result<Tunnel> {
        Tunnel::through(self.run.streams(), self.run.namespace(), &self.sentinel.pod, host, port).await
    }

    /// The pod's name.
    pub fn pod(&self) -> &str {
        &self.sentinel.pod
    }

    /// The address of a regular service.
    ///
    /// # Errors
    /// When there is no such service, or it has none.
    async fn service_address(&self, service: &str) -> Result<String> {
        let found = objects::<Service>(self.run.client(), self.run.namespace()).get(service).await?;
        let address = found.spec.and_then(|spec| spec.cluster_ip).filter(|address| address != "None");
        address.ok_or_else(|| {
            Error::failed(format!("service {service}: expected an address of its own, found none"))
        })
    }
}
