//! The README's tables say what the code says.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers do")]

use harness::{claim, settings};

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap()
}

#[test]
fn every_setting_is_in_the_table() {
    let readme = readme();
    for setting in settings::table() {
        let row = format!("| `{}` | {} | {} |", setting.key, setting.default, setting.meaning);
        assert!(readme.contains(&row), "the README lacks this row:\n{row}");
    }
}

#[test]
fn every_claim_is_in_the_table() {
    let readme = readme();
    for claim in claim::ALL {
        let statement = claim.statement.replace('<', "&lt;");
        let row = format!("| {} | {} | {statement} |", claim.id, claim.source);
        assert!(readme.contains(&row), "the README lacks this row:\n{row}");
    }
}
