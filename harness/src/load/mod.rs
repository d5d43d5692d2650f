//! Clients that write and read, seeded, and note all that they do.
//!
//! A [`Load`] lets clients act on [`Store`]s and notes every operation in a [`Recorder`]; [`read_back`] is what they do at the
//! end. What it means is said by the checkers of the crate [`history`].

mod beats;
mod clients;
mod counts;
mod front;
pub mod read_back;
mod recorder;
pub mod s3;
mod service;
pub mod sql;
mod store;

pub use beats::Beats;
pub use clients::{Client, Load, Plan};
pub use counts::{Count, Counts};
pub use recorder::Recorder;
pub use service::service;
pub(crate) use service::service_of;
pub use store::Store;
