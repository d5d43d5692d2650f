//! Circles of dependencies: of each group of transactions that depend on each other the worst one.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::dependencies::{Dependency, Graph};
use crate::{
    check::judgement::{Anomaly, Kind},
    operation::Operation,
};

/// What a search may walk.
type Allowed = fn(Dependency) -> bool;

/// Which dependencies make which circle, the worst first: the one that it has, and those that it may have beside.
const CIRCLES: [(Kind, Allowed, Allowed); 4] = [
    (Kind::G0, |how| how == Dependency::Overwrote, |how| how == Dependency::Overwrote),
    (Kind::G1c, |how| how == Dependency::Read, |how| how != Dependency::Unseen),
    (Kind::GSingle, |how| how == Dependency::Unseen, |how| how != Dependency::Unseen),
    (Kind::G2Item, |how| how == Dependency::Unseen, |_| true),
];

/// Finds them.
pub fn find(transactions: &[&Operation], graph: &Graph) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    for group in groups(graph) {
        let within: HashMap<usize, usize> =
            group.iter().enumerate().map(|(place, node)| (*node, place)).collect();
        let circle = CIRCLES
            .iter()
            .find_map(|(kind, one, others)| Some((*kind, circle(graph, &group, &within, *one, *others)?)));
        let Some((kind, circle)) = circle else { continue };
        let line = |node: &usize| transactions.get(*node).map_or(0, |one| one.line);
        let lines: Vec<u64> = circle.iter().map(line).collect();
        let told: Vec<String> = lines.iter().map(|line| format!("line {line}")).collect();
        let text =
            format!("each depends on the one before it, and the first on the last: {}", told.join(", "));
        anomalies.push(Anomaly { kind, text, lines });
    }
    anomalies
}

/// The shortest way round that has a dependency of the one kind, first, and of the others after it.
fn circle(
    graph: &Graph,
    group: &[usize],
    within: &HashMap<usize, usize>,
    one: Allowed,
    others: Allowed,
) -> Option<Vec<usize>> {
    // Without a way along the others alone from an end of the one to its beginning there is no circle. Where these make no
    // circle among themselves, their order says at once that there is no way.
    let inner: Graph = group
        .iter()
        .map(|node| {
            let edges = graph.get(*node).into_iter().flatten().filter(|(_, how)| others(*how));
            edges.filter_map(|(to, how)| Some((*within.get(to)?, *how))).collect()
        })
        .collect();
    let rank = ranks(&inner);
    for (place, node) in group.iter().enumerate() {
        for (to, _) in graph.get(*node).into_iter().flatten().filter(|(_, how)| one(*how)) {
            let Some(begin) = within.get(to) else { continue };
            if rank.get(*begin) <= rank.get(place)
                && let Some(way) = way(&inner, &rank, *begin, place)
            {
                return Some(way.into_iter().filter_map(|place| group.get(place).copied()).collect());
            }
        }
    }
    None
}

/// For each node the place of its group, in an order in which whoever depends comes later.
fn ranks(graph: &Graph) -> Vec<usize> {
    components(graph).into_iter().map(|number| graph.len() - number).collect()
}

/// The shortest way from one node to another.
fn way(graph: &Graph, rank: &[usize], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut before: HashMap<usize, usize> = HashMap::from([(from, from)]);
    let mut next = VecDeque::from([from]);
    while let Some(node) = next.pop_front() {
        if node == to {
            let mut way = vec![node];
            let mut at = node;
            while at != from {
                at = *before.get(&at)?;
                way.push(at);
            }
            way.reverse();
            return Some(way);
        }
        for (after, _) in graph.get(node).into_iter().flatten() {
            if rank.get(*after) <= rank.get(to) && !before.contains_key(after) {
                before.insert(*after, node);
                next.push_back(*after);
            }
        }
    }
    None
}

/// The groups of nodes that reach each other.
fn groups(graph: &Graph) -> Vec<Vec<usize>> {
    let numbers = components(graph);
    let mut members = vec![0_u32; graph.len()];
    numbers.iter().for_each(|number| members[*number] += 1);
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, number) in numbers.into_iter().enumerate().filter(|(_, number)| members[*number] > 1) {
        groups.entry(number).or_default().push(node);
    }
    groups.into_values().collect()
}

/// For each node the number of its group, whose members reach each other; who depends on another group has the smaller one
/// (Tarjan 1972, without recursion: a history is long).
fn components(graph: &Graph) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let (mut index, mut low) = (vec![NEW; graph.len()], vec![0; graph.len()]);
    let (mut open, mut is_open, mut count) = (Vec::new(), vec![false; graph.len()], 0);
    let (mut components, mut found) = (vec![0; graph.len()], 0);
    for root in 0..graph.len() {
        let mut path = vec![(root, 0)];
        while let Some((node, edge)) = path.pop() {
            if edge == 0 {
                if index[node] != NEW {
                    continue;
                }
                (index[node], low[node]) = (count, count);
                count += 1;
                open.push(node);
                is_open[node] = true;
            }
            let to = graph[node].get(edge).map(|(to, _)| *to);
            match to {
                Some(to) => {
                    path.push((node, edge + 1));
                    if index[to] == NEW {
                        path.push((to, 0));
                    } else if is_open[to] {
                        low[node] = low[node].min(index[to]);
                    }
                }
                None => {
                    if let Some((parent, _)) = path.last() {
                        low[*parent] = low[*parent].min(low[node]);
                    }
                    if low[node] == index[node] {
                        let place = open.iter().rposition(|one| *one == node).unwrap_or(0);
                        for one in open.drain(place..) {
                            (is_open[one], components[one]) = (false, found);
                        }
                        found += 1;
                    }
                }
            }
        }
    }
    components
}
