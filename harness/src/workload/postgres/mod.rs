//! PostgreSQL: its identity, settings and readiness.

pub mod client;
pub mod placement;

pub use client::{Login, Session, told};
pub use placement::mount_point;
