//! The PostgreSQL servers of a trial, each pod on its own, and SQL.

mod identity;
mod integrity;
mod placement;

pub use identity::Identity;

use std::time::Duration;

use history::check::Level;

use super::{Prober, Tunnelled, works::until_works};
use crate::{
    Secret,
    cluster::Tunnel,
    error::{Class, Error, Result},
    journal::fact::Pod,
    load::{Load, Plan, Recorder, read_back, service_of, sql::Sql},
    runner::{Run, Sabotage},
    wait::{Progress, until_answered, until_asked},
    workload::{
        Kind,
        postgres::{Login, Session},
    },
};

/// How long a store may take for one call.
const CALL: Duration = Duration::from_secs(12);
/// The SQLSTATE of a password that is not the user's.
const PASSWORD_REFUSED: &str = "28P01";

/// Ways to a trial's PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pub(super) run: Run,
    /// What clients log in with, where that is not what the manifest says.
    password: Option<Secret>,
}

impl PostgresStore {
    pub(in crate::runner) fn new(run: Run) -> Self {
        Self { run, password: None }
    }

    /// As it is for clients that log in with this password.
    pub fn with_password(&self, password: &Secret) -> Self {
        Self { password: Some(password.clone()), ..self.clone() }
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

    /// The tables of a history at a name that leads to this pod, as a prober sees it. A node's proxy learns of a Ready pod later
    /// than the API does, so this may lag for as long as `propagation`.
    ///
    /// # Errors
    /// [`Error::Failed`] when the login is refused, or nobody answers in time at an address that the name has, though the pod
    /// does at its own; others say nothing of the name.
    pub async fn sql_through(
        &self,
        prober: &Prober,
        host: &str,
        pod: &Pod,
        propagation: Duration,
    ) -> Result<Tunnelled<Sql>> {
        let sentence = format!("a login to PostgreSQL at {host}, from {}", prober.pod());
        let ask = || self.session_through(prober, host);
        match until_answered(&sentence, self.run.stretch(propagation), ask).await {
            Ok(session) => Ok(sql(session, Level::Serializable)),
            Err(silence) if silence.class() != Class::Failed => {
                let named = prober.resolve(&format!("{host}.")).await;
                let has_address = named.is_ok_and(|answer| !answer.addresses().is_empty());
                Err(if has_address && self.session_from(prober, pod).await.is_ok() {
                    let name = &pod.meta.name;
                    Error::failed(format!(
                        "{silence}; the name has an address, and {name} answers at its own"
                    ))
                } else {
                    silence
                })
            }
            Err(refused) => Err(refused),
        }
    }

    /// Waits until a name leads to a pod's server, as a prober sees it: who writes there is answered by it. A server is known by its
    /// start, as addresses are not the server's own where something stands before it. Returns how long that took.
    ///
    /// # Errors
    /// [`Error::Failed`] when it leads elsewhere, or nobody listens there, for as long as `propagation`.
    pub async fn until_leads_to(
        &self,
        prober: &Prober,
        host: &str,
        pod: &str,
        propagation: Duration,
    ) -> Result<Duration> {
        let sentence = format!("{host} leads to the PostgreSQL of {pod}, asked from {}", prober.pod());
        let ask = || async {
            let wanted = self.session(pod).await?.started().await?;
            let tunnel = prober.tunnel(host, self.run.workload().port).await?;
            let written = async {
                let session = Session::connect(&self.login_at(&tunnel)?, CALL).await?;
                session.write_works().await?;
                session.started().await
            };
            let written = written.await;
            let nobody_there = tunnel.nobody_there();
            match (written, nobody_there) {
                (Ok(found), _) if found == wanted => Ok(Progress::Met),
                (Ok(found), _) => Ok(Progress::NotYet(format!(
                    "it leads to a server that started at {found}, and that of {pod} did at {wanted}"
                ))),
                (Err(_), Some(said)) => Ok(Progress::NotYet(said)),
                (Err(error), None) => Err(error),
            }
        };
        until_asked(&sentence, self.run.stretch(propagation), ask).await
    }

    /// Waits until a pod takes a login that comes from a prober: PostgreSQL asks for no password within its own pod, where tunnels
    /// end. The first refusal of the password is the last.
    ///
    /// # Errors
    /// [`Error::Failed`] when the password is refused.
    pub async fn until_logged_in(&self, prober: &Prober, pod: &Pod, deadline: Duration) -> Result<()> {
        let ask = || async {
            match self.session_from(prober, pod).await {
                Ok(_) => Ok(Progress::Met),
                Err(Error::Failed(why)) if why.contains(PASSWORD_REFUSED) => Ok(Progress::Never(why)),
                Err(error) => Err(error),
            }
        };
        let sentence = format!("{} takes a login from {}", pod.meta.name, prober.pod());
        until_asked(&sentence, self.run.stretch(deadline), ask).await.map(drop)
    }

    /// What speaks against it that a pod refuses the password of a login that comes from a prober; none where it does.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn against_refusal(&self, prober: &Prober, pod: &Pod) -> Result<Option<String>> {
        match self.session_from(prober, pod).await {
            Ok(_) => Ok(Some(format!("{} takes a password that it should refuse", pod.meta.name))),
            Err(Error::Failed(why)) if why.contains(PASSWORD_REFUSED) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// SQL at a pod's address, Ready or not.
    async fn session_from(&self, prober: &Prober, pod: &Pod) -> Result<Tunnelled<Session>> {
        let address = pod.addresses.first().ok_or_else(|| {
            Error::environment(format!("pod {} has no address to be asked at", pod.meta.name))
        })?;
        let host = if address.contains(':') { format!("[{address}]") } else { address.to_string() };
        self.session_through(prober, &host).await
    }

    /// Lets clients act: at pods, and, through a prober's pod inside the cluster, at services. A database without the tables, and
    /// so without what was in them, gets new ones.
    pub fn load(&self, recorder: &Recorder, plan: &Plan, inside: &Prober) -> Load {
        let (postgres, inside, level) = (self.clone(), inside.clone(), self.level());
        Load::start(recorder, &self.run.patient(plan), move |endpoint| {
            let (postgres, inside) = (postgres.clone(), inside.clone());
            async move {
                let session = match service_of(&endpoint) {
                    Some(service) => postgres.session_through(&inside, &inside.host(service)).await?,
                    None => postgres.session(&endpoint).await?,
                };
                Sql::create_tables(&session).await?;
                Ok(sql(session, level))
            }
        })
    }

    /// What transactions over lists ask for.
    fn level(&self) -> Level {
        match self.run.sabotage() {
            Some(Sabotage::Isolation(level)) => *level,
            _ => Level::Serializable,
        }
    }

    /// Reads everything back at a pod.
    ///
    /// # Errors
    /// When the history can't be written.
    pub async fn read_back(&self, recorder: &Recorder, pod: &str) -> Result<()> {
        read_back::scan(recorder, pod, || async { Ok(sql(self.session(pod).await?, self.level())) }).await
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
        let password = match &self.password {
            Some(password) => password.clone(),
            None => Secret::new(workload.secret(workload.name, "password")?),
        };
        Ok(Login {
            host: tunnel.address.ip().to_string(),
            port: tunnel.address.port(),
            user: workload.secret(workload.name, "username")?,
            password,
            database: database.to_owned(),
        })
    }
}

fn sql(session: Tunnelled<Session>, level: Level) -> Tunnelled<Sql> {
    let Tunnelled { inside, tunnels } = session;
    Tunnelled { inside: Sql::isolated(inside, level), tunnels }
}
