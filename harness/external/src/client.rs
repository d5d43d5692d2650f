//! Clients of the API server, from a kubeconfig.

use std::time::Duration;

use camino::Utf8Path;
use hyper_util::rt::TokioExecutor;
use kube::{
    Client, Config,
    client::{Body, ClientBuilder, ConfigExt},
    config::{KubeConfigOptions, Kubeconfig},
};
use tower::{BoxError, ServiceBuilder};

use crate::error::{Error, Result, exit};

/// The clients of one cluster.
#[derive(Clone)]
pub struct Clients {
    /// For what the harness itself needs: tries again when the API server is busy.
    pub plumbing: Client,
    /// For what a scenario probes: never tries again.
    pub probe: Client,
    /// For port-forwards and for programs in containers: each has a connection of its own.
    pub streams: Client,
}

/// Installs the process's crypto provider. Called again, it does nothing.
pub fn install_crypto() {
    // An error means that there is one.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Clients of the cluster that our own kubeconfig file names.
///
/// # Errors
/// When there is no such file, or it can't be used.
pub async fn from_file(path: &Utf8Path) -> Result<Clients> {
    let kubeconfig = Kubeconfig::read_from(path)
        .map_err(|error| Error::environment(format!("reading the kubeconfig {path}: {error}")))?;
    from_kubeconfig(kubeconfig, None).await
}

/// A client of any cluster, for reading: of a kubeconfig file or the user's own, of a context or the present one.
///
/// # Errors
/// When there is no such file or context, or it can't be used.
pub async fn reader(file: Option<&Utf8Path>, context: Option<&str>) -> Result<Client> {
    let kubeconfig = match file {
        Some(path) => Kubeconfig::read_from(path).map_err(|error| {
            Error::trouble(exit::SETTINGS, format!("reading the kubeconfig {path}: {error}"))
        })?,
        None => Kubeconfig::read().map_err(|error| {
            Error::trouble(
                exit::SETTINGS,
                format!("reading the kubeconfig: {error}: name one with --kubeconfig or KUBECONFIG"),
            )
        })?,
    };
    if let Some(context) = context
        && !kubeconfig.contexts.iter().any(|known| known.name == context)
    {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|known| known.name.as_str()).collect();
        let message = format!("the kubeconfig has no context {context}; it has: {}", known.join(", "));
        return Err(Error::trouble(exit::SETTINGS, message));
    }
    Ok(from_kubeconfig(kubeconfig, context).await?.probe)
}

/// Clients of a context.
///
/// # Errors
/// When there is no such context, or it can't be used.
pub async fn from_kubeconfig(kubeconfig: Kubeconfig, context: Option<&str>) -> Result<Clients> {
    install_crypto();
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| Error::environment(format!("making a client from a kubeconfig: {error}")))?;
    // No read time-out: it would end watches. Each call has its own deadline.
    config.connect_timeout = Some(Duration::from_secs(5));
    let doing = "making a client from a kubeconfig";
    let client = |config| Client::try_from(config).map_err(Error::api(doing));
    let plumbing = client(config.clone())?;
    let streams = streams(&config).map_err(Error::api(doing))?;
    config.default_retry = false;
    Ok(Clients { plumbing, probe: client(config)?, streams })
}

/// A client that uses no connection twice. Where a node refuses to open a stream, the API server passes its answer on and then closes
/// the connection without having said so: whatever is asked on it next has no answer, and who wrote does not know whether it was done.
fn streams(config: &Config) -> kube::Result<Client> {
    let connections = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build::<_, Body>(config.rustls_https_connector()?);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(connections);
    Ok(ClientBuilder::new(service, &config.default_namespace).build())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// As the API server does for a node that refuses: an answer on a connection that looks as if it stayed, and its end.
    async fn refuse(listener: &TcpListener) {
        let (mut connection, _) = listener.accept().await.unwrap();
        assert!(connection.read(&mut [0; 4096]).await.unwrap() > 0);
        connection
            .write_all(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        // It closes on the next request, or when the client does.
        drop(connection.read(&mut [0; 4096]).await);
    }

    async fn two_questions(client: impl FnOnce(Config) -> Client) -> [bool; 2] {
        install_crypto();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = client(Config::new(format!("http://{address}").parse().unwrap()));
        let serving = tokio::spawn(async move {
            loop {
                refuse(&listener).await;
            }
        });
        let mut answered = [false; 2];
        for answered in &mut answered {
            let question = http::Request::get("/api/v1/namespaces/a/pods/x-0/portforward");
            *answered = client.send(question.body(Body::empty()).unwrap()).await.is_ok();
        }
        serving.abort();
        answered
    }

    #[tokio::test]
    async fn no_stream_begins_on_a_connection_that_was_used() {
        assert_eq!(two_questions(|config| streams(&config).unwrap()).await, [true, true]);
        // What the others' connections would do to who asks next.
        let reused = |mut config: Config| {
            config.default_retry = false;
            Client::try_from(config).unwrap()
        };
        assert_eq!(two_questions(reused).await, [true, false]);
    }
}
