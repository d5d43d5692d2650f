//! The laws that always hold, and how they are led through a history.

use super::{Inquiry, Judgement, census, identity, ordering, rollout, status, storage, termination};
use crate::journal::{Entry, Fact, History, Kind, Promise, Record};

/// A law, put to work on the set that promised this at first.
pub type Law = for<'history> fn(&'history Promise) -> Inquiry<'history>;

/// The laws that always hold.
pub const ALWAYS: &[Law] = &[
    identity::pods_carry_their_ordinals,
    identity::names_return_as_other_objects,
    ordering::creates_lowest_first,
    ordering::removes_highest_first,
    storage::claims_belong_to_ordinals,
    storage::pods_keep_their_claims,
    storage::claims_outlive_pods,
    storage::claims_in_use_stay,
    identity::at_most_one_of_an_ordinal,
    rollout::rolls_highest_first,
    rollout::rolls_what_is_old,
    rollout::revisions_are_of_templates,
    rollout::partition_protects,
    rollout::on_delete_waits,
    rollout::availability_gates,
    rollout::recreates_all_at_once,
    termination::pods_have_their_own_grace,
    status::counters_add_up,
    census::status_agrees_with_pods,
];

/// Judges every law for every set of a history.
pub fn judge(history: &History) -> Vec<Judgement> {
    let sets = history.promises().flat_map(|promise| {
        let promises: Vec<_> = history.promises_of(&promise.set).collect();
        // The laws walk what concerns their set alone, so that many sets cost no more than one.
        let own = history.only(|entry| concerns(entry, &promises));
        inquire(&own, promise)
    });
    sets.collect()
}

/// Leads all laws through what concerns one set.
fn inquire(history: &History, promise: &Promise) -> Vec<Judgement> {
    let gaps: Vec<_> = history.gaps().map(|(kind, gap)| (kind, gap, history.before(gap, kind))).collect();
    let mut inquiries: Vec<_> = ALWAYS.iter().map(|law| law(promise)).collect();
    for inquiry in &mut inquiries {
        inquiry.begin(&gaps);
    }
    history.walk_promised(promise, |world, promise, entry| {
        for inquiry in &mut inquiries {
            inquiry.look(world, promise, entry);
        }
    });
    inquiries.into_iter().map(Inquiry::end).collect()
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
        Record::Act(_) | Record::Terrain(_) | Record::Barrier => true,
        Record::Object { .. } | Record::Answered(_) | Record::Judged(_) | Record::Checked(_) => false,
    })
}
