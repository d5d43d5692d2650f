//! Changes of recorded journals that mean nothing.

use std::collections::BTreeSet;

use proptest::prelude::*;
use record::law;
use serde_json::{Value, json};

use crate::fixtures::{JOURNALS, history, lines, refuted, revision};

/// The journal with its set under another name: one that begins with the old one, as a trap.
fn renamed(journal: &str) -> Vec<Value> {
    let rename = |line: &Value| serde_json::from_str(&line.to_string().replace("sentinel", "sentinel-two"));
    lines(journal).iter().map(|line| rename(line).unwrap()).collect()
}

/// Both journals as if recorded at once: each line after what its own journal has before it.
fn interleaved(one: Vec<Value>, two: Vec<Value>) -> Vec<Value> {
    let keyed = |lines: Vec<Value>| {
        let mut newest = 0;
        let key = move |line: Value| {
            newest = newest.max(revision(&line).unwrap_or(0));
            (newest, line)
        };
        lines.into_iter().map(key).collect::<Vec<_>>()
    };
    // Where one ends, the other does not.
    let over = |line: &Value| line["act"]["verb"] == "end";
    let mut both: Vec<_> = keyed(one).into_iter().chain(keyed(two)).filter(|(_, line)| !over(line)).collect();
    both.sort_by_key(|(newest, _)| *newest);
    let number = |(number, (_, mut line)): (usize, (u64, Value))| {
        line["line"] = json!(number + 1);
        line
    };
    both.into_iter().enumerate().map(number).collect()
}

fn examined(lines: &[Value]) -> u64 {
    law::judge(&history(lines)).iter().map(|judgement| judgement.examined).sum()
}

#[test]
fn sets_in_one_namespace_do_not_disturb_each_other() {
    for (one, two) in JOURNALS.into_iter().zip(JOURNALS.into_iter().cycle().skip(5)) {
        let both = interleaved(lines(one), renamed(two));
        assert_eq!(refuted(&both), BTreeSet::new(), "{one} and {two}");
        assert_eq!(examined(&both), examined(&lines(one)) + examined(&lines(two)), "{one} and {two}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What arrives late, twice, or again in a list, changes no verdict: the revisions say what happened when.
    #[test]
    fn delays_duplicates_and_relists_mean_nothing(
        journal in 0..JOURNALS.len(),
        moves in prop::collection::vec((0..1000usize, 0..1000usize), 0..12),
        again in prop::collection::vec(0..1000usize, 0..12),
    ) {
        let mut lines = lines(JOURNALS[journal]);
        for at in again {
            let mut copy = lines[at % lines.len()].clone();
            if copy.get("object").is_some_and(|object| object["change"] != "deleted") {
                copy["object"]["change"] = json!("listed");
                lines.push(copy);
            }
        }
        for (from, to) in moves {
            // Only across kinds: one watch delivers its own kind in order.
            let (from, to) = (from % lines.len(), to % lines.len());
            let (low, high) = (from.min(to), from.max(to));
            let kinds: BTreeSet<_> = lines[low..=high].iter().map(|line| line["object"]["kind"].to_string()).collect();
            if lines[low..=high].iter().all(|line| line.get("object").is_some()) && kinds.len() == high - low + 1 {
                let line = lines.remove(from);
                lines.insert(to, line);
            }
        }
        prop_assert_eq!(refuted(&lines), BTreeSet::new());
    }
}
