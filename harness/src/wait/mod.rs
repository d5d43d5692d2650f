//! Waits as expectations over the journal. The only room where time may pass.

pub mod pace;

pub use pace::pause;
