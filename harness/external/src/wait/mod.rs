//! The only room of this crate where time may pass.

pub mod pace;

pub use pace::pause;
