//! The clients and the checkers against one real Garage and one real PostgreSQL, outside any cluster. They need
//! Docker, the images that `scripts/setup` makes, and seconds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no by panicking")]

mod book;
mod disk;
mod garage;
mod postgres;
mod postgres_image;
mod power;
mod servers;
