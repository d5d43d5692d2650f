//! Laws as code: journals recorded from real runs, each mutated so that its law is seen to fire, and changed in ways
//! that mean nothing so that no law does; and histories of a modelled controller.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where its helpers do")]

mod available;
mod census;
mod controller;
mod disorder;
mod fixtures;
mod generated;
mod identity;
mod model;
mod neutral;
mod ordering;
mod recorded;
mod revisions;
mod rollout;
mod status;
mod storage;
mod termination;
