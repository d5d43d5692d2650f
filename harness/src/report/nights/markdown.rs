//! A night as Markdown: for a terminal, a chat or a CI summary.

use super::{
    compare::{Change, Comparison, SECONDS, SHARE},
    night::Ran,
};
use crate::report::words;

/// The whole page.
pub fn render(comparison: &Comparison<'_>) -> String {
    let columns = &comparison.night.columns;
    let mut text = format!("# Steadfast, night {}\n\n{}\n", comparison.night.name, verdict(comparison));
    list(&mut text, "What is red", &comparison.red());
    let told = comparison.changes();
    if told.is_empty() {
        text.push_str(&format!("\n## What changed\n\n{}\n", nothing_changed(comparison)));
    } else {
        list(&mut text, "What changed", &told);
    }
    list(&mut text, "What could not be judged", &comparison.unjudged());
    text.push_str("\n## Claims\n\n| claim |");
    columns.iter().for_each(|column| text.push_str(&format!(" {} |", column.name)));
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(columns.len())));
    for id in &comparison.ids {
        let cells = comparison.row(id).into_iter().zip(columns).map(|(change, column)| match &column.ran {
            Ran::Nothing(_) => "✗ no result".to_owned(),
            Ran::Judged(_) => change.map_or_else(|| "·".to_owned(), cell),
        });
        text.push_str(&format!("| {id} | {} |\n", cells.collect::<Vec<_>>().join(" | ")));
    }
    text.push_str(&format!("\n{}\n", threshold()));
    text
}

fn list(text: &mut String, heading: &str, lines: &[String]) {
    if !lines.is_empty() {
        text.push_str(&format!("\n## {heading}\n\n"));
        // A line of a log must not become a heading or a link.
        lines.iter().for_each(|line| text.push_str(&format!("- {}\n", line.replace(['\n', '|', '<'], " "))));
    }
}

fn cell(change: Change) -> String {
    let word = change.now().map_or("vanished", |cell| words::verdict(cell.verdict));
    let sign = if word == "vanished" { "✗" } else { words::sign(word) };
    match change {
        Change::Vanished(_) | Change::Same(_) => format!("{sign} {word}"),
        _ => format!("{sign} {word} ({})", change.text().unwrap_or_default()),
    }
}

/// How the night ended, in a sentence.
pub fn verdict(comparison: &Comparison<'_>) -> String {
    let columns = &comparison.night.columns;
    let grounds = columns.iter().filter(|column| column.is_ground()).count();
    let kinds = [
        (columns.len() - grounds, "version", "every claim that was asked is proved"),
        (grounds, "ground", "no claim is refuted"),
    ];
    let kinds = kinds.into_iter().filter(|(number, ..)| *number > 0);
    let kinds: Vec<_> = kinds.map(|(number, noun, green)| (words::count(number, noun), green)).collect();
    match comparison.red().len() {
        0 => {
            let green: Vec<_> =
                kinds.iter().map(|(number, green)| format!("{number}, and {green}")).collect();
            format!("✓ Green: {}.", green.join("; "))
        }
        red => {
            let all: Vec<_> = kinds.into_iter().map(|(number, _)| number).collect();
            format!("✗ Red: {} on {} not as it should be.", words::count(red, "thing"), all.join(" and "))
        }
    }
}

/// What "nothing changed" means.
pub fn nothing_changed(comparison: &Comparison<'_>) -> &'static str {
    if comparison.before.iter().all(Option::is_none) {
        "There is no earlier night to compare with."
    } else {
        "Nothing, since the last night in which scenarios ran on each."
    }
}

/// When a time is told.
pub fn threshold() -> String {
    format!(
        "A time is told when it differs by more than {:.0} % and {}.",
        SHARE * 100.0,
        words::seconds(SECONDS)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        fixture::scenario,
        nights::{
            compare,
            fixture::{night, ran},
        },
    };

    #[test]
    fn the_page_has_a_column_a_version_and_says_what_changed() {
        let green = || ran(vec![scenario("a::b").proves("S9").proves("S1")]);
        let before = [night("1", vec![("1.34.4", green()), ("1.35.4", green())])];
        let red = ran(vec![scenario("a::b").finding("S9", "broken")]);
        let now = night(
            "2",
            vec![("1.34.4", red), ("1.35.4", green()), ("1.36.3", Ran::Nothing("no | image".into()))],
        );
        let text = render(&compare(&now, &before));
        for line in [
            "✗ Red: 3 things on 3 versions not as it should be.",
            "- 1.34.4: S1 vanished",
            "- 1.34.4: S9 refuted",
            "- 1.36.3: no result: no   image",
            "- S9 on 1.34.4: refuted, was proved",
            "| claim | 1.34.4 | 1.35.4 | 1.36.3 |",
            "| S1 | ✗ vanished | ✓ proved | ✗ no result |",
            "| S9 | ✗ refuted (was proved) | ✓ proved | ✗ no result |",
            "A time is told when it differs by more than 25 % and 10 s.",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line:?} in\n{text}");
        }
        let text = render(&compare(&before[0], &[]));
        assert!(text.contains("✓ Green: 2 versions") && text.contains("no earlier night"), "{text}");
    }
}
