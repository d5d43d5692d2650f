//! A whole run for tests and for the eye: passes, a refuted claim, controls, trouble, pods that came back.
//! `REPORT_EXAMPLE=/tmp/report-example cargo test -p harness --lib report::example` leaves it there to be looked at.

mod large;

use camino::Utf8PathBuf;

use super::{
    fixture::{Folder, facts, scenario},
    html, junit,
    result::{
        ClusterFacts, ImageFacts, Lifeline, Measure, Outcome, Quote, RunFacts, ScenarioResult, Span, Step,
        Verdict,
    },
    store,
    tally::{Ending, Report},
    write_all,
};

fn image(reference: &str, source: &str, digit: &str) -> ImageFacts {
    ImageFacts {
        reference: reference.into(),
        source: source.into(),
        id: format!("sha256:{}", digit.repeat(64)),
    }
}

fn run(results: &[ScenarioResult]) -> RunFacts {
    let names: Vec<&str> = results.iter().map(|result| result.scenario.as_str()).collect();
    let mut run = facts(&names);
    run.selected.push("storage::kept_after_deletion::dagster-postgresql".into());
    run.skipped.insert(
        "network::spread::airbyte-db".into(),
        "spreading needs two replicas, and airbyte-db has one".into(),
    );
    run.cluster_seconds = Some(48.2);
    run.cluster = cluster();
    run
}

/// The cluster of the example.
pub fn cluster() -> Option<ClusterFacts> {
    Some(ClusterFacts {
        name: "steadfast-r1".into(),
        kubernetes: "v1.34.4".into(),
        feature_gates: Default::default(),
        nodes: ["control-plane", "worker", "worker2"].map(|node| format!("steadfast-r1-{node}")).to_vec(),
        images: vec![
            image("kindest/node:v1.34.4", "build", "4"),
            image("dxflrs/garage:v2.5.0", "build", "a"),
            image("postgres:17", "pull", "7"),
            image("steadfast/sentinel:0.1.0", "build", "e"),
        ],
        terrain: Some(record::fixture::terrain()),
    })
}

fn life(kind: &str, name: &str, uid: &str, spans: &[(&str, f64)], to: f64, deleted: bool) -> Lifeline {
    let ends = spans.iter().skip(1).map(|(_, from)| *from).chain([to]);
    let spans =
        spans.iter().zip(ends).map(|((state, from), to)| Span { state: (*state).into(), from: *from, to });
    Lifeline { kind: kind.into(), name: name.into(), uid: uid.into(), spans: spans.collect(), deleted }
}

/// Three pods up, two down, two up again; the claims stay.
fn lives(set: &str, end: f64, claims: &[&str]) -> Vec<Lifeline> {
    let at = |part: f64| (part * end * 10.0).round() / 10.0;
    let pod = |ordinal: u32| format!("{set}-{ordinal}");
    let up = |from: f64| [("pending", at(from)), ("running", at(from + 0.03)), ("ready", at(from + 0.09))];
    let down = |from: f64, gone: f64| {
        let [pending, running, ready] = up(from);
        ([pending, running, ready, ("terminating", at(gone))], at(gone + 0.09))
    };
    let (two, two_gone) = down(0.21, 0.40);
    let (one, one_gone) = down(0.11, 0.50);
    let mut lives = vec![
        life("pod", &pod(0), "5b1e0c52", &up(0.01), end, false),
        life("pod", &pod(1), "9c0f7d11", &one, one_gone, true),
        life("pod", &pod(2), "e2a47b90", &two, two_gone, true),
        life("pod", &pod(1), "0d93ac4f", &up(0.68), end, false),
        life("pod", &pod(2), "77c1b2e8", &up(0.79), end, false),
    ];
    let told = |states: &[(&'static str, f64)]| -> Vec<(&str, f64)> {
        states.iter().map(|(state, from)| (*state, at(*from))).collect()
    };
    let away = told(&[("answers", 0.31), ("errors", 0.5), ("answers", 0.78)]);
    let through = told(&[("answers", 0.31), ("both", 0.4), ("silent", 0.42), ("answers", 0.47)]);
    lives.push(life("client", &pod(1), "", &away, at(0.97), false));
    lives.push(life("client", &format!("service {set}"), "", &through, at(0.97), false));
    for claim in claims {
        for (ordinal, from) in [0.01, 0.11, 0.21].into_iter().enumerate() {
            let spans = [("pending", at(from)), ("bound", at(from + 0.02))];
            lives.push(life("claim", &format!("{claim}-{set}-{ordinal}"), "c1a1", &spans, end, false));
        }
    }
    lives
}

fn steps(end: f64, steps: &[(&str, f64)], broke: bool) -> Vec<Step> {
    let ends = steps.iter().skip(1).map(|(_, at)| *at).chain([1.0]);
    let last = steps.len() - 1;
    let step = |(index, ((name, at), next)): (usize, (&(&str, f64), f64))| Step {
        name: (*name).into(),
        at: at * end,
        seconds: (next - at) * end,
        broke: broke && index == last,
    };
    steps.iter().zip(ends).enumerate().map(step).collect()
}

fn scaled(name: &str, set: &str, seconds: f64, claims: &[&str]) -> ScenarioResult {
    let mut result = scenario(name);
    result.seconds = seconds;
    result.floor_seconds = seconds * 0.86;
    result.lifelines = lives(set, seconds, claims);
    result.steps = steps(
        seconds,
        &[
            (&format!("deploy {set} with 3 replicas"), 0.005),
            (&format!("hold {set}-2 slow to stop"), 0.33),
            (&format!("scale {set} 3 → 1"), 0.39),
            (&format!("scale {set} 1 → 3"), 0.67),
            ("judge", 0.97),
        ],
        false,
    );
    result.measures = vec![
        Measure { name: "acknowledged writes".into(), value: 4213.0, unit: "writes".into() },
        Measure { name: "longest reaction to an API event".into(), value: 3.42, unit: "ms".into() },
    ];
    result
}

fn results() -> Vec<ScenarioResult> {
    let about = |mut result: ScenarioResult, purpose: &str| {
        result.purpose = purpose.into();
        result
    };
    let names = "Names, hostnames and DNS follow the ordinal, also after a pod was deleted.";
    let down = "Scale-down takes the highest ordinal first, and the next only when it is completely gone.";
    let data =
        "Everything that was acknowledged before, during and after 3 → 1 → 3 is still there, byte for byte.";
    // As the finding has it: garage-1 goes while garage-2 is still there.
    let mut broken = about(scaled("ordering::scale_down::garage", "garage", 71.4, &["data", "meta"]), down)
        .claim("S9", Verdict::Refuted, 212)
        .proves("S17")
        .ends(
            Outcome::Failed,
            "garage-1 began to terminate while garage-2 was still there\n\
            expected: garage-2 gone before line 1874\n\
            found: garage-2 was deleted at line 1931, 4.2 s later",
        );
    broken = broken.finding("S9", "garage-1 began to terminate while garage-2 was still there");
    broken.findings[0].quotes = [
        (1868, "pod garage-2 MODIFIED rv=48211 deletionTimestamp=19:05:27Z phase=Running ready=false"),
        (1874, "pod garage-1 MODIFIED rv=48219 deletionTimestamp=19:05:28Z phase=Running ready=true"),
        (1931, "pod garage-2 DELETED  rv=48302"),
    ]
    .map(|(line, text)| Quote { line, text: text.into() })
    .to_vec();
    if let Some(step) = broken.steps.last_mut() {
        step.broke = true;
    }
    if let Some(span) = broken.lifelines[1].spans.get_mut(2) {
        span.to = 30.2;
    }
    if let Some(span) = broken.lifelines[1].spans.get_mut(3) {
        span.from = 30.2;
    }
    let mut pulled = about(
        scenario("databases::serves_sql::airbyte-db"),
        "A single PostgreSQL answers through both its names.",
    )
    .claim("S12", Verdict::Unproved, 0)
    .ends(
        Outcome::Environment,
        "airbyte-db-0 can't start: ErrImageNeverPull for postgres:17 on steadfast-r1-worker2\n\
            the image is not on that node; run `steadfast up` again, or free disk space: 0.4 GB are left",
    );
    pulled.seconds = 31.0;
    let mut green = about(
        scaled("control::S17::when_scaled_delete", "sentinel", 19.3, &["data"]),
        "With whenScaled: Delete the claims go, and S17 must notice.",
    )
    .control("when_scaled_delete", &["S17"], "was deleted after scale-down")
    .proves("S17");
    green.outcome = Outcome::Passed;
    vec![
        about(scaled("identity::names::sentinel", "sentinel", 14.2, &["data"]), names)
            .proves("S1")
            .proves("S2")
            .proves("S3")
            .proves("S4"),
        about(scaled("identity::names::garage", "garage", 52.8, &["data", "meta"]), names)
            .proves("S1")
            .proves("S2")
            .proves("S3")
            .proves("S4"),
        about(
            scaled("identity::again::sentinel", "sentinel", 9.1, &["data"]),
            "A deleted pod comes back under its name.",
        )
        .proves("S1")
        .proves("S2")
        .proves("S7"),
        about(scaled("ordering::scale_down::sentinel", "sentinel", 16.7, &["data"]), down)
            .proves("S9")
            .proves("S17"),
        broken,
        about(scaled("storage::survives_scaling::garage", "garage", 88.0, &["data", "meta"]), data)
            .proves("S7")
            .proves("S23")
            .proves("S13"),
        about(
            scaled("storage::survives_scaling::dagster-postgresql", "dagster-postgresql", 63.5, &["data"]),
            data,
        )
        .proves("S7")
        .proves("S23")
        .proves("S12"),
        pulled,
        about(
            scaled("control::S9::parallel", "sentinel", 12.9, &["data"]),
            "With podManagementPolicy: Parallel all pods go at once.",
        )
        .control("parallel", &["S9"], "began to terminate while")
        .claim("S9", Verdict::Refuted, 40)
        .finding("S9", "sentinel-1 began to terminate while sentinel-2 was still there"),
        green,
    ]
}

/// Where the pages go, for the eye or for the test alone.
fn place(folder: &Folder) -> Utf8PathBuf {
    std::env::var("REPORT_EXAMPLE").map_or_else(|_| folder.path.clone(), Utf8PathBuf::from)
}

#[test]
fn each_table_of_a_large_run_stands_in_a_box_that_scrolls() {
    let mut page = Vec::new();
    html::write(&mut page, &large::report()).unwrap();
    store::write_whole(&place(&Folder::new("report-large")).join("large.html"), &page).unwrap();
    let page = String::from_utf8(page).unwrap();
    let mut parts = page.split("<table");
    let mut before = parts.next().unwrap();
    let mut tables = 0;
    for part in parts {
        let tail = before.trim_end().rsplit_once('\n').map_or(before, |(_, tail)| tail);
        assert!(
            tail.contains("class=\"scroll"),
            "a table outside of a box that scrolls: {tail}<table{}",
            &part[..60]
        );
        (before, tables) = (part, tables + 1);
    }
    assert!(tables > 60, "{tables} tables");
}

#[test]
fn a_whole_run_is_rendered_from_its_directory() {
    let folder = Folder::new("report-example");
    let dir = place(&folder);
    let _ = std::fs::remove_dir_all(dir.join("results"));
    let results = results();
    store::save_run(&dir, &run(&results)).unwrap();
    for result in &results {
        store::save_result(&dir, result).unwrap();
    }
    let report = write_all(&dir).unwrap();
    assert_eq!(report.ending(), Ending::Failed);
    let page = std::fs::read_to_string(dir.join("report.html")).unwrap();
    for result in &results {
        assert!(page.contains(&format!(">{}<", result.scenario)), "{}", result.scenario);
    }
    assert!(page.contains("Refuted: S9"));
    assert!(std::fs::read_to_string(dir.join("junit.xml")).unwrap().contains("ErrImageNeverPull"));

    let mut good: Vec<_> = results.into_iter().filter(|result| result.ended() == Outcome::Passed).collect();
    good.retain(|result| result.workload != "airbyte-db");
    let mut run = run(&good);
    run.selected.retain(|name| good.iter().any(|result| result.scenario == *name));
    let report = Report::new(run, good);
    let (mut page, mut xml) = (Vec::new(), Vec::new());
    html::write(&mut page, &report).unwrap();
    junit::write(&mut xml, &report).unwrap();
    assert_eq!(report.ending(), Ending::Proved);
    store::write_whole(&dir.join("proved.html"), &page).unwrap();
    let mut text = Vec::new();
    super::console::write(&mut text, &write_all(&dir).unwrap(), &dir, false).unwrap();
    store::write_whole(&dir.join("console.txt"), &text).unwrap();
}
