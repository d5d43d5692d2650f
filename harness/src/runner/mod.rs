//! From a catalogue to trials: deadlines, signals, isolation.

mod acts;
mod broken_off;
pub mod catalogue;
mod charts;
mod claims;
mod departure;
pub mod evidence;
mod judging;
mod ledgers;
mod lives;
mod logging;
mod marks;
pub mod mistakes;
mod names;
mod program;
mod rerun;
mod run;
mod selection;
mod session;
mod single;
mod state;
mod stores;
mod trial;
mod volumes;
mod witness;

pub use catalogue::{Control, Plan, Sabotage, Scenario, scenario};
pub use program::main;
pub use run::Run;
pub use single::{Single, alone};
pub use stores::Tunnelled;
