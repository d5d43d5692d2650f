//! What the clients of a scenario saw, for its result: findings, figures, and lanes beside the lives of pods.

mod lanes;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use history::{
    Operation, Operations,
    availability::{Availability, Recovery, WAY_IN},
    check::{Anomaly, Fault, Judgement, Kind, overlap},
};
use jiff::Timestamp;

use crate::{
    error::Result,
    journal::{Checked, History, Record},
    law::Obstacle,
    result::{Finding, Lifeline, Measure, Quote},
};

/// How many anomalies a finding quotes.
const QUOTES: usize = 5;

/// The findings of a checker: one for each kind of anomaly, and one for each thing that could not be judged.
pub fn findings(checked: &Checked, operations: &Operations, judgement: &Judgement) -> Vec<Finding> {
    let Checked { claim, store, fault, .. } = checked;
    let of_kind = |kind: Kind| {
        let anomalies: Vec<&Anomaly> = judgement.anomalies.iter().filter(|one| one.kind == kind).collect();
        let told = || format!("{store}: {}", kind.sentence(anomalies.len(), judgement.of()));
        (!anomalies.is_empty()).then(|| Finding {
            quotes: quotes(&checked.history, &anomalies),
            ..Finding::against(claim, told())
        })
    };
    let mut findings: Vec<Finding> = Kind::ALL.into_iter().filter_map(of_kind).collect();
    let unjudged = judgement.unjudged.iter();
    findings
        .extend(unjudged.map(|why| Finding::not_judged(claim, Obstacle::Prober, format!("{store}: {why}"))));
    let apart = fault.as_ref().and_then(|fault| overlap(&operations.all, fault).err());
    findings.extend(apart.map(|why| Finding::not_judged(claim, Obstacle::Load, format!("{store}: {why}"))));
    findings
}

fn quotes(history: &str, anomalies: &[&Anomaly]) -> Vec<Quote> {
    let quote = |text: String| Quote { line: 0, text };
    let told = |one: &&Anomaly| {
        let lines: Vec<String> = one.lines.iter().take(QUOTES).map(u64::to_string).collect();
        quote(format!("{} ({history}, line {})", one.text, lines.join(", ")))
    };
    let mut quotes: Vec<_> = anomalies.iter().take(QUOTES).map(told).collect();
    if anomalies.len() > QUOTES {
        quotes.push(quote(format!("and {} more", anomalies.len() - QUOTES)));
    }
    quotes
}

/// How each endpoint answered, and how soon after a fault.
pub fn measures(operations: &Operations, fault: Option<&Fault>) -> Vec<Measure> {
    let mut measures = Vec::new();
    let endpoints = by_endpoint(operations);
    let way = endpoints.get(WAY_IN).map(|all| Availability::of(all.iter().copied(), span(all)));
    for (endpoint, all) in &endpoints {
        let mut availability = Availability::of(all.iter().copied(), span(all));
        if let Some(way) = way.as_ref().filter(|_| *endpoint != WAY_IN) {
            availability = availability.without(way);
        }
        let mut add = |name: &str, value: f64, unit: &str| {
            measures.push(Measure { name: format!("{endpoint}: {name}"), value, unit: unit.to_owned() });
        };
        add("good answers", availability.good as f64, "answers");
        for (cause, count) in &availability.causes {
            add(&format!("errors, {cause}"), *count as f64, "answers");
        }
        add("longest time without a good answer", availability.longest(), "s");
        let Some(fault) = fault else { continue };
        let recovery = Recovery::from(all.iter().copied(), fault);
        if let Some(seconds) = recovery.first_error {
            add(&format!("first error after {} began", fault.name), seconds, "s");
        }
        if let Some(seconds) = recovery.first_write {
            add(&format!("first good write after {} ended", fault.name), seconds, "s");
        }
    }
    measures
}

/// A lane for each endpoint that a journal's histories speak of, in seconds after `started`.
///
/// # Errors
/// When a history can't be read.
pub fn lanes(history: &History, folder: &Utf8Path, started: Timestamp) -> Result<Vec<Lifeline>> {
    let files: BTreeSet<&str> = history
        .entries()
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::Checked(checked) => Some(checked.history.as_str()),
            _ => None,
        })
        .collect();
    let mut all = Vec::new();
    for file in files {
        all.extend(lanes::of(&Operations::read(&folder.join(file))?, started));
    }
    Ok(all)
}

fn by_endpoint(operations: &Operations) -> BTreeMap<&str, Vec<&Operation>> {
    let mut endpoints: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for one in &operations.all {
        endpoints.entry(&one.endpoint).or_default().push(one);
    }
    endpoints
}

/// From the first operation to the last.
fn span(all: &[&Operation]) -> (Timestamp, Timestamp) {
    let begin = all.iter().map(|one| one.invoked).min().unwrap_or(Timestamp::MIN);
    let end = all.iter().map(|one| one.ended.unwrap_or(one.invoked)).max().unwrap_or(begin);
    (begin, end)
}
