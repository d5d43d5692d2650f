//! What the API server says of itself.

use http::header::DATE;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use kube::{
    Client,
    client::Body,
    core::GroupVersionKind,
    discovery::{ApiResource, Scope, pinned_kind},
};

use serde_json::Value;

use super::call;
use crate::error::Result;

/// The cluster's version, as in `v1.34.0`.
///
/// # Errors
/// The API server refuses, or has not answered in time.
pub async fn version(client: &Client) -> Result<String> {
    let version = call("asking the API server for its version", client.apiserver_version()).await?;
    Ok(version.git_version)
}

/// The release that the API server behaves as: its own, or the one that it emulates. None where it tells none.
///
/// # Errors
/// The API server refuses, or has not answered in time.
pub async fn release(client: &Client) -> Result<Option<(u32, u32)>> {
    let ask = async {
        let request = http::Request::get("/version").body(Vec::new()).map_err(kube::Error::HttpError)?;
        client.request::<Value>(request).await
    };
    Ok(told(&call("asking the API server for its release", ask).await?))
}

/// The emulated release, else its own; a vendor may write `31+`.
fn told(version: &Value) -> Option<(u32, u32)> {
    let number =
        |field: &str| version[field].as_str().and_then(|text| text.trim_end_matches('+').parse().ok());
    let of = |major, minor| number(major).zip(number(minor));
    of("emulationMajor", "emulationMinor").or_else(|| of("major", "minor"))
}

/// The API server's clock, in whole seconds, by the date of an answer; none when the answer has no date.
///
/// # Errors
/// The API server refuses, or has not answered in time.
pub async fn clock(client: &Client, doing: &str) -> Result<Option<Timestamp>> {
    let ask = async {
        let request = http::Request::get("/version").body(Body::empty()).map_err(kube::Error::HttpError)?;
        client.send(request).await
    };
    let answer = call(doing, ask).await?;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    // HTTP's dates are those of mail, with GMT for the zone.
    Ok(date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()))
}

/// Where the API server serves a kind, and whether its objects are in namespaces.
///
/// # Errors
/// It does not serve it, or has not answered in time.
pub async fn served_kind(
    client: &Client,
    kind: &GroupVersionKind,
    doing: &str,
) -> Result<(ApiResource, Scope)> {
    let (resource, capabilities) = call(doing, pinned_kind(client, kind)).await?;
    Ok((resource, capabilities.scope))
}

/// How full a volume is, as the kubelet of a node that mounts it measures.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeInUse {
    /// Its claim's namespace.
    pub namespace: String,
    /// Its claim.
    pub claim: String,
    /// Bytes that are used.
    pub used: f64,
    /// Bytes that it has.
    pub capacity: f64,
}

/// The volumes of claims that a node mounts.
///
/// # Errors
/// The API server refuses (it takes the right to get nodes/proxy), or has not answered in time.
pub async fn volumes_in_use(client: &Client, node: &str) -> Result<Vec<VolumeInUse>> {
    let path = format!("/api/v1/nodes/{node}/proxy/stats/summary");
    let ask = async {
        let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        client.request::<Value>(request).await
    };
    let summary = call(format!("asking node {node} how full its volumes are"), ask).await?;
    let pods = summary["pods"].as_array().into_iter().flatten();
    let volumes = pods.flat_map(|pod| pod["volume"].as_array().into_iter().flatten());
    let of_claim = |volume: &Value| {
        Some(VolumeInUse {
            namespace: volume["pvcRef"]["namespace"].as_str()?.to_owned(),
            claim: volume["pvcRef"]["name"].as_str()?.to_owned(),
            used: volume["usedBytes"].as_f64()?,
            capacity: volume["capacityBytes"].as_f64().filter(|bytes| *bytes > 0.0)?,
        })
    };
    Ok(volumes.filter_map(of_claim).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::told;

    #[test]
    fn the_release_is_the_emulated_one_where_one_is() {
        let mut version = json!({"major": "1", "minor": "34", "gitVersion": "v1.34.4"});
        assert_eq!(told(&version), Some((1, 34)));
        (version["emulationMajor"], version["emulationMinor"]) = (json!("1"), json!("31"));
        assert_eq!(told(&version), Some((1, 31)));
        assert_eq!(told(&json!({"major": "1", "minor": "31+"})), Some((1, 31)));
        assert_eq!(told(&json!({"major": "", "minor": ""})), None);
    }
}
