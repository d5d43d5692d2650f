//! The upgrade that is looked at, and who looks.

use kube::Client;

use crate::{Release, Rendered, Way};

/// Questions at once.
pub(super) const AT_ONCE: usize = 6;

pub(in crate::preflight) struct Look<'a> {
    pub client: &'a Client,
    pub release: &'a Release,
    pub namespace: &'a str,
    pub way: Way,
    /// Whether objects are applied on the server's side.
    pub server_side: bool,
    pub held: &'a Rendered,
    pub new: &'a Rendered,
}
