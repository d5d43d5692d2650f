//! What is reached through a tunnel, and keeps it open.

use std::{fmt, ops::Deref};

use history::{Cause, Failure, Outcome, generate::Request};

use crate::{cluster::Tunnel, load::Store};

/// Something that is reached through a tunnel, which lives as long as it does.
pub struct Tunnelled<T> {
    pub(super) inside: T,
    pub(super) tunnels: Vec<Tunnel>,
}

impl<T> Tunnelled<T> {
    /// What is reached through a tunnel.
    pub(crate) fn new(inside: T, tunnel: Tunnel) -> Self {
        Self { inside, tunnels: vec![tunnel] }
    }

    /// That nobody listens where the last connection was to go.
    pub(super) fn nobody_there(&self) -> Option<String> {
        self.tunnels.iter().find_map(Tunnel::nobody_there)
    }
}

impl<T> Deref for Tunnelled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inside
    }
}

impl<T> fmt::Debug for Tunnelled<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tunnelled")
    }
}

impl<T: Store> Store for Tunnelled<T> {
    /// Where the connection did not come about, nothing was sent, whatever it looks like from this end.
    async fn perform(&mut self, request: &Request) -> Outcome {
        let outcome = self.inside.perform(request).await;
        if outcome.failure().is_none_or(Failure::is_answer) {
            return outcome;
        }
        match self.tunnels.iter().find_map(Tunnel::unopened) {
            Some(said) => Outcome::Failed(Failure::new(Cause::Unreachable, said)),
            None => outcome,
        }
    }
}
