//! Laws: pure functions from a journal to findings. They know no cluster, no clock and no async.
//!
//! Every law is judged over every scenario's journal, for every set that was deployed in it. A law counts what
//! it examined: a claim of which nothing was examined is not proved.

mod asked;
pub mod disorder;
mod health;
pub mod identity;
pub mod judgement;
pub mod ordering;
mod removal;
pub mod rollout;
pub mod status;
pub mod storage;

pub use judgement::Judgement;

use crate::journal::{Entry, Fact, History, Kind, Promise, Record};

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
    rollout::recreates_all_at_once,
    status::counters_add_up,
];

/// Judges every law for every set of a history.
pub fn judge(history: &History) -> Vec<Judgement> {
    let sets = history.promises().flat_map(|promise| {
        let promises: Vec<_> = history.promises_of(&promise.set).collect();
        // Each law walks what concerns its set alone, so that many sets cost no more than one.
        let own = history.only(|entry| concerns(entry, &promises));
        ALWAYS.iter().map(|law| law(&own, promise)).collect::<Vec<_>>()
    });
    sets.collect()
}

/// Whether an entry is about a set, given all that it promised.
fn concerns(entry: &Entry, promises: &[&Promise]) -> bool {
    promises.iter().any(|promise| match &entry.record {
        Record::Object { fact: Fact::Pod(pod), .. } => identity::belongs(pod, promise),
        Record::Object { fact: Fact::VolumeClaim(claim), .. } => {
            promise.claim_ordinal(&claim.meta.name).is_some()
        }
        Record::Object { fact: Fact::Set(set), .. } => set.meta.name == promise.set,
        Record::Promise(other) => other.set == promise.set,
        Record::Gap { kind, .. } => !matches!(kind, Kind::Event | Kind::Node),
        Record::Act(_) => true,
        Record::Object { .. } | Record::Judged(_) | Record::ReadBack(_) => false,
    })
}
