//! A pod that runs our program, and what it can be asked.

use std::{collections::BTreeMap, fmt, time::Duration};

use http::{Method, Request};
use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answers::{Answer, Connections, Held, Identity, Repeated, Stamp, Stored};
use crate::{
    error::{Error, Result, within},
    law::Obstacle,
};

/// How long a pod may take to answer.
const CALL: Duration = Duration::from_secs(20);
/// The file in which a sentinel writes down what it saw of its end.
const STAMPS: &str = "stamps";
/// How the client marks an answer that is no Status object.
const PLAIN: &str = "Failed to parse error data";

/// A pod that runs our program.
#[derive(Clone)]
pub struct Sentinel {
    client: Client,
    namespace: String,
    /// The pod's name.
    pub pod: String,
}

impl fmt::Debug for Sentinel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sentinel").field("pod", &self.pod).finish_non_exhaustive()
    }
}

impl Sentinel {
    /// The program in this pod.
    pub fn new(client: Client, namespace: impl Into<String>, pod: impl Into<String>) -> Self {
        Self { client, namespace: namespace.into(), pod: pod.into() }
    }

    /// Who it is.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn identity(&self) -> Result<Identity> {
        self.ask(Method::GET, "identity", Vec::new()).await
    }

    /// Holds it, or lets it go.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn hold(&self, held: Held) -> Result<()> {
        let body = serde_json::to_vec(&held).map_err(|error| Error::bug(error.to_string()))?;
        self.ask::<Value>(Method::PUT, "held", body).await.map(drop)
    }

    /// Asks the DNS from inside the pod; a name with a final dot is taken as it is.
    ///
    /// # Errors
    /// When the pod does not answer; a DNS error is an answer.
    pub async fn resolve(&self, name: &str, record: &str) -> Result<Answer> {
        self.ask(Method::GET, &format!("resolve?name={name}&type={record}"), Vec::new()).await
    }

    /// Asks the DNS so many times; each of the answers that differ, the most frequent first.
    ///
    /// # Errors
    /// When the pod does not answer; a DNS error is an answer.
    pub async fn resolve_often(&self, name: &str, record: &str, times: u32) -> Result<Vec<Repeated>> {
        self.ask(Method::GET, &format!("resolve-often?name={name}&type={record}&times={times}"), Vec::new())
            .await
    }

    /// The domains in which the pod's resolver looks for a name that has none.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn search(&self) -> Result<Vec<String>> {
        self.ask(Method::GET, "search", Vec::new()).await
    }

    /// Opens connections from inside the pod and asks each time who answers.
    ///
    /// # Errors
    /// When the pod does not answer; a refused connection is an answer.
    pub async fn connect(&self, host: &str, port: u16, times: u32) -> Result<Connections> {
        self.ask(Method::GET, &format!("connect?host={host}&port={port}&times={times}"), Vec::new()).await
    }

    /// Opens one connection from inside the pod, whoever answers.
    ///
    /// # Errors
    /// When the pod does not answer; a refused connection is an answer.
    pub async fn reach(&self, host: &str, port: u16) -> Result<Connections> {
        self.ask(Method::GET, &format!("connect?host={host}&port={port}&times=1&plain=true"), Vec::new())
            .await
    }

    /// Writes a file to the pod's volume, synced to disk.
    ///
    /// # Errors
    /// When the pod does not answer, or can't write it.
    pub async fn write(&self, name: &str, content: &[u8]) -> Result<Stored> {
        self.ask(Method::PUT, &format!("files/{name}"), content.to_vec()).await
    }

    /// What a file on the pod's volume says.
    ///
    /// # Errors
    /// When the pod does not answer, or can't read it.
    pub async fn read(&self, name: &str) -> Result<String> {
        self.ask_text(Method::GET, &format!("files/{name}"), Vec::new()).await
    }

    /// The files on the pod's volume.
    ///
    /// # Errors
    /// When the pod does not answer, or can't read them.
    pub async fn files(&self) -> Result<BTreeMap<String, Stored>> {
        self.ask(Method::GET, "files", Vec::new()).await
    }

    /// What all that ran on the pod's volume saw of their end, the newest last.
    ///
    /// # Errors
    /// When the pod does not answer, or can't read it.
    pub async fn stamps(&self) -> Result<Vec<Stamp>> {
        if !self.files().await?.contains_key(STAMPS) {
            return Ok(Vec::new());
        }
        let text = self.read(STAMPS).await?;
        let stamp = |line| serde_json::from_str(line);
        text.lines().map(stamp).collect::<std::result::Result<_, _>>().map_err(|error| {
            Error::failed(format!(
                "the file {STAMPS} on the volume of {}: no stamps but {text:?}: {error}",
                self.pod
            ))
        })
    }

    /// Lets it take so much more memory. One that is killed for it does not answer.
    ///
    /// # Errors
    /// When the pod does not answer.
    pub async fn allocate(&self, mebibytes: u32) -> Result<()> {
        let body = serde_json::json!({ "mebibytes": mebibytes }).to_string().into_bytes();
        self.ask::<Value>(Method::PUT, "memory", body).await.map(drop)
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Vec<u8>) -> Result<T> {
        let doing = self.doing(&method, path);
        let text = self.ask_text(method, path, body).await?;
        serde_json::from_str(&text)
            .map_err(|error| Error::failed(format!("{doing}: no JSON but {text:?}: {error}")))
    }

    fn doing(&self, method: &Method, path: &str) -> String {
        format!("{method} {path} at pod {}", self.pod)
    }

    async fn ask_text(&self, method: Method, path: &str, body: Vec<u8>) -> Result<String> {
        let doing = self.doing(&method, path);
        let uri = format!("/api/v1/namespaces/{}/pods/{}:8080/proxy/{path}", self.namespace, self.pod);
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|error| Error::bug(format!("{doing}: {error}")))?;
        let call = self.client.request_text(request);
        within(CALL, &doing, call, |error| refused(&doing, error)).await
    }
}

/// Whose no it is: the API server's, that could not ask, or the program's own.
fn refused(doing: &str, error: kube::Error) -> Error {
    match error {
        // The API server answers with a Status object, the program in plain words: it was there, and could not do it.
        kube::Error::Api(status) if status.code == 500 && status.reason == PLAIN => {
            Error::failed(format!("{doing}: it could not: {}", status.message))
        }
        // Nobody is there to be asked, or the way to it is cut: not every API server reaches pods.
        kube::Error::Api(status) if ![401, 403].contains(&status.code) => {
            let message = format!("{doing}: {} ({})", status.message, status.code);
            Error::not_judged(Obstacle::Prober, message)
        }
        error => Error::api(doing)(error),
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;
    use crate::error::Class;

    fn class(message: &str, reason: &str, code: u16) -> (Class, String) {
        let status = Status::failure(message, reason).with_code(code);
        let error = refused("PUT files/mark at pod db-0", kube::Error::Api(status.boxed()));
        (error.class(), error.to_string())
    }

    #[test]
    fn a_volume_that_cannot_be_written_is_a_broken_promise() {
        let (class, words) = class("Read-only file system (os error 30)", PLAIN, 500);
        assert_eq!(class, Class::Failed);
        assert_eq!(words, "PUT files/mark at pod db-0: it could not: Read-only file system (os error 30)");
    }

    #[test]
    fn an_api_server_that_cannot_ask_breaks_none() {
        assert_eq!(class("error trying to reach service", "ServiceUnavailable", 503).0, Class::Environment);
        assert_eq!(class("etcdserver: request timed out", "InternalError", 500).0, Class::Environment);
        assert_eq!(class("bad gateway", PLAIN, 502).0, Class::Environment);
        assert_eq!(class("address not allowed", "ServiceUnavailable", 503).0, Class::Environment);
        assert_eq!(class("pods \"db-0\" not found", "NotFound", 404).0, Class::Environment);
    }
}
