//! The promises, one file per chapter. Each reads as a story; all plumbing is in the harness.

use harness::{chaos::Chaos, runner::Scenario, workload::Workload};

mod api;
mod chaos;
mod comparison;
mod diagnosis;
mod disks;
mod disruption;
mod document;
mod garage;
mod identity;
mod network;
mod nodes;
mod ordering;
mod postgres;
mod power;
mod probes;
mod resources;
mod rollout;
mod sabotage;
mod storage;
mod survival;
mod upgrade;

/// Everything there is to run.
pub fn catalogue() -> Vec<Scenario> {
    [
        identity::scenarios(),
        comparison::scenarios(),
        network::scenarios(),
        ordering::scenarios(),
        probes::scenarios(),
        rollout::scenarios(),
        api::scenarios(),
        storage::scenarios(),
        disruption::scenarios(),
        resources::scenarios(),
        diagnosis::scenarios(),
        nodes::scenarios(),
        survival::scenarios(),
        garage::scenarios(),
        postgres::scenarios(),
        power::scenarios(),
        chaos::scenarios(),
        disks::scenarios(),
        document::scenarios(),
        upgrade::scenarios(),
    ]
    .concat()
}

/// Chaos for a store, Garage or PostgreSQL, as somebody asks for it.
pub fn chaos(workload: Workload, chaos: Chaos) -> Scenario {
    chaos::of(workload, chaos)
}

/// The step in which what was written to a replicated store is read back; controls do their sabotage at it.
pub(crate) const READ_BACK: &str = "read everything back, from each pod";

/// Who does not come back has lost everything with it: a server, a store.
pub(crate) fn lost_with(what: &'static str) -> impl Fn(harness::Error) -> harness::Error {
    move |error| {
        let words = format!("acknowledged writes are lost with their {what}: {error}");
        error.reworded(words)
    }
}

/// A set whose pods get no node until their scheduling gate is opened.
pub(crate) fn scheduling_gate() -> serde_json::Value {
    serde_json::json!({"spec": {"template": {"spec": {"schedulingGates": [{"name": "steadfast.dev/held"}]}}}})
}

/// Seconds, as deadlines of scenarios are given.
pub(crate) const fn seconds(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use harness::{report::rig, runner::mistakes};

    #[test]
    fn every_claim_is_proved_and_every_judge_is_seen_to_say_no() {
        let catalogue = super::catalogue();
        assert_eq!(mistakes::of(&catalogue), Vec::<String>::new());
        assert_eq!(mistakes::claims_without_scenario_or_control(&catalogue), Vec::<String>::new());
        assert_eq!(mistakes::workloads_without_control(&catalogue), Vec::<String>::new());
    }

    #[test]
    fn every_change_of_the_rig_meets_scenarios_that_there_are() {
        let catalogue = super::catalogue();
        let names: Vec<String> =
            catalogue.iter().flat_map(|scenario| scenario.plans()).map(|plan| plan.name).collect();
        let unknown = |change: rig::Change| {
            change.on.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>()
        };
        let changes = rig::table().unwrap();
        assert!(!changes.is_empty());
        let unknown: Vec<_> = changes.into_iter().flat_map(unknown).collect();
        assert_eq!(unknown, Vec::<String>::new());
    }
}
