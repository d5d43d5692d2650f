//! The words and figures of all reports, so that one thing is called the same everywhere.

use super::result::{Outcome, Quote, Verdict};
use crate::error::Class;

/// `1 claim`, `2 claims`, `0 claims`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number as u64))
}

/// Digits in groups of three: `48,213`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration for reading: `0.42 s`, `9.3 s`, `48 s`, `6 min 12 s`, `1 h 03 min`.
pub fn seconds(seconds: f64) -> String {
    // A sum of nothing is -0.0, and no time is negative.
    let seconds = seconds.max(0.0) + 0.0;
    let whole = seconds.round() as u64;
    match seconds {
        _ if whole >= 3600 => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
        _ if whole >= 60 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ if seconds >= 9.95 => format!("{whole} s"),
        _ if seconds >= 0.995 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.2} s"),
    }
}

/// A time with the part of it that was not ours: `12 s, of which Kubernetes needed 9.0 s`.
pub fn of_which(whole: f64, floor: f64) -> String {
    format!("{}, of which Kubernetes needed {}", seconds(whole), seconds(floor.min(whole)))
}

/// A measure's value: whole numbers in groups, others with three digits that count.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    match value {
        _ if value.fract() == 0.0 && (0.0..1e15).contains(&value) => grouped(value as u64),
        _ if size >= 100.0 => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// How a scenario ended, in one word.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Environment => "environment",
        Outcome::Error => "error",
        Outcome::Interrupted => "interrupted",
    }
}

/// A class of trouble, as the outcome that it makes.
pub fn class(class: Class) -> &'static str {
    outcome(match class {
        Class::Failed => Outcome::Failed,
        Class::Environment => Outcome::Environment,
        Class::Error => Outcome::Error,
    })
}

/// What became of a claim, in one word.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "proved",
        Verdict::Refuted => "refuted",
        Verdict::Unproved => "unproved",
    }
}

/// The sign beside one of the words above: not everybody sees colour, and not every place has it.
pub fn sign(word: &str) -> &'static str {
    match word {
        "passed" | "proved" => "✓",
        "failed" | "refuted" => "✗",
        "environment" => "▲",
        "error" => "!",
        "interrupted" => "■",
        "not asked" => "·",
        _ => "?",
    }
}

/// A line of the journal with its place, or what a client saw.
pub fn quote(quote: &Quote) -> String {
    let place = if quote.line > 0 { format!("journal:{}", quote.line) } else { "seen".to_owned() };
    format!("{place}  {}", quote.text)
}

/// The summary of a message.
pub fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}

/// Without the characters that move a terminal's cursor or change its colours: logs are full of them.
pub fn plain(text: &str) -> String {
    text.replace('\t', "    ").chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// At most `width` characters; what is cut off shows as `…`.
pub fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// At most `width` characters: the middle is cut out, as a message says what it is about at its begin and why at its end.
pub fn abridge(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let end = width / 2;
    let begin: String = text.chars().take(width.saturating_sub(end + 1)).collect();
    let end: String = text.chars().skip(length - end).collect();
    format!("{}…{}", begin.trim_end(), end.trim_start())
}

/// Lines of at most `width` characters, broken between words; a longer word stays whole, so that it can be copied.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for source in text.lines() {
        // What fits keeps its inner spaces: it may be a table.
        if source.chars().count() <= width {
            lines.push(source.trim_end().to_owned());
            continue;
        }
        let indent = source.len() - source.trim_start().len();
        let mut line = " ".repeat(indent);
        for word in source.split_whitespace() {
            let empty = line.trim().is_empty();
            if !empty && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            } else if !empty {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(
            [count(0, "claim"), count(1, "claim"), count(1200, "claim")],
            ["0 claims", "1 claim", "1,200 claims"]
        );
        assert_eq!(
            [0.004, 9.94, 9.96, 59.6, 372.0, 3780.0].map(seconds),
            ["0.00 s", "9.9 s", "10 s", "1 min 00 s", "6 min 12 s", "1 h 03 min"]
        );
        assert_eq!([-0.0, [].iter().sum()].map(seconds), ["0.00 s"; 2]);
        assert_eq!(of_which(330.0, 290.2), "5 min 30 s, of which Kubernetes needed 4 min 50 s");
        assert_eq!([48_213.0, 0.1234, 12.345].map(figure), ["48,213", "0.123", "12.3"]);
    }

    #[test]
    fn lines_are_wrapped_between_words_and_no_word_is_lost() {
        let text = "pod-1 began to terminate while pod-2 was still there\n  /a/very/long/path/that/does/not/fit/at/all";
        let lines = wrap(text, 20);
        assert!(
            lines.iter().all(|line| line.chars().count() <= 20 || !line.trim().contains(' ')),
            "{lines:?}"
        );
        assert_eq!(
            lines.join(" ").split_whitespace().collect::<Vec<_>>(),
            text.split_whitespace().collect::<Vec<_>>()
        );
    }

    #[test]
    fn escape_sequences_do_not_reach_a_terminal() {
        assert_eq!(plain("\u{1b}[31mred\u{7}\tx\r\ny"), "[31mred    x\ny");
        assert_eq!(shorten("abcdef", 4), "abc…");
    }
}
