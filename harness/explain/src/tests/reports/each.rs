//! Each report is answered.

use super::{Report, advised, diagnose, given, placing, refused, running, starting, storage};

fn reports() -> Vec<Report> {
    [
        advised::reports(),
        starting::reports(),
        running::reports(),
        storage::reports(),
        placing::reports(),
        refused::reports(),
        given::reports(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The causes that the reports have.
pub fn causes() -> Vec<&'static str> {
    reports().into_iter().filter_map(|report| Some(report.cause?.0)).collect()
}

#[test]
fn each_report_is_answered_with_its_cause_and_advice() {
    let reports = reports();
    let wrong = reports.iter().filter_map(|report| {
        let diagnosis = diagnose(&report.world.picture());
        Some(format!("{}: {}\n{diagnosis}\n", report.from, report.wrong(&diagnosis)?))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), reports.len(), wrong.join("\n"));
}
