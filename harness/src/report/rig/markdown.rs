//! The rows as Markdown: `suites/broken-clusters.md`.

use super::{Row, State, Summary};
use crate::report::words;

/// How much of a finding is quoted.
const WIDTH: usize = 220;

/// The whole page.
pub fn render(rows: &[Row], on: &str) -> String {
    let mut text = format!(
        "# Broken clusters\n\n\
         What the suites say of a cluster that is broken for real. The controls of the catalogue break a manifest or act beside the\n\
         scenario; here Kubernetes' own programs are wrong, in ways that the scenarios were not told. `scripts/broken-clusters` compiles\n\
         them with the changes of `scripts/rig`, puts one on at a time in a kind cluster of ours, runs the scenarios that claim the thing,\n\
         takes it off, and writes this page; it is not written by hand.\n\n\
         {on}: {}.\n",
        Summary::of(rows).text(),
    );
    let ran = || rows.iter().filter(|row| row.state() != State::Missing);
    let left: Vec<&Row> = ran().filter(|row| !matches!(row.state(), State::Killed | State::Green)).collect();
    if !left.is_empty() {
        text.push_str(
            "\n## Not as it should be\n\n| what was changed | where | became | why |\n|---|---|---|---|\n",
        );
        for row in left {
            let why = row.reason().map(str::to_owned).unwrap_or_else(|| findings(row));
            let cells = [&row.change.what, &row.change.program, row.state().text(), &why].map(cell);
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    let mut programs: Vec<&str> = ran().map(|row| row.change.program.as_str()).collect();
    programs.dedup();
    for program in programs {
        let of = || ran().filter(|row| row.change.program == program);
        if of().any(|row| row.change.is_fault()) {
            text.push_str(&format!(
                "\n## {program}\n\n| what was broken | claim | what was said | after |\n|---|---|---|---|\n"
            ));
        }
        for row in of().filter(|row| row.change.is_fault()) {
            text.push_str(&format!("{}\n", line(row)));
        }
    }
    let others: Vec<&Row> = ran().filter(|row| !row.change.is_fault()).collect();
    if !others.is_empty() {
        text.push_str("\n## What breaks no promise\n\n| what was changed | where | became | note |\n|---|---|---|---|\n");
        for row in others {
            let note = match row.state() {
                State::FalselyRed => findings(row),
                _ => row.reason().unwrap_or_default().to_owned(),
            };
            let cells = [&row.change.what, &row.change.program, row.state().text(), &note].map(cell);
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    text
}

fn line(row: &Row) -> String {
    let red = row.red();
    let Some(first) = red.first() else {
        let cells = [&row.change.what, "", row.state().text(), ""].map(cell);
        return format!("| {} |", cells.join(" | "));
    };
    let mut said = cell(&words::shorten(&first.words, WIDTH));
    if red.len() > 1 {
        let others: Vec<&str> = red[1..].iter().map(|one| one.claim.as_str()).collect();
        said.push_str(&format!(" (also red: {})", others.join(", ")));
    }
    let after = words::seconds(first.seconds);
    format!("| {} | **{}** | {said} | {after} |", cell(&row.change.what), first.claim)
}

/// What was said, with the claims.
pub(super) fn findings(row: &Row) -> String {
    let said =
        row.red().into_iter().map(|one| format!("{}: {}", one.claim, words::shorten(&one.words, WIDTH)));
    said.collect::<Vec<_>>().join("; ")
}

/// Nothing that a cluster says becomes a cell or markup.
fn cell(text: &str) -> String {
    text.replace(['\n', '|'], " ").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rig::{Change, Expected, Seen, row::Red};

    #[test]
    fn the_page_tells_what_killed_each_fault_and_what_did_not() {
        let change = |what: &str, expected| Change {
            name: what.into(),
            program: "kubelet".into(),
            what: what.into(),
            on: vec!["a::b".into()],
            expected,
            gates: String::new(),
            sample: false,
        };
        let fault =
            |what: &str| change(what, Expected::Red { claim: "K18".into(), survives: Some("it may".into()) });
        let red = |claim: &str, words: &str| Red {
            claim: claim.into(),
            words: words.into(),
            scenario: "a::b".into(),
            seconds: 12.0,
        };
        let seen = Seen::Red(vec![red("S1", "also"), red("K18", "killed | <late>")]);
        let rows = [
            Row { change: fault("kills late"), seen },
            Row { change: fault("survives"), seen: Seen::Green },
            Row { change: change("is slow", Expected::Neutral), seen: Seen::Red(vec![red("S1", "no")]) },
            Row { change: fault("is not run"), seen: Seen::Missing },
        ];
        let text = render(&rows, "2026-11-29, Kubernetes 1.34.4");
        for line in [
            "2026-11-29, Kubernetes 1.34.4: 1 of 2 faults killed by the claim named (50 %; the aim is 95 %), 0 of 1 other change green; 1 not run.",
            "| kills late | **K18** | killed   &lt;late> (also red: S1) | 12 s |",
            "| survives | kubelet | survived | it may |",
            "| is slow | kubelet | red, and should not be | S1: no |",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line:?} in\n{text}");
        }
        assert!(!text.contains("is not run"), "{text}");
    }
}
