//! PostgreSQL: its identity, settings and readiness.

pub mod client;

pub use client::{Login, Session, told};
