//! Laws: from a journal to findings, by what the journal says alone. They know no cluster, no clock and no async.
//!
//! Every law is judged over every scenario's journal, for every set that was deployed in it. A law counts what
//! it examined: a claim of which nothing was examined is not proved.

mod always;
mod by_hand;
pub mod census;
mod demand;
pub mod disorder;
pub mod eviction;
mod health;
pub mod identity;
mod inquiry;
pub mod judgement;
mod obstacle;
#[cfg(test)]
mod of_lines;
pub mod ordering;
pub mod overlooked;
mod removal;
pub mod rollout;
pub mod status;
pub mod storage;
pub mod termination;

pub use always::{ALWAYS, Law, judge};
pub use inquiry::Inquiry;
pub use judgement::Judgement;
pub use obstacle::Obstacle;
