//! Which transaction depends on which, and what is wrong with a single read.

use std::collections::{HashMap, HashSet};

use crate::{
    check::judgement::{Anomaly, Kind},
    operation::{Action, Answer, Operation, Outcome, Step},
};

/// How one transaction depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// It wrote after the other: ww.
    Overwrote,
    /// It read what the other wrote: wr.
    Read,
    /// The other did not see what it wrote: rw.
    Unseen,
}

/// For each transaction those that depend on it, and how.
pub type Graph = Vec<Vec<(usize, Dependency)>>;

/// What transactions say of each other.
pub struct Found {
    /// Who depends on whom.
    pub graph: Graph,
    /// What is wrong with single reads.
    pub anomalies: Vec<Anomaly>,
}

/// Who appended an element, what it had appended to this list before, and whether this was the last.
#[derive(Clone, Copy)]
struct Append {
    writer: usize,
    before: Option<u64>,
    last: bool,
}

#[derive(Default)]
struct List<'a> {
    appends: HashMap<u64, Append>,
    reads: Vec<(usize, &'a [u64])>,
}

/// Finds them.
pub fn find(transactions: &[&Operation]) -> Found {
    let mut found = Found { graph: vec![Vec::new(); transactions.len()], anomalies: Vec::new() };
    let mut lists: HashMap<u32, List<'_>> = HashMap::new();
    for (place, one) in transactions.iter().enumerate() {
        let Action::Transaction(steps) = &one.action else { continue };
        let mut reads = match &one.outcome {
            Outcome::Ok(Answer::Lists(lists)) => lists.as_slice(),
            _ => &[],
        }
        .iter();
        let mut own: HashMap<u32, Vec<u64>> = HashMap::new();
        for step in steps {
            match step {
                Step::Append { list, element } => {
                    let before = own.entry(*list).or_default();
                    let appends = &mut lists.entry(*list).or_default().appends;
                    let earlier = before.last().copied();
                    if let Some(earlier) = earlier.and_then(|element| appends.get_mut(&element)) {
                        earlier.last = false;
                    }
                    appends.insert(*element, Append { writer: place, before: earlier, last: true });
                    before.push(*element);
                }
                Step::Read { list } => {
                    let Some(read) = reads.next() else { continue };
                    let own = own.get(list).map_or(&[][..], Vec::as_slice);
                    match read.strip_suffix(own) {
                        // What the others wrote is what was there before.
                        Some(read) => lists.entry(*list).or_default().reads.push((place, read)),
                        None => found.anomalies.push(Anomaly {
                            kind: Kind::Internal,
                            text: format!(
                                "list {list}: the transaction appended {own:?} and then read {read:?}"
                            ),
                            lines: vec![one.line],
                        }),
                    }
                }
            }
        }
    }
    // Whatever a client was told of a transaction, if one of its elements was read, all of it happened.
    let happened = lists.values().flat_map(|list| {
        let elements = list.reads.iter().flat_map(|(_, read)| *read);
        elements.filter_map(move |element| Some(list.appends.get(element)?.writer))
    });
    let mut happened: HashSet<usize> = happened.collect();
    happened.extend((0..transactions.len()).filter(|place| transactions[*place].is_ok()));
    for (name, list) in lists {
        depend(name, &list, transactions, &happened, &mut found);
    }
    found.anomalies.sort_by(|one, other| one.lines.cmp(&other.lines));
    found
}

/// What one list tells.
fn depend(
    name: u32,
    list: &List<'_>,
    transactions: &[&Operation],
    happened: &HashSet<usize>,
    found: &mut Found,
) {
    let line = |place: usize| transactions.get(place).map_or(0, |one| one.line);
    let longest = list.reads.iter().max_by_key(|(_, read)| read.len());
    let (longest_by, order) = longest.map_or((0, &[][..]), |(reader, read)| (*reader, *read));
    let mut wrong = |kind, text: String, lines| {
        found.anomalies.push(Anomaly { kind, text: format!("list {name}: {text}"), lines });
    };
    if order.iter().collect::<HashSet<_>>().len() < order.len() {
        let text = format!("an element was read twice in {order:?}");
        wrong(Kind::IncompatibleOrder, text, vec![line(longest_by)]);
        return;
    }
    let mut seen: HashSet<&u64> = HashSet::new();
    for element in order {
        let before = list.appends.get(element).and_then(|append| append.before);
        if let Some(before) = before.filter(|before| !seen.contains(before)) {
            let text =
                format!("{element} was read without {before}, which its transaction appended before it");
            wrong(Kind::IncompatibleOrder, text, vec![line(longest_by)]);
            return;
        }
        seen.insert(element);
    }
    let mut compatible = Vec::new();
    for (reader, read) in &list.reads {
        for element in *read {
            let writer = list.appends.get(element).map(|append| append.writer);
            let refused = |place: &usize| {
                transactions.get(*place).is_some_and(|one| matches!(one.outcome, Outcome::Failed(_)))
            };
            match writer {
                Some(writer) if refused(&writer) => {
                    let text = format!("{element} was read, and its transaction was rolled back");
                    wrong(Kind::G1a, text, vec![line(*reader), line(writer)]);
                }
                Some(writer) if writer == *reader => {
                    let text = format!("{element} was read by the transaction that appended it only later");
                    wrong(Kind::Internal, text, vec![line(*reader)]);
                }
                Some(_) => {}
                None => {
                    let text = format!("{element} was read, and nobody appended it");
                    wrong(Kind::G1a, text, vec![line(*reader)]);
                }
            }
        }
        let last = read.last().and_then(|element| list.appends.get(element));
        if !order.starts_with(read) {
            let text = format!("{read:?} is no beginning of {order:?}");
            wrong(Kind::IncompatibleOrder, text, vec![line(*reader), line(longest_by)]);
        } else if let Some(append) = last.filter(|append| !append.last && append.writer != *reader) {
            let text = format!("{read:?} was read, and its transaction appended more");
            wrong(Kind::G1b, text, vec![line(*reader), line(append.writer)]);
        } else {
            // What is wrong by itself need not be told as a circle too.
            compatible.push((*reader, *read));
        }
    }
    let writer = |element: &u64| list.appends.get(element).map(|append| append.writer);
    // What happened and nobody has read yet came after all that was read.
    let mut unseen: Vec<usize> = list
        .appends
        .iter()
        .filter(|(element, append)| !seen.contains(element) && happened.contains(&append.writer))
        .map(|(_, append)| append.writer)
        .collect();
    unseen.sort_unstable();
    unseen.dedup();
    let mut depends = |on: Option<usize>, who: Option<usize>, how| {
        if let (Some(on), Some(who)) = (on, who)
            && on != who
            && let Some(edges) = found.graph.get_mut(on)
        {
            edges.push((who, how));
        }
    };
    for pair in order.windows(2) {
        depends(pair.first().and_then(writer), pair.last().and_then(writer), Dependency::Overwrote);
    }
    for later in &unseen {
        depends(order.last().and_then(writer), Some(*later), Dependency::Overwrote);
    }
    for (reader, read) in compatible {
        depends(read.last().and_then(writer), Some(reader), Dependency::Read);
        match order.get(read.len()) {
            Some(next) => depends(Some(reader), writer(next), Dependency::Unseen),
            None => unseen.iter().for_each(|later| depends(Some(reader), Some(*later), Dependency::Unseen)),
        }
    }
}
