//! The Garage store of a trial: its nodes, each pod on its own, and S3.

mod answers;

use std::time::{Duration, Instant};

use history::{
    Outcome,
    generate::{Request, content},
};
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{Prober, Tunnelled, works::until_works};
use crate::{
    Secret,
    cluster::Tunnel,
    error::{Error, Result},
    load::{
        self, Load, Plan, Recorder, read_back,
        s3::{Access, S3},
        service_of,
    },
    runner::Run,
    wait::{Progress, pause, until_answered, until_asked, until_asked_every},
    workload::{
        Set,
        garage::{Admin, BUCKET, Wanted, answers::AccessKey, layout, replication},
    },
};

/// How long a store may take for one call. Garage's own timeout is 10 s in our manifest.
const CALL: Duration = Duration::from_secs(12);
/// How long Garage may take until its nodes have the same in their tables, and then until they have the same blocks.
const CAUGHT_UP: Duration = Duration::from_secs(150);
/// Twice the time between Garage's discovery rounds, and some.
const DISCOVERED: Duration = Duration::from_secs(130);
/// How long nodes are given to compare their tables, until they are asked to once more.
const COMPARED: Duration = Duration::from_secs(30);
/// How long a way to a pod may be broken.
const ANSWERED: Duration = Duration::from_secs(60);
/// The port of Garage's admin API in the manifest, which is the document's choice.
const ADMIN: u16 = 3902;

/// Ways to a trial's Garage.
#[derive(Debug, Clone)]
pub struct GarageStore {
    run: Run,
}

impl GarageStore {
    pub(in crate::runner) fn new(run: Run) -> Self {
        Self { run }
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    /// The admin API of a pod.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn admin(&self, pod: &str) -> Result<Tunnelled<Admin>> {
        let tunnel = self.run.pod(pod).tunnel(ADMIN).await?;
        let token = Secret::new(self.run.workload().secret("garage-admin-token", "token")?);
        Ok(Tunnelled::new(Admin::new(&format!("http://{}", tunnel.address), token, CALL), tunnel))
    }

    /// The status that /health answers with at a pod, once it answers.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn answered_health(&self, pod: &str, deadline: Duration) -> Result<u16> {
        let admin = self.admin(pod).await?;
        let ask = || async { Ok(admin.probe().await?.status) };
        until_answered(&format!("{pod} answers at /health"), self.run.stretch(deadline), ask).await
    }

    /// The admin APIs of all pods of a set.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn admins(&self, set: &Set) -> Result<Tunnelled<Vec<Admin>>> {
        let (mut inside, mut tunnels) = (Vec::new(), Vec::new());
        for ordinal in set.ordinals() {
            let Tunnelled { inside: admin, tunnels: opened } = self.admin(&set.pod_name(ordinal)).await?;
            inside.push(admin);
            tunnels.extend(opened);
        }
        Ok(Tunnelled { inside, tunnels })
    }

    /// Makes empty nodes a store that is ready for objects: its nodes know each other, the layout is applied, a key may use a
    /// bucket.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn initialise(&self, set: &Set) -> Result<(Tunnelled<Vec<Admin>>, AccessKey)> {
        let admins = self.admins(set).await?;
        self.until_acquainted(&admins).await?;
        layout::initialise(&admins).await?;
        self.until_healthy(&admins).await?;
        let key = self.bucket(&admins).await?;
        Ok((admins, key))
    }

    /// Waits until every node counts every other as up.
    ///
    /// # Errors
    /// When one does not, in twice the time between Garage's discovery rounds.
    pub async fn until_acquainted(&self, admins: &[Admin]) -> Result<Duration> {
        let ask = || async { Ok(unless(layout::not_acquainted(admins).await?)) };
        let outcome =
            until_asked("every node knows every other", self.run.stretch_here(DISCOVERED), ask).await;
        self.run.unless_kept_apart(outcome).await
    }

    /// Waits until every node calls the cluster whole.
    ///
    /// # Errors
    /// When one does not, in twice the time between Garage's discovery rounds.
    pub async fn until_healthy(&self, admins: &[Admin]) -> Result<Duration> {
        let ask = || async { Ok(unless(layout::not_healthy(admins).await?)) };
        let outcome = until_asked("every node is healthy", self.run.stretch_here(DISCOVERED), ask).await;
        self.run.unless_kept_apart(outcome).await
    }

    /// How the nodes' layouts differ from the wanted one, in words, once all have been asked.
    ///
    /// # Errors
    /// One does not answer.
    pub async fn against_layout(&self, admins: &[Admin], wanted: &Wanted) -> Result<Vec<String>> {
        let ask = || layout::layout_is(admins, wanted);
        until_answered("every node tells its layout", self.run.stretch(ANSWERED), ask).await
    }

    /// Waits until every node uses this version of the layout, and none before it any more.
    ///
    /// # Errors
    /// When one does not.
    pub async fn until_layout_is(
        &self,
        admins: &[Admin],
        version: u64,
        deadline: Duration,
    ) -> Result<Duration> {
        let ask = || async { Ok(unless(layout::not_taken_over(admins, version).await?)) };
        let sentence = format!("version {version} of the layout is the only one in use");
        until_asked(&sentence, self.run.stretch(deadline), ask).await
    }

    /// Lets nodes that have found each other compare what they have, as an administrator does after an outage, and waits until
    /// each has everything: by themselves they compare every ten minutes only.
    ///
    /// # Errors
    /// When one has not in time.
    pub async fn catch_up(&self, admins: &[Admin]) -> Result<Duration> {
        let (each, time) = (Duration::from_secs(1), self.run.stretch(CAUGHT_UP));
        let asked = Mutex::new(None::<Instant>);
        let ask = || async {
            // Who missed one answer counts as compared, until the next time.
            if asked.lock().await.is_none_or(|asked| asked.elapsed() > COMPARED) {
                for admin in admins {
                    admin.compare_tables().await?;
                }
                *asked.lock().await = Some(Instant::now());
            }
            Ok(unless(replication::tables_lack(admins).await?))
        };
        let tables = until_asked_every(each, "every node has everything in its tables", time, ask).await?;
        pause(replication::LOOKS_FOR_BLOCKS).await;
        let ask = || async { Ok(unless(replication::blocks_lack(admins).await?)) };
        let blocks = until_asked_every(each, "every node has every block", time, ask).await?;
        Ok(tables + replication::LOOKS_FOR_BLOCKS + blocks)
    }

    /// A bucket and a key that may do everything in it.
    ///
    /// # Errors
    /// When Garage refuses.
    pub async fn bucket(&self, admins: &[Admin]) -> Result<AccessKey> {
        let first = admins.first().ok_or_else(|| Error::bug("a bucket on no node"))?;
        let key = first.create_key("steadfast").await?;
        let bucket = first.create_bucket(BUCKET).await?;
        first.allow_key(&bucket, &key.id).await?;
        Ok(key)
    }

    /// S3 at one pod.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn s3(&self, pod: &str, key: &AccessKey) -> Result<Tunnelled<S3>> {
        Ok(s3(self.run.pod(pod).tunnel(self.run.workload().port).await?, key))
    }

    /// S3 at a name, as a prober sees it.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn s3_through(&self, prober: &Prober, host: &str, key: &AccessKey) -> Result<Tunnelled<S3>> {
        Ok(s3(prober.tunnel(host, self.run.workload().port).await?, key))
    }

    /// What the store answers at a pod: a way there that breaks is tried again, and says nothing of the store.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn answer(&self, pod: &str, key: &AccessKey, request: &Request) -> Result<Outcome> {
        let ask = || async {
            let mut store = self.s3(pod, key).await?;
            answered(pod, load::Store::perform(&mut store, request).await)
        };
        let sentence = format!("Garage answers at {pod}");
        Box::pin(until_answered(&sentence, self.run.stretch(ANSWERED), ask)).await
    }

    /// Waits until the store takes this at a name that leads to its pods, as a prober sees it. The DNS and a node's proxy learn of a
    /// Ready pod later than the API does, so this may lag for as long as `propagation`.
    ///
    /// # Errors
    /// [`Error::Failed`] when it refuses, or nobody listens there, to the end; others say nothing of the name.
    pub async fn until_takes(
        &self,
        prober: &Prober,
        host: &str,
        key: &AccessKey,
        put: &Request,
        propagation: Duration,
    ) -> Result<Duration> {
        let sentence = format!("a write through {host}, from {}", prober.pod());
        let ask = || async {
            let tunnel = prober.tunnel(host, self.run.workload().port).await?;
            let mut store = s3(tunnel, key);
            Ok(match load::Store::perform(&mut store, put).await.failure() {
                None => Progress::Met,
                Some(failure) if failure.is_answer() => Progress::NotYet(failure.to_string()),
                Some(failure) => Progress::NotYet(
                    store.nobody_there().ok_or_else(|| Error::environment(format!("{host}: {failure}")))?,
                ),
            })
        };
        until_asked(&sentence, self.run.stretch(propagation), ask).await
    }

    /// Whether a pod takes an object that is kept in the metadata, and one that has a block of its own.
    ///
    /// # Errors
    /// [`Error::Failed`] when it says no; other errors say nothing of it.
    pub async fn works(&self, pod: &str, key: &AccessKey) -> Result<()> {
        let store = self.s3(pod, key).await?;
        for size in [100, 65_536] {
            let name = format!("works/{pod}/{}/{size}", Timestamp::now().as_nanosecond());
            let put = Request::put(name.as_str(), content(&name, size));
            match store.perform(&put).await.failure() {
                None => {}
                Some(failure) if failure.is_answer() => {
                    return Err(Error::failed(format!("{pod} refuses {size} bytes: {failure}")));
                }
                Some(failure) => {
                    return Err(Error::environment(format!("{size} bytes for {pod}: {failure}")));
                }
            }
        }
        Ok(())
    }

    /// Waits until a pod takes objects.
    ///
    /// # Errors
    /// [`Error::Failed`] when it refused to the end; others say nothing of it.
    pub async fn until_works(&self, pod: &str, key: &AccessKey, deadline: Duration) -> Result<Duration> {
        until_works(pod, self.run.stretch(deadline), || self.works(pod, key)).await
    }

    /// Lets clients act: at pods, and, through a prober's pod inside the cluster, at services.
    pub fn load(&self, recorder: &Recorder, plan: &Plan, inside: &Prober, key: &AccessKey) -> Load {
        let (garage, inside, key) = (self.clone(), inside.clone(), key.clone());
        Load::start(recorder, &self.run.patient(plan), move |endpoint| {
            let (garage, inside, key) = (garage.clone(), inside.clone(), key.clone());
            async move {
                match service_of(&endpoint) {
                    Some(service) => garage.s3_through(&inside, &inside.host(service), &key).await,
                    None => garage.s3(&endpoint, &key).await,
                }
            }
        })
    }

    /// Reads everything back at a pod.
    ///
    /// # Errors
    /// When the history can't be written.
    pub async fn read_back(&self, recorder: &Recorder, pod: &str, key: &AccessKey) -> Result<()> {
        read_back::list_and_get(recorder, pod, || self.s3(pod, key)).await
    }

    /// Reads the largest object of a history at a pod: what is broken off there later is not the way's doing.
    ///
    /// # Errors
    /// When the history can't be written.
    pub async fn read_largest(&self, recorder: &Recorder, pod: &str, key: &AccessKey) -> Result<()> {
        read_back::largest(recorder, pod, || self.s3(pod, key)).await
    }
}

fn s3(tunnel: Tunnel, key: &AccessKey) -> Tunnelled<S3> {
    let access = Access {
        endpoint: format!("http://{}", tunnel.address),
        region: "garage".to_owned(),
        bucket: BUCKET.to_owned(),
        key_id: key.id.clone(),
        secret: key.secret.clone(),
    };
    Tunnelled::new(S3::new(&access, CALL), tunnel)
}

/// An outcome, where it is the store's own word.
fn answered(whose: &str, outcome: Outcome) -> Result<Outcome> {
    match outcome.failure() {
        Some(failure) if !failure.is_answer() => Err(Error::environment(format!("{whose}: {failure}"))),
        _ => Ok(outcome),
    }
}

fn unless(reasons: Vec<String>) -> Progress {
    if reasons.is_empty() { Progress::Met } else { Progress::NotYet(reasons.join("; ")) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use history::{Cause, Failure};

    use super::*;

    #[test]
    fn a_way_that_breaks_is_not_the_stores_word() {
        let failed = |cause| Outcome::Failed(Failure::new(cause, "it was not"));
        let said = |outcome: Outcome| answered("garage-0", outcome).map_err(|error| error.obstacle());
        assert_eq!(said(Outcome::DONE), Ok(Outcome::DONE));
        let own = failed(Cause::Answered(Arc::from("503")));
        assert_eq!(said(own.clone()), Ok(own));
        for cause in [Cause::Unreachable, Cause::Broken, Cause::Silent] {
            assert!(said(failed(cause)).is_err_and(|obstacle| obstacle.is_some()));
        }
    }
}
