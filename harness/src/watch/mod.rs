//! From watches to the journal: a [`Recorder`] watches and writes a [`Log`], which expectations ask and laws walk.

pub mod log;
pub mod recorder;
pub mod resource;
mod watch_kind;

pub use log::Log;
pub use recorder::Recorder;
