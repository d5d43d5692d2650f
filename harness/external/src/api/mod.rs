//! Calls of the API server: each has a deadline, and its error says what was being done to what.

mod objects;
mod server;

use std::time::Duration;

pub use objects::{Kind, Namespaced, Objects, cluster_objects, dynamic_objects, objects};
pub use server::{VolumeInUse, clock, served_kind, version, volumes_in_use};

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
