//! The checkers, as laws over histories: those of a store that is right pass, what is planted is found, and a second checker agrees.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no by panicking")]

mod clean;
mod last;
mod lies;
mod planted;
mod quorum;
mod reads;
mod registers;
mod second;
mod store;
mod tangles;
mod unlucky;
