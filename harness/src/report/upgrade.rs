//! An upgrade in the report: a table of what the preflight says, one of what changes, and lanes in the picture.

use chart::{Severity, account::away, answer::Answer};
use minijinja::{Value, context};
use record::upgrade::Facts;

use super::{
    result::{Lifeline, ScenarioResult, Span},
    words,
};

/// The kind of the lanes that show when a pod took writes.
pub const WRITER: &str = "writer";

/// The section, for the template.
pub fn section(result: &ScenarioResult) -> Option<Value> {
    let facts = result.upgrade.as_ref()?;
    let findings = facts.findings.iter().map(|finding| {
        let word = if finding.severity >= Severity::Break { "refuted" } else { "unproved" };
        context! { word, severity => finding.severity.text(), claim => &finding.claim, object => &finding.object,
        message => words::plain(&finding.message), place => &finding.place, remedy => &finding.remedy }
    });
    let phases = facts.phases.iter().map(|phase| {
        let windows = facts.windows(phase);
        let away: Vec<String> = windows.iter().map(|(who, windows)| format!("{who}: {}", away(windows))).collect();
        context! { name => &phase.name, took => words::seconds(phase.to - phase.from), away, trouble => &phase.trouble }
    });
    let differences = facts.differences.iter().map(|change| {
        context! { object => change.object(), field => &change.field, old => change.old_text(), new => change.new_text() }
    });
    Some(context! {
        answer => Answer::of(Some(facts), result).text(), release => &facts.release, from => &facts.from, to => &facts.to,
        findings => findings.collect::<Vec<_>>(), phases => phases.collect::<Vec<_>>(),
        differences => differences.collect::<Vec<_>>(),
    })
}

/// When each pod took writes and when it did not, as lives of the picture.
pub fn writers(facts: &Facts) -> Vec<Lifeline> {
    let mut lives: Vec<Lifeline> = Vec::new();
    for phase in &facts.phases {
        for (who, windows) in facts.windows(phase) {
            let (mut spans, mut at) = (Vec::new(), phase.from);
            let mut span = |state: &str, from: f64, to: f64| {
                if to > from {
                    spans.push(Span { state: state.to_owned(), from, to });
                }
            };
            for window in &windows {
                span("writes", at, window.from);
                span("silent", window.from, window.to);
                at = window.to;
            }
            span("writes", at, phase.to);
            lives.push(Lifeline {
                kind: WRITER.to_owned(),
                name: who.to_owned(),
                uid: String::new(),
                spans,
                deleted: false,
            });
        }
    }
    lives
}

#[cfg(test)]
mod tests {
    use record::upgrade::{Availability, Phase, Way, Window};

    use super::*;

    #[test]
    fn a_lane_shows_each_window_and_nothing_outside_the_phases() {
        let facts = Facts {
            release: "r".into(),
            way: Way::Helm4,
            from: "a 1".into(),
            to: "a 2".into(),
            findings: Vec::new(),
            differences: Vec::new(),
            phases: vec![Phase { name: "upgrade".into(), from: 10.0, to: 20.0, trouble: None }],
            availability: vec![Availability {
                store: "a".into(),
                pod: Some("a-0".into()),
                windows: vec![Window { from: 12.0, to: 15.0 }, Window { from: 30.0, to: 31.0 }],
            }],
            old_not_ready: None,
        };
        let lives = writers(&facts);
        let spans: Vec<_> =
            lives[0].spans.iter().map(|span| (span.state.as_str(), span.from, span.to)).collect();
        assert_eq!(spans, [("writes", 10.0, 12.0), ("silent", 12.0, 15.0), ("writes", 15.0, 20.0)]);
    }
}
