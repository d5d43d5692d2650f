//! From a catalogue to trials: deadlines, signals, isolation.

mod broken_off;
pub mod catalogue;
pub mod evidence;
mod handles;
mod hindrance;
mod judging;
mod logging;
pub mod mistakes;
mod namespace;
pub mod needs;
mod outlook;
mod patience;
mod pick_up;
mod pilot;
mod program;
mod rerun;
mod run;
mod scout;
mod selection;
mod session;
mod shared;
mod single;
mod state;
mod trial;
mod two_nodes;
mod witness;

pub use catalogue::{Control, Plan, Sabotage, Scenario, scenario};
pub use handles::{
    Blocks, Budget, Charts, ControlPlane, Deployment, Disks, Ending, GarageStore, Growth, Identity, Life,
    Mark, NamedSet, Partition, Pod, PostgresStore, Prober, Server, StorageClass, Tunnelled, Volumes, Ways,
    Worker,
};
pub use namespace::Admitted;
pub use needs::Need;
pub use outlook::{Outlook, outlook};
pub use program::{main, run};
pub use run::Run;
pub use selection::Asked;
pub use single::{Single, alone};
