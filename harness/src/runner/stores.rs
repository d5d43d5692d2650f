//! Ways to the stores of a trial: Garage's nodes and PostgreSQL's servers, each pod on its own.

use std::{fmt, ops::Deref, time::Duration};

use super::Run;
use crate::{
    Secret,
    cluster::Tunnel,
    error::{Error, Result},
    ledger::{
        Store,
        attempt::{Outcome, Write},
        s3::{Access, S3},
        sql::Sql,
    },
    wait::{Progress, expectations, until_answered, until_asked},
    workload::{
        GARAGE, Set, Workload,
        garage::{Admin, answers::AccessKey, layout},
        postgres::{Login, Session},
        sentinel::Sentinel,
    },
};

/// How long a store may take for one call. Garage's own timeout is 10 s in our manifest.
const CALL: Duration = Duration::from_secs(12);
/// The port of Garage's admin API in the manifest, which is the document's choice.
const ADMIN: u16 = 3902;
/// How long a pod may take until it takes writes again, before a load gives that one up.
const RETURN: Duration = Duration::from_secs(120);
/// The bucket of a trial.
const BUCKET: &str = "ledger";

/// Something that is reached through a tunnel, which lives as long as it does.
pub struct Tunnelled<T> {
    inside: T,
    _tunnels: Vec<Tunnel>,
}

impl<T> Tunnelled<T> {
    /// What is reached through a tunnel.
    pub(crate) fn new(inside: T, tunnel: Tunnel) -> Self {
        Self { inside, _tunnels: vec![tunnel] }
    }
}

impl<T> Deref for Tunnelled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inside
    }
}

impl<T> fmt::Debug for Tunnelled<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tunnelled")
    }
}

impl<T: Store> Store for Tunnelled<T> {
    async fn put(&mut self, write: &Write) -> Outcome {
        self.inside.put(write).await
    }
}

impl Run {
    /// The admin API of a Garage pod.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn garage(&self, pod: &str) -> Result<Tunnelled<Admin>> {
        let tunnel = self.tunnel(pod, ADMIN).await?;
        let token = Secret::new(self.secret("garage-admin-token", "token")?);
        Ok(Tunnelled {
            inside: Admin::new(&format!("http://{}", tunnel.address), token, CALL),
            _tunnels: vec![tunnel],
        })
    }

    /// The admin APIs of all pods of a set.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn garages(&self, set: &Set) -> Result<Tunnelled<Vec<Admin>>> {
        let (mut inside, mut tunnels) = (Vec::new(), Vec::new());
        for ordinal in set.ordinals() {
            let Tunnelled { inside: admin, _tunnels } = self.garage(&set.pod_name(ordinal)).await?;
            inside.push(admin);
            tunnels.extend(_tunnels);
        }
        Ok(Tunnelled { inside, _tunnels: tunnels })
    }

    /// A Garage store that is ready for objects: its nodes know each other, the layout is applied, a key may use a
    /// bucket.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn garage_store(&self, set: &Set) -> Result<(Tunnelled<Vec<Admin>>, AccessKey)> {
        let admins = self.garages(set).await?;
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
        let ask = || async { Ok(unless(layout::not_acquainted(admins).await)) };
        until_asked("every node knows every other", self.stretch(Duration::from_secs(130)), ask).await
    }

    /// Waits until every node calls the cluster whole.
    ///
    /// # Errors
    /// When one does not, in twice the time between Garage's discovery rounds.
    pub async fn until_healthy(&self, admins: &[Admin]) -> Result<Duration> {
        let ask = || async { Ok(unless(layout::not_healthy(admins).await)) };
        until_asked("every node is healthy", self.stretch(Duration::from_secs(130)), ask).await
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
        Ok(s3(self.tunnel(pod, GARAGE.port).await?, key))
    }

    /// S3 at a name, as the probe pod sees it.
    ///
    /// # Errors
    /// When no local port can be had.
    pub async fn s3_through(&self, probe: &Sentinel, host: &str, key: &AccessKey) -> Result<Tunnelled<S3>> {
        Ok(s3(self.tunnel_through(probe, host, GARAGE.port).await?, key))
    }

    /// SQL at one pod.
    ///
    /// # Errors
    /// When the login is refused, or nobody answers.
    pub async fn postgres(&self, pod: &str) -> Result<Tunnelled<Session>> {
        let workload = self.workload();
        self.login(self.tunnel(pod, workload.port).await?, &workload).await
    }

    /// SQL at a name, as the probe pod sees it.
    ///
    /// # Errors
    /// When the login is refused, or nobody answers.
    pub async fn postgres_through(&self, probe: &Sentinel, host: &str) -> Result<Tunnelled<Session>> {
        let workload = self.workload();
        self.login(self.tunnel_through(probe, host, workload.port).await?, &workload).await
    }

    /// Whether a pod takes a login and a write.
    ///
    /// # Errors
    /// [`Error::Failed`] when it refuses, or nobody listens at its port; other errors say nothing of it.
    pub async fn postgres_works(&self, pod: &str) -> Result<()> {
        let workload = self.workload();
        let tunnel = self.tunnel(pod, workload.port).await?;
        let works =
            async { Session::connect(&self.login_at(&tunnel, &workload)?, CALL).await?.write_works().await };
        match (works.await, tunnel.refused()) {
            (Err(error), Some(refused)) => Err(Error::failed(format!("{error}: {refused}"))),
            (outcome, _) => outcome,
        }
    }

    async fn login(&self, tunnel: Tunnel, workload: &Workload) -> Result<Tunnelled<Session>> {
        let session = Session::connect(&self.login_at(&tunnel, workload)?, CALL).await?;
        Ok(Tunnelled { inside: session, _tunnels: vec![tunnel] })
    }

    fn login_at(&self, tunnel: &Tunnel, workload: &Workload) -> Result<Login> {
        Ok(Login {
            host: tunnel.address.ip().to_string(),
            port: tunnel.address.port(),
            user: self.secret(workload.name, "username")?,
            password: Secret::new(self.secret(workload.name, "password")?),
            database: workload.database.unwrap_or_default().to_owned(),
        })
    }

    /// A ledger's table at a name, as the probe pod sees it. A node's proxy learns of a Ready pod later than the API does,
    /// so this may lag for as long as `propagation`.
    ///
    /// # Errors
    /// When the login is refused, or nobody answers in time.
    pub async fn sql_through(
        &self,
        probe: &Sentinel,
        host: &str,
        propagation: Duration,
    ) -> Result<Tunnelled<Sql>> {
        let sentence = format!("a login to PostgreSQL at {host}, from {}", probe.pod);
        let ask = || self.postgres_through(probe, host);
        until_answered(&sentence, self.stretch(propagation), ask).await.map(sql)
    }

    /// For a load: S3 at a pod, once that is ready.
    ///
    /// # Errors
    /// When the pod is not ready in time.
    pub async fn s3_when_ready(&self, pod: &str, key: &AccessKey) -> Result<Tunnelled<S3>> {
        self.wait(&expectations::pod_ready(pod, None), RETURN).await?;
        self.s3(pod, key).await
    }

    /// For a load: a ledger's table at a pod, once that is ready.
    ///
    /// # Errors
    /// When the pod is not ready in time, or refuses.
    pub async fn sql_when_ready(&self, pod: &str) -> Result<Tunnelled<Sql>> {
        self.wait(&expectations::pod_ready(pod, None), RETURN).await?;
        Ok(sql(self.postgres(pod).await?))
    }
}

fn sql(session: Tunnelled<Session>) -> Tunnelled<Sql> {
    let Tunnelled { inside, _tunnels } = session;
    Tunnelled { inside: Sql::new(inside), _tunnels }
}

fn s3(tunnel: Tunnel, key: &AccessKey) -> Tunnelled<S3> {
    let access = Access {
        endpoint: format!("http://{}", tunnel.address),
        region: "garage".to_owned(),
        bucket: BUCKET.to_owned(),
        key_id: key.id.clone(),
        secret: key.secret.clone(),
    };
    Tunnelled { inside: S3::new(&access, CALL), _tunnels: vec![tunnel] }
}

fn unless(reasons: Vec<String>) -> Progress {
    if reasons.is_empty() { Progress::Met } else { Progress::NotYet(reasons.join("; ")) }
}
