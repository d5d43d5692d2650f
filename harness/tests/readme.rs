//! The tables of README.md and of suites/claims.md say what the code says.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers do")]

use std::collections::BTreeMap;

use harness::{claim, settings};

fn page(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_setting_is_in_the_table() {
    let readme = page("README.md");
    for setting in settings::table() {
        let row = format!("| `{}` | {} | {} |", setting.key, setting.default, setting.meaning);
        assert!(readme.contains(&row), "the README lacks this row:\n{row}");
    }
}

#[test]
fn every_claim_is_in_the_table() {
    let claims = page("suites/claims.md");
    for claim in claim::ALL {
        let statement = claim.statement.replace('<', "&lt;");
        let row = format!("| {} | {} | {statement} |", claim.id, claim.source);
        assert!(claims.contains(&row), "suites/claims.md lacks this row:\n{row}");
    }
}

/// The codes that lines such as `pub const NO_ENGINE: u8 = 10;` and `EXIT_NO_ENGINE=10` name.
fn codes(text: &str, before: &str, between: &str) -> BTreeMap<String, u8> {
    let code = |line: &str| {
        let (name, code) = line.trim().strip_prefix(before)?.split_once(between)?;
        let digits = code.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(code.len());
        Some((name.to_owned(), code[..digits].parse().ok()?))
    };
    text.lines().filter_map(code).collect()
}

/// The codes that the README's table has a row for: `| 4 |`, `| 30 to 33 |`.
fn rows(readme: &str) -> Vec<u8> {
    let (_, table) = readme.split_once("### Exit codes").unwrap();
    let row = |line: &str| {
        let cell = line.strip_prefix("| ")?.split(" |").next()?;
        let (first, last) = cell.split_once(" to ").unwrap_or((cell, cell));
        Some(first.parse().ok()?..=last.parse::<u8>().ok()?)
    };
    let table = table.lines().skip_while(|line| !line.starts_with('|'));
    table.take_while(|line| line.starts_with('|')).filter_map(row).flatten().collect()
}

#[test]
fn every_exit_code_is_in_the_table_and_the_same_in_rust_and_in_the_scripts() {
    let rows = rows(&page("README.md"));
    let ours = codes(&page("harness/external/src/error.rs"), "pub const ", ": u8 = ");
    let scripts = codes(&page("scripts/lib.sh"), "EXIT_", "=");
    assert_eq!((ours.get("NO_ENGINE"), scripts.get("NO_ENGINE")), (Some(&10), Some(&10)));
    for (name, code) in ours.iter().chain(&scripts) {
        assert!(rows.contains(code), "the README has no row for {code}, {name}");
        // A script may have one of its own.
        assert_eq!(ours.get(name).unwrap_or(code), code, "{name}");
        let same = ours.iter().chain(&scripts).filter(|(_, other)| *other == code);
        assert!(
            same.clone().all(|(other, _)| other == name),
            "{:?} are all {code}",
            same.collect::<Vec<_>>()
        );
    }
    // Those of a run's end, and of who was called wrongly, are no constants.
    let general = [0, 1, 101, 2, 3, 130];
    for row in rows.iter().filter(|row| !general.contains(row)) {
        assert!(ours.values().chain(scripts.values()).any(|code| code == row), "nothing ends with {row}");
    }
}
