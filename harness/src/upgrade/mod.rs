//! Playing an upgrade of a chart on a cluster: with clients that write throughout, and each claim judged where it can
//! first be known.

mod attempt;
mod connection;
mod crash;
mod garage;
mod live;
mod play;
mod stage;
mod writers;

pub use attempt::try_upgrade;
pub use play::{Source, Upgrade, play, preflight};
pub use record::upgrade::Facts;
pub use stage::Stage;
