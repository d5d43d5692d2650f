//! An account for people, as a terminal shows it.

use record::{result::Verdict, words};

use super::{
    Account,
    grouped::{grouped, told},
    pauses::{NOTHING_WRITTEN, away},
};
use crate::answer::Answer;

impl Account {
    /// For people: the worst first, what is alike together, the answer last, where a terminal shows it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            text.push_str(&words);
            text.push('\n');
        };
        if let Some(facts) = &self.upgrade {
            line(format!("{}: {} → {}", facts.release, facts.from, facts.to));
            grouped(&facts.findings).iter().for_each(|group| line(format!("\n{}", told(group))));
            let differences = words::count(facts.differences.len(), "field");
            line(format!("\nthe upgrade changes {differences}"));
            for phase in &facts.phases {
                let ending = phase
                    .trouble
                    .as_ref()
                    .map_or_else(String::new, |why| format!(": {}", words::first_line(why)));
                line(format!("{} took {}{ending}", phase.name, words::seconds(phase.to - phase.from)));
                for (who, windows) in facts.windows(phase) {
                    line(format!("  {who}: {}", away(&windows)));
                }
            }
        }
        if self.nothing_written() {
            line(NOTHING_WRITTEN.to_owned());
        }
        for finding in self.found.iter().filter(|finding| !self.foretold(finding)) {
            line(format!("\nseen {}: {}", finding.claim, finding.message));
            finding.quotes.iter().for_each(|quote| line(format!("  {}", quote.text)));
        }
        let proved: Vec<&str> = self.with(Verdict::Proved);
        if !proved.is_empty() {
            line(format!("\nproved: {}", proved.join(" ")));
        }
        if let (Answer::Unknown | Answer::OldNotReady, Some(why)) = (self.answer, &self.trouble) {
            line(format!("\n{why}"));
        }
        if let Some(report) = &self.report {
            line(format!("report: {report}"));
        }
        line(self.last_line());
        text.truncate(text.trim_end().len());
        text
    }
}
