//! What leaves the process: clients of the API server, other programs, the container engine. Every call has a deadline,
//! and an error says what was being done and whose fault it is.
//!
//! It knows no scenario, no workload and no chart: what the answers mean is for the crates above.

pub mod api;
pub mod client;
pub mod docker;
pub mod error;
pub mod image_name;
pub mod images;
pub mod process;
pub mod refusal;
pub mod reporter;
pub mod secret;
pub mod wait;

pub use docker::docker;
pub use error::{Class, Error, Result};
pub use image_name::ImageName;
pub use process::{Finished, Program, find_program};
pub use reporter::Reporter;
pub use secret::Secret;
