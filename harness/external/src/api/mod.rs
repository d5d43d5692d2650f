//! Calls of the API server: each has a deadline, and its error says what was being done to what.

mod call;
mod objects;
mod server;

pub use call::{DEADLINE, call};
pub use objects::{Kind, Namespaced, Objects, cluster_objects, dynamic_objects, objects};
pub use server::{VolumeInUse, clock, release, served_kind, version, volumes_in_use};
