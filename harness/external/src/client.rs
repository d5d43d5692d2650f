//! Clients of the API server, from a kubeconfig.

use std::time::Duration;

use camino::Utf8Path;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};

use crate::error::{Error, Result, exit};

/// Two clients of one cluster.
#[derive(Clone)]
pub struct Clients {
    /// What the harness itself needs is tried again.
    pub plumbing: Client,
    /// What a scenario probes is not.
    pub probe: Client,
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
    let client = |config| Client::try_from(config).map_err(Error::api("making a client from a kubeconfig"));
    let plumbing = client(config.clone())?;
    config.default_retry = false;
    Ok(Clients { plumbing, probe: client(config)? })
}
