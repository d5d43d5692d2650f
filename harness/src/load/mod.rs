//! Clients that write and read, seeded, and note all that they do.
//!
//! A [`Load`] lets clients act on [`Store`]s and notes every operation in a [`Recorder`]; [`read_back`] is what they do at the
//! end. What it means is said by the checkers of the crate [`history`].

mod beats;
mod clients;
mod counts;
pub mod read_back;
mod recorder;
pub mod s3;
pub mod sql;
mod store;

use history::operation::SERVICE;

pub use beats::Beats;
pub use clients::{Client, Load, Plan};
pub use counts::{Count, Counts};
pub use recorder::Recorder;
pub use store::Store;

/// How the endpoint of clients is called that come through a service.
pub fn service(name: &str) -> String {
    format!("{SERVICE}{name}")
}

/// The service that an endpoint is; none of a pod.
pub(crate) fn service_of(endpoint: &str) -> Option<&str> {
    endpoint.strip_prefix(SERVICE)
}
