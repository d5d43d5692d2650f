//! The sentinel: a program of our own that can be held, slowed and asked. Its pods and the stand-alone `probe`
//! pod are asked through the API server's proxy, Ready or not.

pub mod answers;
pub mod client;

pub use answers::{Answer, Connections, Held, Identity, Repeated, Seen, Stamp, Stored};
pub use client::Sentinel;
