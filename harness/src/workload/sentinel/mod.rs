//! The sentinel: a program of our own that can be held, slowed and asked. Its pods and the stand-alone `probe`
//! pod are asked through the API server's proxy, Ready or not.

use std::{collections::BTreeMap, fmt, time::Duration};

use http::{Method, Request};
use kube::Client;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

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

/// What is held at a sentinel; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Held {
    /// Not Ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// Does not stop when told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<bool>,
    /// Fails its liveness probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_fails: Option<bool>,
}

/// Who a sentinel is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// What the kernel calls the host.
    pub hostname: String,
    /// Made anew at each start of the program.
    pub instance: String,
}

/// An answer of the DNS, as seen from inside the pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Answer {
    /// `NOERROR`, `NXDOMAIN`, `NODATA`, `SERVFAIL`, `TIMEOUT`
    pub code: String,
    /// Addresses as text, services as objects; sorted.
    pub answers: Vec<Value>,
    /// How long it took.
    pub milliseconds: u64,
    /// How long, in seconds, a client may keep it: an address, or the answer that there is none.
    pub ttl: Option<u32>,
}

/// An answer of the DNS that was given more than once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repeated {
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// How often.
    pub times: u32,
}

/// What became of a number of connections.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connections {
    /// Who answered, and how often.
    pub answers: BTreeMap<String, u32>,
    /// How many did not.
    pub failed: u32,
    /// The first reasons.
    pub errors: Vec<String>,
}

/// A moment of a sentinel's end, as it saw it itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stamp {
    /// Which start of the program it was.
    pub instance: String,
    /// What it saw.
    pub seen: Seen,
    /// Milliseconds since 1970, by its node's clock.
    pub at: i64,
}

/// What a sentinel sees of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Its preStop hook was called.
    PreStopBegan,
    /// Its preStop hook has answered.
    PreStopEnded,
    /// SIGTERM came.
    Sigterm,
}

/// A file on a sentinel's volume.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stored {
    /// The content's hash, in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

impl fmt::Debug for Sentinel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sentinel").field("pod", &self.pod).finish_non_exhaustive()
    }
}

impl Answer {
    /// The addresses.
    pub fn addresses(&self) -> Vec<&str> {
        self.answers.iter().filter_map(Value::as_str).collect()
    }

    /// The hosts that service records name, without the final dot, each with its port; sorted.
    pub fn targets(&self) -> Vec<String> {
        let target = |answer: &Value| {
            let host = answer["target"].as_str()?.trim_end_matches('.');
            Some(format!("{host}:{}", answer["port"]))
        };
        let mut targets: Vec<_> = self.answers.iter().filter_map(target).collect();
        targets.sort();
        targets
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

    #[test]
    fn answers_are_read_with_how_often_they_were_given() -> serde_json::Result<()> {
        let text = r#"[{"code":"NOERROR","answers":["10.0.0.1"],"milliseconds":1,"ttl":30,"times":59},
            {"code":"SERVFAIL","answers":[],"milliseconds":2,"times":1}]"#;
        let answers: Vec<Repeated> = serde_json::from_str(text)?;
        let told: Vec<_> = answers.iter().map(|told| (told.times, told.answer.ttl)).collect();
        assert_eq!(told, [(59, Some(30)), (1, None)]);
        Ok(())
    }
}
