//! What scenarios run, and clients that know each one's health, admin and data calls.

pub mod garage;
mod known;
mod manifests;
pub mod postgres;
pub mod sentinel;
pub mod set;

pub use known::{AIRBYTE_DB, CHART, DAGSTER_POSTGRESQL, GARAGE, Kind, SENTINEL, Workload};
pub(crate) use manifests::folder;
pub use set::Set;
