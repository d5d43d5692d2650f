//! What is reached through a tunnel, and keeps it open.

use std::{fmt, ops::Deref};

use crate::{
    cluster::Tunnel,
    ledger::{
        Store,
        attempt::{Outcome, Write},
    },
};

/// Something that is reached through a tunnel, which lives as long as it does.
pub struct Tunnelled<T> {
    pub(super) inside: T,
    pub(super) _tunnels: Vec<Tunnel>,
}

impl<T> Tunnelled<T> {
    /// What is reached through a tunnel.
    pub(crate) fn new(inside: T, tunnel: Tunnel) -> Self {
        Self { inside, _tunnels: vec![tunnel] }
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
    async fn put(&mut self, write: &Write) -> Outcome {
        self.inside.put(write).await
    }
}
