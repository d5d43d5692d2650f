//! PostgreSQL: its identity, settings and readiness.

pub mod client;
pub mod placement;

pub use client::{Login, Session, reason};
pub use placement::off_the_claims;
