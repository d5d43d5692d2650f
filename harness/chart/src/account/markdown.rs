//! An account for a pull request.

use record::{result::Verdict, upgrade::Forecast, words};

use super::{
    Account,
    grouped::grouped,
    pauses::{NOTHING_WRITTEN, away},
};

/// How many differences a pull request shows.
const DIFFERENCES: usize = 40;

impl Account {
    /// For a pull request.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            text.push_str(&words);
            text.push('\n');
        };
        line(format!("### {}", self.last_line()));
        if let Some(facts) = &self.upgrade {
            line(format!("\n`{}`: {} → {}\n", facts.release, facts.from, facts.to));
            if !facts.findings.is_empty() {
                line("| | claim | object | what would happen | where | what to do |\n|---|---|---|---|---|---|".to_owned());
                let cell = |words: &str| words.replace('|', "\\|").replace('\n', "<br>");
                for group in grouped(&facts.findings) {
                    let Some(first) = group.first() else { continue };
                    let each = |of: &dyn Fn(&Forecast) -> String| {
                        group.iter().map(|one| of(one)).collect::<Vec<_>>().join("<br>")
                    };
                    line(format!(
                        "| {} | {} | {} | {} | {} | {} |",
                        first.severity.text(),
                        first.claim,
                        each(&|one| cell(&one.object)),
                        each(&|one| cell(&one.message)),
                        each(&|one| one
                            .place
                            .as_deref()
                            .map_or(String::new(), |place| format!("`{}`", cell(place)))),
                        cell(&first.remedy)
                    ));
                }
            }
            if !facts.phases.is_empty() {
                line("\n| phase | took | without an acknowledged write |\n|---|---|---|".to_owned());
                for phase in &facts.phases {
                    let windows = facts.windows(phase);
                    let away: Vec<_> =
                        windows.iter().map(|(who, windows)| format!("{who}: {}", away(windows))).collect();
                    line(format!(
                        "| {} | {} | {} |",
                        phase.name,
                        words::seconds(phase.to - phase.from),
                        away.join("<br>")
                    ));
                }
            }
        }
        if self.nothing_written() {
            line(format!("\n{NOTHING_WRITTEN}"));
        }
        let seen: Vec<_> = self.found.iter().filter(|finding| !self.foretold(finding)).collect();
        if !seen.is_empty() {
            line("\nSeen when it was tried:\n".to_owned());
            seen.iter().for_each(|finding| {
                line(format!("- {}: {}", finding.claim, words::first_line(&finding.message)));
            });
        }
        let proved = self.with(Verdict::Proved);
        if !proved.is_empty() {
            line(format!("\nProved: {}", proved.join(" ")));
        }
        if let Some(facts) = self.upgrade.as_ref().filter(|facts| !facts.differences.is_empty()) {
            line(format!(
                "\n<details><summary>{} change</summary>\n\n```diff",
                words::count(facts.differences.len(), "field")
            ));
            for change in facts.differences.iter().take(DIFFERENCES) {
                line(format!("  {} {}", change.object(), change.field));
                let side = |sign: char, value: &str| {
                    value.lines().map(|part| format!("{sign} {part}\n")).collect::<String>()
                };
                if let Some(old) = change.old_text() {
                    line(side('-', &old).trim_end().to_owned());
                }
                if let Some(new) = change.new_text() {
                    line(side('+', &new).trim_end().to_owned());
                }
            }
            if facts.differences.len() > DIFFERENCES {
                line(format!("  and {} more", facts.differences.len() - DIFFERENCES));
            }
            line("```\n</details>".to_owned());
        }
        text.truncate(text.trim_end().len());
        text
    }
}
