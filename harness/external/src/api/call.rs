//! A call, and the time that it has.

use std::time::Duration;

use crate::error::{Error, Result, within};

/// How long the API server may take for one call, where the caller names no other time.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// A call that the client has no method for here, within [`DEADLINE`]; `doing` says what it is, for its error.
///
/// # Errors
/// The API server refuses, or has not answered in time.
pub async fn call<T>(doing: impl Into<String>, call: impl Future<Output = kube::Result<T>>) -> Result<T> {
    let doing = doing.into();
    within(DEADLINE, &doing, call, Error::api(&doing)).await
}
