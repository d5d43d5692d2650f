//! From a catalogue to trials: deadlines, signals, isolation.

mod acts;
mod broken_off;
pub mod catalogue;
mod charts;
mod claims;
mod departure;
mod endings;
pub mod evidence;
mod inspector;
mod judging;
mod ledgers;
mod lives;
mod marks;
pub mod mistakes;
mod names;
mod program;
mod run;
mod session;
mod single;
mod state;
mod stores;
mod trial;
mod volumes;
mod witness;

pub use catalogue::{Control, Plan, Sabotage, Scenario, scenario};
pub use endings::Ending;
pub use marks::Mark;
pub use program::main;
pub use run::Run;
pub use single::{Single, alone};
pub use stores::Tunnelled;
