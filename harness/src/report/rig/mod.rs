//! The rig: Kubernetes' own programs with one fault each, and which claim turned red.
//!
//! [`table`] is what `scripts/rig/faults.toml` has, [`row`] what became of one of them, [`folder`] reads it off the runs that
//! `scripts/broken-clusters` leaves; [`markdown`] and [`html`] render it.

pub mod folder;
pub mod html;
pub mod markdown;
pub mod row;
pub mod table;

pub use row::{Row, Seen, State, Summary};
pub use table::{Change, Expected, table};
