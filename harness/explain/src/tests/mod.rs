//! For each cause a world that has it: it, and only it, is named.

mod case;
mod containers;
mod controller;
mod each;
mod placement;
mod refused;
mod reports;
mod storage;
mod survey;
mod templates;
mod world;

use case::{Case, case};
use world::World;

use super::diagnose;
