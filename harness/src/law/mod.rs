//! Laws: pure functions from a journal to findings. They know no cluster, no clock and no async.
//!
//! Every law is judged over every scenario's journal, for every set that was deployed in it. A law counts what
//! it examined: a claim of which nothing was examined is not proved.

pub mod disorder;
pub mod identity;
pub mod judgement;
pub mod ordering;
pub mod rollout;
pub mod status;
pub mod storage;

pub use judgement::Judgement;

use crate::journal::{History, Promise};

/// A law, judged for one set.
pub type Law = fn(&History, &Promise) -> Judgement;

/// The laws that always hold.
pub const ALWAYS: &[Law] = &[
    identity::pods_carry_their_ordinals,
    identity::names_return_as_other_objects,
    ordering::creates_lowest_first,
    ordering::removes_highest_first,
    storage::claims_belong_to_ordinals,
    storage::pods_keep_their_claims,
    storage::claims_outlive_pods,
    identity::at_most_one_of_an_ordinal,
    rollout::rolls_highest_first,
    rollout::partition_protects,
    rollout::on_delete_waits,
    rollout::availability_gates,
    status::counters_add_up,
];

/// Judges every law for every set of a history.
pub fn judge(history: &History) -> Vec<Judgement> {
    history.promises().flat_map(|promise| ALWAYS.iter().map(|law| law(history, promise))).collect()
}
