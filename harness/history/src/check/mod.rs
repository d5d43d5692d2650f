//! What is wrong with a store that answered so. Each checker is a law over the operations and knows no store: what a store
//! promises is whose checkers it is held to.

pub mod agreement;
pub mod availability;
pub mod bank;
mod checker;
pub mod conditional;
mod end;
mod forgotten;
mod gone;
pub mod honesty;
pub mod isolation;
pub mod judgement;
mod keys;
mod labels;
pub mod listings;
pub mod members;
mod order;
pub mod overlap;
pub mod quorum;
pub mod ranges;
pub mod read_after_write;
mod refused;
pub mod register;
pub mod set;
mod unread;

pub use availability::Uninterrupted;
pub use checker::Checker;
pub use isolation::Level;
pub use judgement::{Anomaly, Count, Judgement, Kind};
pub use members::{Members, Up};
pub use overlap::{Fault, overlap};
pub use set::Copies;
