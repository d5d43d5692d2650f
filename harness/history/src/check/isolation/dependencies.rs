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

#[derive(Default)]
struct List<'a> {
    /// Who appended each element.
    writers: HashMap<u64, usize>,
    reads: Vec<(usize, &'a [u64])>,
}

impl<'a> List<'a> {
    /// Who read most of it, and what.
    fn longest(&self) -> (usize, &'a [u64]) {
        self.reads.iter().max_by_key(|(_, read)| read.len()).copied().unwrap_or_default()
    }

    /// Who appended what anybody read.
    fn read_writers(&self) -> impl Iterator<Item = usize> {
        let (_, order) = self.longest();
        let apart = self.reads.iter().map(|(_, read)| *read).filter(|read| !order.starts_with(read));
        let elements = apart.chain([order]).flatten();
        elements.filter_map(|element| self.writers.get(element).copied())
    }
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
                    lists.entry(*list).or_default().writers.insert(*element, place);
                    own.entry(*list).or_default().push(*element);
                }
                // Nobody ever appended it.
                Step::Undone { .. } => {}
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
    let mut happened: Vec<bool> = transactions.iter().map(|one| one.is_ok()).collect();
    for writer in lists.values().flat_map(List::read_writers) {
        happened[writer] = true;
    }
    for (name, list) in lists {
        depend(name, &list, transactions, &happened, &mut found);
    }
    found.anomalies.sort_by(|one, other| one.lines.cmp(&other.lines));
    found
}

/// What a transaction appends to a list, in its order.
fn appended_to(name: u32, one: &Operation) -> impl Iterator<Item = u64> {
    let steps = match &one.action {
        Action::Transaction(steps) => steps.as_slice(),
        _ => &[],
    };
    steps.iter().filter_map(move |step| match step {
        Step::Append { list, element } if *list == name => Some(*element),
        _ => None,
    })
}

/// What one list tells.
fn depend(name: u32, list: &List<'_>, transactions: &[&Operation], happened: &[bool], found: &mut Found) {
    let line = |place: usize| transactions.get(place).map_or(0, |one| one.line);
    let writer = |element: &u64| list.writers.get(element).copied();
    let appended =
        |writer: usize| transactions.get(writer).into_iter().flat_map(|one| appended_to(name, one));
    let (longest_by, order) = list.longest();
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
        let before =
            writer(element).and_then(|one| appended(one).take_while(|other| other != element).last());
        if let Some(before) = before.filter(|before| !seen.contains(before)) {
            let text =
                format!("{element} was read without {before}, which its transaction appended before it");
            wrong(Kind::IncompatibleOrder, text, vec![line(longest_by)]);
            return;
        }
        seen.insert(element);
    }
    let refused =
        |place: &usize| transactions.get(*place).is_some_and(|one| matches!(one.outcome, Outcome::Failed(_)));
    // Who reads no further than this in the same order, and no element of its own, has read nothing that is wrong by itself: a
    // history has many long reads, and most are such.
    let well = order.iter().position(|element| writer(element).is_none_or(|one| refused(&one)));
    let well = well.unwrap_or(order.len());
    let mut own: HashMap<usize, usize> = HashMap::new();
    for (place, element) in order.iter().enumerate() {
        if let Some(writer) = writer(element) {
            own.entry(writer).or_insert(place);
        }
    }
    let mut compatible = Vec::new();
    for (reader, read) in &list.reads {
        let follows = order.starts_with(read);
        let well = well.min(own.get(reader).copied().unwrap_or(well));
        let doubtful = if follows && read.len() <= well { &[] } else { *read };
        for element in doubtful {
            match writer(element) {
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
        let ends_amid =
            |writer: &usize| *writer != *reader && appended(*writer).last() != read.last().copied();
        let torn = read.last().and_then(writer).filter(ends_amid);
        if !follows {
            let text = format!("{read:?} is no beginning of {order:?}");
            wrong(Kind::IncompatibleOrder, text, vec![line(*reader), line(longest_by)]);
        } else if let Some(writer) = torn {
            let text = format!("{read:?} was read, and its transaction appended more");
            wrong(Kind::G1b, text, vec![line(*reader), line(writer)]);
        } else {
            // What is wrong by itself need not be told as a circle too.
            compatible.push((*reader, *read));
        }
    }
    // What happened and nobody has read yet came after all that was read.
    let mut unseen: Vec<usize> = list
        .writers
        .iter()
        .filter(|(element, writer)| !seen.contains(element) && happened[**writer])
        .map(|(_, writer)| *writer)
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
