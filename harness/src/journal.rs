//! The journal: what `record` knows of one, and what writes it.

pub use record::journal::*;

pub use crate::watch::{Log, Recorder, recorder};
