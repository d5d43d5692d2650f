//! What judging costs: histories of ten thousand, a hundred thousand and a million events, judged by all laws.
//! Needs no Docker: `cargo bench -p record --bench laws`
#![expect(clippy::unwrap_used, reason = "a benchmark ends where its input does")]

use std::{io::Write, sync::Arc, time::Instant};

use anyhow::Result;
use jiff::Timestamp;
use record::{
    journal::{Change, Entry, History, Kind, Promise, Record, Reducer},
    law,
};
use serde_json::{Value, json};

/// The small sets beside the large one.
const SMALL: [&str; 3] = ["db", "db-two", "web"];
const SMALL_REPLICAS: u32 = 5;

fn main() -> Result<()> {
    for events in [10_000, 100_000, 1_000_000] {
        measure(events)?;
    }
    Ok(())
}

fn measure(events: usize) -> Result<()> {
    // A pod's life is some ten events, so that a set of ten thousand fills a hundred thousand.
    let large = u32::try_from(events / 50)?.min(10_000);
    let history = history(large, events);
    let (held, count) = (memory("VmRSS")?, history.entries().len());
    let (started, before) = (Instant::now(), processor()?);
    let judgements = law::judge(&history);
    let (took, worked) = (started.elapsed().as_secs_f64(), processor()? - before);
    let examined: u64 = judgements.iter().map(|judgement| judgement.examined).sum();
    let findings: usize = judgements.iter().map(|judgement| judgement.findings.len()).sum();
    writeln!(
        std::io::stdout(),
        "{count} events of sets of {large} and {} x {SMALL_REPLICAS}: {took:.2} s, {worked:.2} s of a processor, {examined} examined, {findings} found; the history holds {held} MB, the peak is {} MB",
        SMALL.len(),
        memory("VmHWM")?
    )?;
    Ok(())
}

/// The seconds that a processor worked for this thread: on a busy machine, less than what a clock shows.
fn processor() -> Result<f64> {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = figures.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

/// A figure of this process in MB, as Linux tells it.
fn memory(figure: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap_or_default();
    let kilobytes: String = line.chars().filter(char::is_ascii_digit).collect();
    Ok(kilobytes.parse::<u64>()? / 1024)
}

/// Sets that come up and roll in turn, until there are so many events.
fn history(large: u32, events: usize) -> History {
    let mut story = Story { entries: Vec::with_capacity(events), reducer: Reducer::default(), revision: 0 };
    let mut sets: Vec<_> = SMALL.map(|name| (name, SMALL_REPLICAS)).to_vec();
    sets.push(("large", large));
    for (name, _) in &sets {
        story.record(Record::Promise(Box::new(promise(name))));
    }
    for generation in 1.. {
        for (name, replicas) in &sets {
            for step in 0..*replicas {
                let ordinal = if generation == 1 { step } else { replicas - 1 - step };
                story.life(name, ordinal, generation, *replicas);
                if story.entries.len() >= events {
                    return History::new(story.entries);
                }
            }
        }
    }
    History::new(story.entries)
}

fn promise(set: &str) -> Promise {
    Promise::of(&json!({"metadata": {"name": set}, "spec": {"volumeClaimTemplates":
        [{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}]}}))
}

struct Story {
    entries: Vec<Arc<Entry>>,
    reducer: Reducer,
    revision: u64,
}

impl Story {
    fn record(&mut self, record: Record) {
        let line = self.entries.len() as u64 + 1;
        let at = Timestamp::from_millisecond(i64::try_from(line).unwrap_or(0)).unwrap();
        self.entries.push(Arc::new(Entry { line, at, record }));
    }

    /// Through the same door as a recorded object, so that it takes the memory that one takes.
    fn object(&mut self, change: Change, kind: Kind, mut object: Value) {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let fact = self.reducer.reduce(kind, &object).unwrap();
        self.record(Record::Object { change, revision: self.revision, fact });
    }

    /// A pod's old object goes, if there is one, and its new one comes and is ready.
    fn life(&mut self, set: &str, ordinal: u32, generation: u32, replicas: u32) {
        let ready = if generation == 1 { ordinal } else { replicas - 1 };
        let updated = if generation == 1 { ordinal } else { replicas - 1 - ordinal };
        if generation > 1 {
            if updated == 0 {
                // The controller has seen the new template.
                self.status(set, generation, replicas, [replicas, replicas, 0]);
            }
            for (change, state) in [
                (Change::Modified, "terminating"),
                (Change::Modified, "stopped"),
                (Change::Deleted, "stopped"),
            ] {
                self.object(change, Kind::Pod, pod(set, ordinal, generation - 1, state));
            }
            self.status(set, generation, replicas, [ready, replicas - 1, updated]);
        } else {
            let name = format!("data-{set}-{ordinal}");
            let claim = json!({"metadata": {"name": name, "uid": format!("uid-{name}")},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                    "volumeName": format!("pvc-{name}")}, "status": {"phase": "Bound"}});
            self.object(Change::Added, Kind::PersistentVolumeClaim, claim);
        }
        self.object(Change::Added, Kind::Pod, pod(set, ordinal, generation, "pending"));
        self.status(set, generation, replicas, [ready, ready + 1, updated + 1]);
        for state in ["pending", "running", "ready"] {
            self.object(Change::Modified, Kind::Pod, pod(set, ordinal, generation, state));
        }
        self.status(set, generation, replicas, [ready + 1, ready + 1, updated + 1]);
    }

    fn status(&mut self, set: &str, generation: u32, replicas: u32, counts: [u32; 3]) {
        let [ready, current, updated] = counts;
        let object = json!({"metadata": {"name": set, "uid": format!("uid-{set}"), "generation": generation},
            "spec": {"replicas": replicas, "selector": {}, "serviceName": set, "template": {},
                "podManagementPolicy": "OrderedReady"},
            "status": {"observedGeneration": generation, "replicas": current, "readyReplicas": ready,
                "availableReplicas": ready, "currentReplicas": current - updated, "updatedReplicas": updated,
                "currentRevision": format!("{set}-{}", generation - 1),
                "updateRevision": format!("{set}-{generation}")}});
        self.object(Change::Modified, Kind::StatefulSet, object);
    }
}

fn pod(set: &str, ordinal: u32, generation: u32, state: &str) -> Value {
    let name = format!("{set}-{ordinal}");
    let mut pod = json!({
        "metadata": {"name": name, "uid": format!("00000000-0000-4000-8000-{generation:04}{ordinal:08}"),
            "labels": {"app": set, "statefulset.kubernetes.io/pod-name": name,
                "apps.kubernetes.io/pod-index": ordinal.to_string(),
                "controller-revision-hash": format!("{set}-{generation}")},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": set,
                "uid": format!("uid-{set}"), "controller": true}]},
        "spec": {"containers": [], "nodeName": "worker",
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": format!("data-{name}")}}]},
        "status": {"phase": if state == "pending" { "Pending" } else { "Running" }, "podIP": "10.244.1.7",
            "conditions": [{"type": "Ready", "status": if state == "ready" { "True" } else { "False" }}]}});
    let container = match state {
        "pending" => json!({"waiting": {"reason": "ContainerCreating"}}),
        "stopped" => json!({"terminated": {"reason": "Completed", "exitCode": 0}}),
        _ => json!({"running": {}}),
    };
    pod["status"]["containerStatuses"] = json!([{"name": "main", "image": "", "imageID": "",
        "ready": state == "ready", "restartCount": 0, "state": container}]);
    if matches!(state, "terminating" | "stopped") {
        pod["metadata"]["deletionTimestamp"] = json!("2026-11-22T10:00:00Z");
    }
    pod
}
