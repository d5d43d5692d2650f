//! What a scenario picks up from its run, and acts and judges with.

mod beats;
mod budget;
mod charts;
mod control_plane;
mod deployment;
mod disks;
mod garage;
mod kept_apart;
mod named_set;
mod partition;
mod pod;
mod postgres;
mod prober;
mod scale;
mod server;
mod storage_class;
mod tunnelled;
mod volumes;
mod worker;
mod works;

pub use budget::Budget;
pub use charts::Charts;
pub use control_plane::ControlPlane;
pub use deployment::Deployment;
pub use disks::{Blocks, Disks};
pub use garage::GarageStore;
pub use named_set::NamedSet;
pub use partition::{Partition, Ways};
pub use pod::{Ending, Life, Pod};
pub use postgres::{Identity, PostgresStore};
pub use prober::Prober;
pub use server::Server;
pub use storage_class::StorageClass;
pub use tunnelled::Tunnelled;
pub use volumes::{Growth, Mark, Volumes};
pub use worker::Worker;
