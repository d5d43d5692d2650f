//! What a scenario picks up from its run, and acts and judges with.

mod beats;
mod charts;
mod control_plane;
mod deployment;
mod disks;
mod ending;
mod garage;
mod life;
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

pub use charts::Charts;
pub use control_plane::ControlPlane;
pub use deployment::Deployment;
pub use disks::Disks;
pub use ending::Ending;
pub use garage::GarageStore;
pub use life::Life;
pub use named_set::NamedSet;
pub use partition::{Partition, Ways};
pub use pod::Pod;
pub use postgres::PostgresStore;
pub use prober::Prober;
pub use server::Server;
pub use storage_class::StorageClass;
pub use tunnelled::Tunnelled;
pub use volumes::{Growth, Mark, Volumes};
pub use worker::Worker;
