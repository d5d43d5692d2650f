//! The PostgreSQL servers of a trial, each pod on its own, and SQL.

use std::time::Duration;

use super::{Prober, Tunnelled, works::until_works};
use crate::{
    Secret,
    cluster::Tunnel,
    error::{Error, Result},
    load::{Load, Plan, Recorder, read_back, service_of, sql::Sql},
    runner::Run,
    wait::until_answered,
    workload::{
        Kind, Set,
        postgres::{Login, Session, mount_point},
    },
};

/// How long a store may take for one call.
const CALL: Duration = Duration::from_secs(12);

/// Ways to a trial's PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    run: Run,
}

impl PostgresStore {
    pub(in crate::runner) fn new(run: Run) -> Self {
        Self { run }
    }

    /// SQL at one pod.
    ///
    /// # Errors
    /// When the login is refused, or nobody answers.
    pub async fn session(&self, pod: &str) -> Result<Tunnelled<Session>> {
        self.login(self.run.pod(pod).tunnel(self.run.workload().port).await?).await
    }

    async fn session_through(&self, prober: &Prober, host: &str) -> Result<Tunnelled<Session>> {
        self.login(prober.tunnel(host, self.run.workload().port).await?).await
    }

    /// Whether a pod takes a login and a write.
    ///
    /// # Errors
    /// [`Error::Failed`] when it refuses, or nobody listens at its port; other errors say nothing of it.
    pub async fn works(&self, pod: &str) -> Result<()> {
        let tunnel = self.run.pod(pod).tunnel(self.run.workload().port).await?;
        let works = async { Session::connect(&self.login_at(&tunnel)?, CALL).await?.write_works().await };
        match (works.await, tunnel.refused()) {
            (Err(error), Some(refused)) => Err(Error::failed(format!("{error}: {refused}"))),
            (outcome, _) => outcome,
        }
    }

    /// Waits until a pod takes a login and a write.
    ///
    /// # Errors
    /// [`Error::Failed`] when it refused to the end; others say nothing of it.
    pub async fn until_works(&self, pod: &str, deadline: Duration) -> Result<Duration> {
        until_works(pod, self.run.stretch(deadline), || self.works(pod)).await
    }

    /// The tables of a history at a name, as a prober sees it. A node's proxy learns of a Ready pod later than the API does,
    /// so this may lag for as long as `propagation`.
    ///
    /// # Errors
    /// When the login is refused, or nobody answers in time.
    pub async fn sql_through(
        &self,
        prober: &Prober,
        host: &str,
        propagation: Duration,
    ) -> Result<Tunnelled<Sql>> {
        let sentence = format!("a login to PostgreSQL at {host}, from {}", prober.pod());
        let ask = || self.session_through(prober, host);
        until_answered(&sentence, self.run.stretch(propagation), ask).await.map(sql)
    }

    /// Lets clients act: at pods, and, through a prober's pod inside the cluster, at services. A database without the tables, and
    /// so without what was in them, gets new ones.
    pub fn load(&self, recorder: &Recorder, plan: &Plan, inside: &Prober) -> Load {
        let (postgres, inside) = (self.clone(), inside.clone());
        Load::start(recorder, plan, move |endpoint| {
            let (postgres, inside) = (postgres.clone(), inside.clone());
            async move {
                let session = match service_of(&endpoint) {
                    Some(service) => postgres.session_through(&inside, &inside.host(service)).await?,
                    None => postgres.session(&endpoint).await?,
                };
                Sql::create_tables(&session).await?;
                Ok(sql(session))
            }
        })
    }

    /// Reads everything back at a pod.
    ///
    /// # Errors
    /// When the history can't be written.
    pub async fn read_back(&self, recorder: &Recorder, pod: &str) -> Result<()> {
        read_back::scan(recorder, pod, || async { Ok(sql(self.session(pod).await?)) }).await
    }

    /// Where a directory of a pod is mounted from, and where its PVC is.
    ///
    /// # Errors
    /// When the pod can't be asked, or its manifest has no such mount.
    pub async fn mount_of(&self, set: &Set, ordinal: u32, directory: &str) -> Result<(String, String)> {
        let output = self.run.pod(set.pod_name(ordinal)).exec(&["cat", "/proc/mounts"]).await?;
        let mut manifest = self.run.workload().manifest()?;
        let mounts = set.workload.container(&mut manifest)?["volumeMounts"].as_array();
        let claimed = mounts.into_iter().flatten().find(|mount| mount["name"] == "data");
        let claimed = claimed.and_then(|mount| mount["mountPath"].as_str());
        let claimed = claimed.ok_or_else(|| Error::bug("the container does not mount its data"))?;
        Ok((mount_point(&output.stdout, directory).to_owned(), claimed.to_owned()))
    }

    async fn login(&self, tunnel: Tunnel) -> Result<Tunnelled<Session>> {
        let session = Session::connect(&self.login_at(&tunnel)?, CALL).await?;
        Ok(Tunnelled::new(session, tunnel))
    }

    fn login_at(&self, tunnel: &Tunnel) -> Result<Login> {
        let workload = self.run.workload();
        let Kind::PostgreSql { database } = workload.kind else {
            return Err(Error::bug(format!("{} is no PostgreSQL", workload.name)));
        };
        Ok(Login {
            host: tunnel.address.ip().to_string(),
            port: tunnel.address.port(),
            user: workload.secret(workload.name, "username")?,
            password: Secret::new(workload.secret(workload.name, "password")?),
            database: database.to_owned(),
        })
    }
}

fn sql(session: Tunnelled<Session>) -> Tunnelled<Sql> {
    let Tunnelled { inside, _tunnels } = session;
    Tunnelled { inside: Sql::new(inside), _tunnels }
}
