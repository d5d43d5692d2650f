//! Waits as expectations over the journal. The only room where time may pass.

pub mod asking;
pub mod expectation;
pub mod expectations;
pub mod pace;
pub mod waiter;

pub use asking::until_asked;
pub use expectation::{Expectation, Progress};
pub use pace::pause;
pub use waiter::Waiter;
