//! What the page must say, and what must never get into it.

use super::*;
use crate::report::fixture::{correcting, facts, report, scenario};

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    write(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

/// The part from `from` to the next `to`.
fn part<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let start = page.find(from).unwrap_or_else(|| panic!("no `{from}` in the page"));
    let rest = &page[start..];
    &rest[..rest.find(to).unwrap_or(rest.len())]
}

#[test]
fn a_refuted_claim_never_shows_as_proved() {
    let good = scenario("a::good").proves("S9");
    let bad = scenario("a::bad").proves("S9").finding("S9", "pod-1 went too early");
    let page = page(&report(vec![good, bad]));
    assert!(part(&page, "<header", "</header>").contains("Refuted: S9"));
    let row = part(&page, "id=\"claim-S9\"", "</tr>");
    assert!(part(row, "<td>", "</td>").contains("refuted") && !part(row, "<td>", "</td>").contains("proved"));
    let cell = part(row, "<a class", "</a>");
    assert!(row.contains("href=\"#s-a-bad\"") && !cell.is_empty(), "{row}");
    let card = part(&page, "id=\"s-a-bad\"", "</details>");
    assert!(
        part(card, "id=", ">").contains("open")
            && card.contains("pod-1 went too early")
            && card.contains("4711")
    );
    assert!(!part(part(&page, "id=\"s-a-good\"", "</details>"), "id=", ">").contains("open"));
}

#[test]
fn a_control_that_stayed_green_makes_the_page_red() {
    let green = scenario("control::c").control("parallel", &["S9"], "x").proves("S9");
    let page = page(&report(vec![scenario("a::b").proves("S9"), green]));
    let header = part(&page, "<header", "</header>");
    assert!(header.contains("class=\"failed\"") && header.contains("Not to be trusted"), "{header}");
    assert!(header.contains("0 of 1 control</strong> turned red"), "{header}");
    let row = part(&page, "id=\"claim-S9\"", "</tr>");
    assert!(row.contains("in doubt") && row.contains("parallel: stayed green"), "{row}");
}

#[test]
fn a_missing_result_and_the_reasons_of_skipped_ones_are_visible() {
    let mut run = facts(&["a::b", "a::gone"]);
    run.skipped.insert("c::skip".into(), "needs two nodes".into());
    let page = page(&Report::new(run, vec![scenario("a::b").proves("S9")]));
    assert!(part(&page, "<header", "</header>").contains("No verdict: an error of Steadfast"));
    assert!(part(&page, "data-outcome=\"missing\"", "</section>").contains("a::gone"));
    assert!(page.contains("needs two nodes"));
}

#[test]
fn nothing_from_outside_becomes_markup_and_nothing_is_fetched() {
    let evil = "<script>alert(1)</script><img src=x onerror=y>\" onmouseover=\"z";
    let mut result = scenario("a::b").finding("S9", evil).ends(Outcome::Failed, evil);
    result.purpose = evil.into();
    result.steps =
        vec![crate::report::result::Step { name: evil.into(), at: 1.0, seconds: 1.0, broke: true }];
    result.lifelines = vec![crate::report::result::Lifeline {
        kind: "pod".into(),
        name: evil.into(),
        uid: evil.into(),
        spans: vec![crate::report::result::Span { state: evil.into(), from: 0.0, to: 12.0 }],
        deleted: false,
    }];
    result.workload = evil.into();
    let page = page(&report(vec![result]));
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && !page.contains("\" onmouseover"));
    for outside in ["http://", "https://", "src=\"", "@import", "url(//"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn an_empty_run_is_not_proved_and_a_run_without_controls_says_so() {
    assert!(part(&page(&report(vec![])), "<header", "</header>").contains("Nothing ran"));
    assert!(page(&report(vec![scenario("a::b").proves("S9")])).contains("No control ran"));
}

#[test]
fn the_controls_show_what_they_did_and_a_claim_without_one_stands_out() {
    let red = scenario("control::S9::parallel").control("parallel", &["S9"], "early").finding("S9", "early");
    let page = page(&report(vec![scenario("a::b").proves("S9").proves("S1"), red]));
    let row = part(&page, "id=\"control-of-S9\"", "</tr>");
    assert!(row.contains("S9 turned red as named by S9 parallel") && !row.contains("no control"), "{row}");
    let bare = part(&page, "id=\"control-of-S1\"", "</tr>");
    assert!(bare.contains("no control turned it red") && !bare.contains("#s-control"), "{bare}");
}

#[test]
fn a_run_of_controls_alone_says_so() {
    let red = scenario("control::S9::parallel").control("parallel", &["S9"], "early").finding("S9", "early");
    let page = page(&report(vec![red]));
    let header = part(&page, "<header", "</header>");
    assert!(header.contains("Passed: only controls ran"), "{header}");
    assert!(header.contains("No claim was up for proof") && !header.contains("of 0"), "{header}");
    let row = part(&page, "id=\"claim-S9\"", "</tr>");
    assert!(row.contains("not asked") && !row.contains("unproved"), "{row}");
}

#[test]
fn what_the_document_gets_wrong_has_a_section_of_its_own() {
    let page = page(&correcting(vec![scenario("a::b").proves("X1")]));
    let section = part(&page, "id=\"corrections\"", "</section>");
    for words in
        ["<q>claims are never deleted</q>", "when the set&#x27;s retention policy", "#s-a-b", "refuted"]
    {
        assert!(section.contains(words), "no {words} in {section}");
    }
    let red = correcting(vec![scenario("a::b").proves("X1").finding("X1", "no")]);
    assert!(!self::page(&red).contains("id=\"corrections\""));
}

#[test]
fn the_time_that_was_not_ours_is_said_of_each_and_of_all() {
    let page = page(&report(vec![scenario("a::b").proves("S9"), scenario("a::c").proves("S9")]));
    assert!(part(&page, "<header", "</header>").contains("24 s, of which Kubernetes needed 18 s"));
    assert!(part(&page, "id=\"s-a-b\"", "</details>").contains("12 s, of which Kubernetes needed 9.0 s"));
}

#[test]
fn what_is_broken_on_purpose_is_marked_and_turns_nothing_red() {
    let mut breaks = scenario("a::b").proves("S9").finding("S8", "went too early");
    breaks.breaks = vec!["S8".into()];
    let page = page(&report(vec![breaks]));
    assert!(part(&page, "<header", "</header>").contains("1 of 1 claim</strong> proved"));
    let card = part(&page, "id=\"s-a-b\"", "</details>");
    assert!(card.contains("broken on purpose") && card.contains("finding wanted"), "{card}");
}

#[test]
fn settings_that_somebody_gave_are_told() {
    assert!(!page(&report(vec![])).contains("<dt>Settings"));
    let mut run = facts(&["a::b"]);
    run.settings = [("nodes".to_owned(), "3".to_owned()), ("profile".to_owned(), "full".to_owned())].into();
    let page = page(&Report::new(run, vec![scenario("a::b").proves("S9")]));
    assert!(part(&page, "<dt>Settings", "</div>").contains("nodes 3, profile full"), "{page}");
}

#[test]
fn feature_gates_stand_beside_the_kubernetes_version() {
    let told = |gates: serde_json::Value| {
        let mut cluster =
            serde_json::json!({"name": "c", "kubernetes": "v1.37.2", "nodes": [], "images": []});
        if !gates.is_null() {
            cluster["feature_gates"] = gates;
        }
        let mut run = facts(&["a::b"]);
        run.cluster = Some(serde_json::from_value(cluster.clone()).unwrap());
        assert_eq!(serde_json::to_value(&run.cluster).unwrap(), cluster);
        let page = page(&Report::new(run, vec![scenario("a::b").proves("S9")]));
        part(&page, "<dt>Kubernetes</dt>", "</div>").to_owned()
    };
    assert!(told(serde_json::Value::Null).contains("<dd>v1.37.2</dd>"));
    let gated = told(serde_json::json!({"StatefulSetRecreateStrategy": true}));
    assert!(gated.contains("<dd>v1.37.2 with StatefulSetRecreateStrategy=true</dd>"), "{gated}");
}
