//! The tables of README.md and of suites/claims.md say what the code says.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers do")]

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
