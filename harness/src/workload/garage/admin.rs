//! Garage's admin API, version 2, at one node.

use std::time::Duration;

use http::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    answers::{
        AccessKey, ClusterHealth, ClusterStatus, Layout, LayoutHistory, NodeInfo, NodeStatistics, PerNode,
        Preview, Probe, RoleChange, Worker,
    },
    http::request,
};
use crate::{Secret, error::Error};

/// What a call of the admin API can end with.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Garage refused it.
    #[error("{call} at {address}: Garage answered {status} {code}: {message}")]
    Refused {
        /// `ApplyClusterLayout`
        call: String,
        /// The node that was asked.
        address: String,
        /// The HTTP status.
        status: u16,
        /// Garage's code: `InternalError`.
        code: String,
        /// Garage's words.
        message: String,
    },
    /// There was no answer, or none that can be read.
    #[error(transparent)]
    Call(#[from] Error),
}

impl AdminError {
    /// Whether Garage said that it has this already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
    }
}

impl From<AdminError> for Error {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Call(error) => error,
            // A token that is refused is a setting; any other refusal is Garage's.
            AdminError::Refused { status: 401 | 403, .. } => Self::environment(error.to_string()),
            AdminError::Refused { .. } => Self::failed(error.to_string()),
        }
    }
}

type Result<T> = std::result::Result<T, AdminError>;

/// A client of one node. Each call has the deadline and a connection of its own.
#[derive(Debug, Clone)]
pub struct Admin {
    address: String,
    token: Secret,
    deadline: Duration,
}

impl Admin {
    /// A client of the node at this endpoint (`http://127.0.0.1:41234`, or just host and port).
    pub fn new(endpoint: &str, token: Secret, deadline: Duration) -> Self {
        let address = endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { address, token, deadline }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What `/health` answers.
    pub async fn probe(&self) -> Result<Probe> {
        let answer = request(&self.address, Method::GET, "/health", None, Vec::new(), self.deadline).await?;
        Ok(Probe { status: answer.status })
    }

    /// What the node says of itself.
    pub async fn node_info(&self) -> Result<NodeInfo> {
        self.of_itself("GetNodeInfo").await
    }

    /// What the node counts.
    pub async fn node_statistics(&self) -> Result<NodeStatistics> {
        self.of_itself("GetNodeStatistics").await
    }

    /// Who is there, as this node sees it.
    pub async fn status(&self) -> Result<ClusterStatus> {
        self.get("GetClusterStatus").await
    }

    /// Health, as this node sees it.
    pub async fn health(&self) -> Result<ClusterHealth> {
        self.get("GetClusterHealth").await
    }

    /// Asks the node to connect to others: `<node id>@<host>:3901`. Gives the errors, if any.
    pub async fn connect_nodes(&self, peers: &[String]) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Connected {
            success: bool,
            error: Option<String>,
        }
        let answers: Vec<Connected> = self.post("ConnectClusterNodes", &json!(peers)).await?;
        let refusals = answers.into_iter().filter(|answer| !answer.success);
        Ok(refusals.map(|answer| answer.error.unwrap_or_else(|| "no reason given".to_owned())).collect())
    }

    /// The layout, as this node has it.
    pub async fn layout(&self) -> Result<Layout> {
        self.get("GetClusterLayout").await
    }

    /// The versions of the layout, as this node has them.
    pub async fn layout_history(&self) -> Result<LayoutHistory> {
        self.get("GetClusterLayoutHistory").await
    }

    /// Stages changes; gives the layout with all that is staged.
    pub async fn update_layout(&self, changes: &[RoleChange]) -> Result<Layout> {
        self.post("UpdateClusterLayout", &json!({ "roles": changes })).await
    }

    /// What applying the staged changes would give.
    pub async fn preview_layout(&self) -> Result<Preview> {
        self.post("PreviewClusterLayoutChanges", &Value::Null).await
    }

    /// Applies the staged changes as this version, which must be the next.
    pub async fn apply_layout(&self, version: u64) -> Result<Layout> {
        #[derive(Deserialize)]
        struct Applied {
            layout: Layout,
        }
        let applied: Applied = self.post("ApplyClusterLayout", &json!({ "version": version })).await?;
        Ok(applied.layout)
    }

    /// Lets the next version of the layout not wait for nodes that are gone for good.
    pub async fn skip_dead_nodes(&self, version: u64) -> Result<()> {
        let body = json!({ "version": version, "allowMissingData": false });
        self.post::<Value>("ClusterLayoutSkipDeadNodes", &body).await.map(drop)
    }

    /// Lets the node read every block that it has, and see whether it is whole; does not wait.
    pub async fn scrub(&self) -> Result<()> {
        self.repair(&json!({"scrub": "start"})).await
    }

    /// Lets the node compare its tables with the others', and give them what they lack; does not wait. By itself it does so 20 s
    /// after its start, and then every ten minutes.
    pub async fn compare_tables(&self) -> Result<()> {
        self.repair(&json!("tables")).await
    }

    /// What works in the background of the node.
    pub async fn workers(&self) -> Result<Vec<Worker>> {
        let call = "ListWorkers?node=self";
        self.own(call, self.post(call, &json!({})).await?)
    }

    async fn repair(&self, kind: &Value) -> Result<()> {
        let call = "LaunchRepairOperation?node=self";
        let _: Value = self.own(call, self.post(call, &json!({ "repairType": kind })).await?)?;
        Ok(())
    }

    /// Makes an access key; Garage chooses its id and its secret.
    pub async fn create_key(&self, name: &str) -> Result<AccessKey> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Created {
            access_key_id: String,
            secret_access_key: String,
        }
        let created: Created = self.post("CreateKey", &json!({ "name": name })).await?;
        Ok(AccessKey { id: created.access_key_id, secret: Secret::new(created.secret_access_key) })
    }

    /// Makes an access key of this id (8 or more of `A-Z a-z 0-9 - _ .`) and secret (16 or more). One that is there
    /// stays.
    pub async fn import_key(&self, name: &str, key: &AccessKey) -> Result<()> {
        let body = json!({ "name": name, "accessKeyId": key.id, "secretAccessKey": key.secret.reveal() });
        match self.post::<Value>("ImportKey", &body).await {
            Err(error) if error.is_conflict() => Ok(()),
            other => other.map(drop),
        }
    }

    /// Makes a bucket of this name (3 or more characters), or finds the one that is there; gives its id.
    pub async fn create_bucket(&self, name: &str) -> Result<String> {
        #[derive(Deserialize)]
        struct Bucket {
            id: String,
        }
        match self.post::<Bucket>("CreateBucket", &json!({ "globalAlias": name })).await {
            Err(error) if error.is_conflict() => {
                self.get::<Bucket>(&format!("GetBucketInfo?globalAlias={name}")).await.map(|bucket| bucket.id)
            }
            other => other.map(|bucket| bucket.id),
        }
    }

    /// Lets a key read, write and own a bucket.
    pub async fn allow_key(&self, bucket_id: &str, key_id: &str) -> Result<()> {
        let permissions = json!({ "read": true, "write": true, "owner": true });
        let body = json!({ "bucketId": bucket_id, "accessKeyId": key_id, "permissions": permissions });
        self.post::<Value>("AllowBucketKey", &body).await.map(drop)
    }

    async fn of_itself<T: DeserializeOwned>(&self, call: &str) -> Result<T> {
        let call = format!("{call}?node=self");
        self.own(&call, self.get(&call).await?)
    }

    /// What the one node said that was asked.
    fn own<T>(&self, call: &str, mut answer: PerNode<T>) -> Result<T> {
        match (answer.success.pop_first(), answer.error.pop_first()) {
            (Some((_, info)), _) => Ok(info),
            (None, error) => {
                let message = error.map_or_else(|| "it said nothing".to_owned(), |(_, message)| message);
                Err(Error::failed(format!("{call} at {}: {message}", self.address)).into())
            }
        }
    }

    async fn get<T: DeserializeOwned>(&self, call: &str) -> Result<T> {
        self.call(Method::GET, call, Vec::new()).await
    }

    async fn post<T: DeserializeOwned>(&self, call: &str, body: &Value) -> Result<T> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.call(Method::POST, call, body).await
    }

    async fn call<T: DeserializeOwned>(&self, method: Method, call: &str, body: Vec<u8>) -> Result<T> {
        let path = format!("/v2/{call}");
        let answer = request(&self.address, method, &path, Some(&self.token), body, self.deadline).await?;
        if !(200..300).contains(&answer.status) {
            return Err(refusal(call, &self.address, answer.status, &answer.body));
        }
        // The body may hold a secret: what could not be read of it is not quoted.
        serde_json::from_slice(&answer.body).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Error::failed(format!("{call} at {}: an answer we don't know, at {place}", self.address)).into()
        })
    }
}

fn refusal(call: &str, address: &str, status: u16, body: &[u8]) -> AdminError {
    #[derive(Deserialize)]
    struct Said {
        code: String,
        message: String,
    }
    let said = serde_json::from_slice(body).unwrap_or_else(|_| Said {
        code: "without a code".to_owned(),
        message: String::from_utf8_lossy(body.get(..body.len().min(200)).unwrap_or(body)).trim().to_owned(),
    });
    let (call, address) = (call.to_owned(), address.to_owned());
    AdminError::Refused { call, address, status, code: said.code, message: said.message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_call_the_node_and_the_reason() {
        let body = br#"{"code":"InternalError","message":"Internal error: Invalid new layout version","region":"garage","path":"/v2/ApplyClusterLayout"}"#;
        let error = refusal("ApplyClusterLayout", "127.0.0.1:3903", 500, body);
        assert_eq!(
            error.to_string(),
            "ApplyClusterLayout at 127.0.0.1:3903: Garage answered 500 InternalError: Internal error: Invalid new layout version"
        );
        let error = refusal("GetClusterStatus", "127.0.0.1:3903", 502, b"bad gateway");
        assert!(error.to_string().ends_with("502 without a code: bad gateway"), "{error}");
    }

    #[test]
    fn a_client_does_not_print_its_token() {
        let admin = Admin::new("http://127.0.0.1:3903/", Secret::new("hunter2"), Duration::from_secs(1));
        assert_eq!(admin.address(), "127.0.0.1:3903");
        assert!(!format!("{admin:?}").contains("hunter2"));
    }
}
