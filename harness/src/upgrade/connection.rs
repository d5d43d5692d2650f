//! A way to write to one pod of a store, and to read back what it holds.

use std::time::Duration;

use chart::store::{self, Keys, Password, S3 as Place, Speech};
use external::api::objects;
use history::{Action, Answer, Cause, Failure, Outcome, generate::Request};
use k8s_openapi::{ByteString, api::core::v1};

use crate::{
    Secret,
    cluster::{Tunnel, exec},
    error::{Error, Result},
    load::{
        Store,
        s3::{Access, S3},
        sql::Sql,
    },
    runner::{Prober, Run, Tunnelled},
    workload::{
        garage::{BUCKET, answers::AccessKey},
        postgres::{Login, Session},
    },
};

/// How long a store may take for one call.
const CALL: Duration = Duration::from_secs(12);

/// A connection to one pod.
pub enum Connection {
    /// S3.
    S3(Tunnelled<S3>),
    /// SQL.
    Sql(Tunnelled<Sql>),
    /// Commands.
    Command(Box<Command>),
}

/// What the reach to a store's pods needs.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The container of the store.
    pub container: String,
    /// The key of a Garage that was initialised.
    pub key: Option<AccessKey>,
    /// A pod beside them, to come from outside.
    pub probe: Option<Prober>,
}

/// Commands in a pod that write and check.
pub struct Command {
    run: Run,
    pod: String,
    container: String,
    write: Vec<String>,
    check: Vec<String>,
}

impl Connection {
    /// Opens one.
    ///
    /// # Errors
    /// Nobody answers, or the login is refused.
    pub async fn open(run: &Run, store: &store::Store, pod: &str, reach: &Reach) -> Result<Self> {
        let Reach { container, key, probe } = reach;
        match &store.speech {
            Speech::Garage(place) => {
                let key = key.as_ref().ok_or_else(|| Error::bug("a Garage without a key"))?;
                s3(run, pod, place, key.clone()).await
            }
            Speech::S3 { s3: place, secret } => {
                let (id, secret) = credentials(run, secret).await?;
                s3(run, pod, place, AccessKey { id: id.unwrap_or_default(), secret }).await
            }
            Speech::Postgresql { port, user, database, secret } => {
                let (named, password) = match secret {
                    Password::Kept(keys) => credentials(run, keys).await?,
                    Password::Plain(password) => (None, password.clone()),
                };
                let user = named.or_else(|| user.clone()).unwrap_or_else(|| "postgres".to_owned());
                // From inside the pod, as by a port-forward, PostgreSQL's image trusts everybody.
                let probe = probe.as_ref().ok_or_else(|| Error::bug("a PostgreSQL without a probe"))?;
                let tunnel = probe.tunnel(&address(run, pod)?, *port).await?;
                let login = Login {
                    host: tunnel.address.ip().to_string(),
                    port: tunnel.address.port(),
                    database: database.clone().unwrap_or_else(|| user.clone()),
                    user,
                    password,
                };
                let session = Session::connect(&login, CALL).await?;
                Ok(Self::Sql(Tunnelled::new(Sql::new(session), tunnel)))
            }
            Speech::Command { write, check } => Ok(Self::Command(Box::new(Command {
                run: run.clone(),
                pod: pod.to_owned(),
                container: container.clone(),
                write: write.clone(),
                check: check.clone(),
            }))),
        }
    }

    /// Makes what a history needs in the store: a bucket, a table.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn prepare(&self) -> Result<()> {
        match self {
            // Garage's is there, and belongs to its key: that is a 409 as well.
            Self::S3(s3) => s3.create_bucket().await,
            Self::Sql(sql) => Sql::create_tables(sql.session()).await,
            Self::Command(_) => Ok(()),
        }
    }

    /// What a database calls itself: another one means another data folder. Others have no such name.
    ///
    /// # Errors
    /// No answer.
    pub async fn system_identifier(&self) -> Result<Option<String>> {
        match self {
            Self::Sql(sql) => sql.session().system_identifier().await.map(Some),
            _ => Ok(None),
        }
    }

    /// Whether it takes writes: a standby does not.
    ///
    /// # Errors
    /// No answer.
    pub async fn takes_writes(&self) -> Result<bool> {
        match self {
            Self::Sql(sql) => Ok(sql.session().show("transaction_read_only").await? == "off"),
            _ => Ok(true),
        }
    }
}

impl Store for Connection {
    async fn perform(&mut self, request: &Request) -> Outcome {
        match self {
            Self::S3(s3) => s3.perform(request).await,
            Self::Sql(sql) => sql.perform(request).await,
            Self::Command(command) => command.perform(request).await,
        }
    }
}

impl Command {
    async fn run(&self, argv: &[String], key: &str) -> Result<i32> {
        let argv: Vec<String> = argv.iter().map(|word| word.replace("{key}", key)).collect();
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let (client, namespace) = (self.run.streams(), self.run.namespace());
        Ok(exec(client, namespace, &self.pod, &self.container, &argv, CALL).await?.code)
    }

    /// A command tells of a key only whether it is there.
    async fn perform(&self, request: &Request) -> Outcome {
        match &request.action {
            Action::Put { key, .. } => match self.run(&self.write, key).await {
                Ok(0) => Outcome::DONE,
                // It may have written before it failed.
                Ok(code) => Outcome::Unknown(ended(code)),
                Err(error) => Outcome::Unknown(Failure::new(Cause::Broken, error.to_string())),
            },
            Action::Get { key } => match self.run(&self.check, key).await {
                Ok(0) => Outcome::Ok(Answer::There),
                Ok(1) => Outcome::Ok(Answer::Absent),
                Ok(code) => Outcome::Failed(ended(code)),
                Err(error) => Outcome::Failed(Failure::new(Cause::Broken, error.to_string())),
            },
            _ => {
                Outcome::Failed(Failure::new(Cause::Unreachable, "a store of commands has no such operation"))
            }
        }
    }
}

fn ended(code: i32) -> Failure {
    let text = format!("the command ended with exit code {code}");
    Failure::new(Cause::Answered(format!("exit code {code}").into()), text)
}

/// A pod's address of this moment.
fn address(run: &Run, pod: &str) -> Result<String> {
    let ip = run
        .log()
        .now(|world| world.pods.get(pod).and_then(|pod| pod.addresses.first().map(ToString::to_string)));
    ip.ok_or_else(|| Error::failed(format!("the pod {pod} has no address")))
}

async fn s3(run: &Run, pod: &str, place: &Place, key: AccessKey) -> Result<Connection> {
    let tunnel: Tunnel = run.pod(pod).tunnel(place.port).await?;
    let access = Access {
        endpoint: format!("http://{}", tunnel.address),
        region: place.region.clone(),
        bucket: BUCKET.to_owned(),
        key_id: key.id,
        secret: key.secret,
    };
    Ok(Connection::S3(Tunnelled::new(S3::new(&access, CALL), tunnel)))
}

/// What a Secret of the release holds now: it may change with the upgrade.
async fn credentials(run: &Run, keys: &Keys) -> Result<(Option<String>, Secret)> {
    let secret = objects::<v1::Secret>(run.client(), run.namespace()).get(&keys.name).await?;
    let value = |name: &str| {
        let ByteString(bytes) = secret.data.as_ref()?.get(name)?;
        String::from_utf8(bytes.clone()).ok()
    };
    let missing = |name: &str| Error::failed(format!("secret {} has no value {name}", keys.name));
    let password = value(&keys.password).ok_or_else(|| missing(&keys.password))?;
    run.keep_secret(&password);
    let user = match &keys.user {
        Some(name) => Some(value(name).ok_or_else(|| missing(name))?),
        None => None,
    };
    Ok((user, Secret::new(password)))
}
