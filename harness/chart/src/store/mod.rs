//! The stores of a chart: which pods take writes, how they are reached, and how they are made ready for them.

pub mod detect;
pub mod file;
mod speech;

pub use detect::detect;
pub use file::Stores;
pub use speech::{Keys, Password, S3, Speech, Store};
