//! What scenarios run, and clients that know each one's health, admin and data calls.

pub mod garage;
pub mod postgres;
pub mod sentinel;
