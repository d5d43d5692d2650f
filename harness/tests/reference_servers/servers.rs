//! The servers, in containers that carry our label and end with the test.

use std::{
    ops::Range,
    sync::{Arc, Weak},
    time::Duration,
};

use futures::StreamExt;
use harness::{
    Result, Secret,
    history::check::Level,
    load::{Load, Plan, Recorder, s3, sql::Sql},
    workload::{
        garage::{Admin, answers::AccessKey},
        postgres::{Login, Session},
    },
};
use jiff::Timestamp;
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt,
    bollard::{
        Docker,
        errors::Error as DockerError,
        models::ContainerWaitResponse,
        query_parameters::{InspectContainerOptions, KillContainerOptionsBuilder, WaitContainerOptions},
    },
    core::{ContainerPort, WaitFor},
    runners::AsyncRunner,
};

use crate::{
    book::{LONG, soon},
    disk::Disk,
};

/// Of each call.
pub const DEADLINE: Duration = Duration::from_secs(10);

const S3: ContainerPort = ContainerPort::Tcp(3900);
const ADMIN: ContainerPort = ContainerPort::Tcp(3903);
const SQL: ContainerPort = ContainerPort::Tcp(5432);

/// Where a server has the disk of its own.
const DISK: &str = "/disk";

const TOKEN: &str = "reference-admin-token";
const PASSWORD: &str = "reference-password";

/// A container with a server, and its disk. They end with the first handle, in the test's own thread: the last clone may live in a
/// writer, and goes when no runtime is left to remove a container.
struct Server {
    _owner: Option<Arc<ContainerAsync<GenericImage>>>,
    container: Weak<ContainerAsync<GenericImage>>,
    disk: Option<Disk>,
}

impl Clone for Server {
    fn clone(&self) -> Self {
        Self { _owner: None, container: self.container.clone(), disk: None }
    }
}

impl Server {
    async fn start(request: ContainerRequest<GenericImage>) -> Self {
        let image = format!("{:?}", request.descriptor());
        let request = request.with_label("steadfast.dev/run", format!("reference-{}", std::process::id()));
        match request.with_startup_timeout(LONG).start().await {
            Ok(container) => {
                let owner = Arc::new(container);
                Self { container: Arc::downgrade(&owner), _owner: Some(owner), disk: None }
            }
            Err(error) => panic!(
                "the reference server {image} did not start: {error}\n\
                 These tests need a Docker engine and that image: run scripts/setup, and see that `docker info` answers."
            ),
        }
    }

    /// As [`Server::start`], with a disk of its own at a place.
    async fn start_on(disk: Disk, request: ContainerRequest<GenericImage>) -> Self {
        let server = Self::start(request.with_host_config_modifier(disk.mounted_at(DISK))).await;
        Self { disk: Some(disk), ..server }
    }

    fn disk(&self) -> &Disk {
        self.disk.as_ref().unwrap()
    }

    /// Its first process, as the engine's machine numbers it.
    async fn process(&self) -> i64 {
        let (docker, container) = (Docker::connect_with_defaults().unwrap(), self.container().unwrap());
        let asked = docker.inspect_container(container.id(), None::<InspectContainerOptions>);
        let found = tokio::time::timeout(DEADLINE, asked).await.unwrap().unwrap();
        found.state.and_then(|state| state.pid).unwrap()
    }

    /// Lets its disk have everything that was written so far: the set-up is not what a power cut is to show.
    async fn sync(&self) {
        self.disk().sync(self.process().await, DISK).await;
    }

    /// Its disk gets nothing more, it ends, and starts again with what the disk had. Gives how long it went on without.
    async fn cut_power(&self) -> Range<Timestamp> {
        let cut = self.disk().cut(self.process().await, DISK).await;
        self.end().await;
        let ended = harness::clock::now();
        self.restart().await;
        cut..ended
    }

    fn container(&self) -> Result<Arc<ContainerAsync<GenericImage>>> {
        self.container.upgrade().ok_or_else(|| harness::Error::environment("the container is gone"))
    }

    /// Docker chooses another port with every start: ask each time.
    async fn port(&self, port: ContainerPort) -> Result<u16> {
        let container = self.container()?;
        let asked = tokio::time::timeout(DEADLINE, container.get_host_port_ipv4(port)).await;
        asked
            .map_err(|_| harness::Error::environment("Docker does not say the port"))?
            .map_err(|error| harness::Error::environment(format!("no port {port:?}: {error}")))
    }

    /// SIGKILL, and the end of it.
    async fn kill(&self) {
        let ended = self.end().await;
        let killed = matches!(ended, Some(Err(DockerError::DockerContainerWaitError { code: 137, .. })));
        assert!(killed, "{ended:?}");
    }

    /// SIGKILL, where it has not ended by itself, and the end of it: a start that comes before would find it running.
    async fn end(&self) -> Option<Result<ContainerWaitResponse, DockerError>> {
        let (docker, container) = (Docker::connect_with_defaults().unwrap(), self.container().unwrap());
        let sigkill = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
        let ended = async {
            match docker.kill_container(container.id(), Some(sigkill)).await {
                Ok(()) | Err(DockerError::DockerResponseServerError { status_code: 409, .. }) => {}
                Err(error) => panic!("a server is not killed: {error}"),
            }
            // An exit code other than 0 comes as an error.
            docker.wait_container(container.id(), None::<WaitContainerOptions>).next().await
        };
        tokio::time::timeout(LONG, ended).await.unwrap()
    }

    async fn restart(&self) {
        tokio::time::timeout(LONG, self.container().unwrap().start()).await.unwrap().unwrap();
    }
}

/// One node of the real Garage, without a layout.
#[derive(Clone)]
pub struct Garage(Server);

impl Garage {
    pub async fn start(replication_factor: u32) -> Self {
        Self::started(Server::start(Self::request(replication_factor, "/var/lib/garage", "")).await).await
    }

    /// One that keeps everything on this disk, and waits for it or does not.
    pub async fn start_on(disk: Disk, fsync: bool) -> Self {
        let settings = format!("metadata_fsync = {fsync}\ndata_fsync = {fsync}");
        Self::started(Server::start_on(disk, Self::request(1, DISK, &settings)).await).await
    }

    async fn started(server: Server) -> Self {
        let server = Self(server);
        soon(async || Ok(server.admin().await?.node_info().await?)).await;
        server
    }

    fn request(replication_factor: u32, place: &str, settings: &str) -> ContainerRequest<GenericImage> {
        let config = format!(
            r#"
                metadata_dir = "{place}/meta"
                data_dir = "{place}/data"
                {settings}
                replication_factor = {replication_factor}
                rpc_bind_addr = "0.0.0.0:3901"
                rpc_secret = "{}"
                [s3_api]
                s3_region = "garage"
                api_bind_addr = "0.0.0.0:3900"
                [admin]
                api_bind_addr = "0.0.0.0:3903"
                admin_token = "{TOKEN}"
            "#,
            "5f".repeat(32)
        );
        GenericImage::new("dxflrs/garage", "v2.5.0")
            .with_exposed_port(S3)
            .with_exposed_port(ADMIN)
            .with_wait_for(WaitFor::message_on_either_std("Admin API server listening on"))
            .with_cmd(["/garage", "server"])
            .with_env_var("RUST_LOG", "garage=info")
            .with_copy_to("/etc/garage.toml", config.into_bytes())
    }

    pub async fn admin(&self) -> Result<Admin> {
        let port = self.0.port(ADMIN).await?;
        Ok(Admin::new(&format!("http://127.0.0.1:{port}"), Secret::new(TOKEN), DEADLINE))
    }

    /// What it has said so far.
    pub async fn log(&self) -> String {
        let container = self.0.container().unwrap();
        let log = tokio::time::timeout(DEADLINE, container.stderr_to_vec()).await.unwrap().unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Where other nodes find this one: `<id>@<address>:3901`.
    pub async fn peer(&self) -> String {
        let id = self.admin().await.unwrap().node_info().await.unwrap().node_id;
        format!("{id}@{}:3901", self.0.container().unwrap().get_bridge_ip_address().await.unwrap())
    }

    /// A client of the bucket `ledger`, with a key that [`Garage::bucket`] made known.
    pub async fn s3(&self) -> Result<s3::S3> {
        let key = access_key();
        let access = s3::Access {
            endpoint: format!("http://127.0.0.1:{}", self.0.port(S3).await?),
            region: "garage".to_owned(),
            bucket: "ledger".to_owned(),
            key_id: key.id,
            secret: key.secret,
        };
        Ok(s3::S3::new(&access, DEADLINE))
    }

    /// Makes the bucket and its key; safe to repeat.
    pub async fn bucket(&self) -> Result<()> {
        let (admin, key) = (self.admin().await?, access_key());
        admin.import_key("ledger", &key).await?;
        let bucket = admin.create_bucket("ledger").await?;
        Ok(admin.allow_key(&bucket, &key.id).await?)
    }

    /// Lets clients act.
    pub fn load(&self, recorder: &Recorder, plan: &Plan) -> Load {
        let server = self.clone();
        Load::start(recorder, plan, move |_| {
            let server = server.clone();
            async move { server.s3().await }
        })
    }

    pub async fn kill(&self) {
        self.0.kill().await;
    }

    pub async fn restart(&self) {
        self.0.restart().await;
    }

    pub async fn sync(&self) {
        self.0.sync().await;
    }

    pub async fn cut_power(&self) -> Range<Timestamp> {
        self.0.cut_power().await
    }
}

fn access_key() -> AccessKey {
    AccessKey {
        id: "GK0123456789abcdef01234567".to_owned(),
        secret: Secret::new("0123456789abcdef".repeat(4)),
    }
}

/// The real PostgreSQL.
#[derive(Clone)]
pub struct Postgres(Server);

impl Postgres {
    pub async fn start(settings: &[&str]) -> Self {
        Self(Server::start(Self::request(settings)).await)
    }

    /// One that keeps everything on this disk.
    pub async fn start_on(disk: Disk, settings: &[&str]) -> Self {
        // Its top folder has `lost+found`, where no database is made.
        let request = Self::request(settings).with_env_var("PGDATA", format!("{DISK}/pgdata"));
        Self(Server::start_on(disk, request).await)
    }

    fn request(settings: &[&str]) -> ContainerRequest<GenericImage> {
        let settings = settings.iter().flat_map(|setting| ["-c", *setting]);
        GenericImage::new("postgres", "17")
            .with_exposed_port(SQL)
            // The server that initialises listens on its socket only.
            .with_wait_for(WaitFor::message_on_either_std("listening on IPv4 address"))
            .with_cmd(std::iter::once("postgres").chain(settings))
            .with_env_var("POSTGRES_USER", "dagster")
            .with_env_var("POSTGRES_PASSWORD", PASSWORD)
            .with_env_var("POSTGRES_DB", "dagster")
    }

    pub async fn login(&self) -> Result<Login> {
        Ok(Login {
            host: "127.0.0.1".to_owned(),
            port: self.0.port(SQL).await?,
            user: "dagster".to_owned(),
            password: Secret::new(PASSWORD),
            database: "dagster".to_owned(),
        })
    }

    pub async fn session(&self) -> Result<Session> {
        Session::connect(&self.login().await?, DEADLINE).await
    }

    pub async fn sql(&self) -> Result<Sql> {
        Ok(Sql::new(self.session().await?))
    }

    /// Lets clients act, with transactions over lists of this level.
    pub fn load(&self, recorder: &Recorder, plan: &Plan, level: Level) -> Load {
        let server = self.clone();
        Load::start(recorder, plan, move |_| {
            let server = server.clone();
            async move { Ok(Sql::isolated(server.session().await?, level)) }
        })
    }

    pub async fn kill(&self) {
        self.0.kill().await;
    }

    pub async fn restart(&self) {
        self.0.restart().await;
    }

    pub async fn sync(&self) {
        self.0.sync().await;
    }

    pub async fn cut_power(&self) -> Range<Timestamp> {
        self.0.cut_power().await
    }
}
