//! What the API server says of itself.

use http::header::DATE;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use kube::{
    Client,
    client::Body,
    core::GroupVersionKind,
    discovery::{ApiResource, Scope, pinned_kind},
};

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
