//! From a catalogue to trials: deadlines, signals, isolation.

mod acts;
pub mod catalogue;
mod charts;
mod claims;
pub mod conclusion;
mod departure;
pub mod evidence;
mod ledgers;
mod lives;
mod marks;
mod names;
mod run;
mod session;
mod single;
mod state;
mod stores;
mod trial;
mod volumes;

pub use catalogue::{Control, Plan, Sabotage, Scenario, scenario};
pub use run::{HOLD, Run};
pub use session::main;
pub use single::{Single, try_upgrade};
pub use stores::Tunnelled;
