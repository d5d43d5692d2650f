//! A night against the ones before it. Pure.

use super::night::{Cell, Column, Judged, Night, Ran};
use crate::{
    claim,
    report::{tally::Ending, words},
};

/// A time is told when it differs by more than this share of what it was …
pub const SHARE: f64 = 0.25;
/// … and by more than so many seconds.
pub const SECONDS: f64 = 10.0;

/// A night, held against earlier ones.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The night.
    pub night: &'a Night,
    /// For each of its columns, the newest earlier night in which the suites ran to their end there.
    pub before: Vec<Option<(&'a str, &'a Judged)>>,
    /// The claims of the night and of what it is compared with, in their order.
    pub ids: Vec<&'a str>,
    /// Columns of the night before that this one was not asked for.
    pub left_out: Vec<&'a str>,
}

/// A claim in a column, now and before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// It is as it was, or there is nothing to compare it with.
    Same(Cell),
    /// The column has earlier nights, and none of them had the claim.
    New(Cell),
    /// Another verdict: before, now.
    Verdict(Cell, Cell),
    /// Another time: before, now.
    Time(Cell, Cell),
    /// It was there, and is no more: scenarios that run no longer ask for it.
    Vanished(Cell),
}

impl Change {
    /// What became of the claim now.
    pub fn now(&self) -> Option<Cell> {
        match self {
            Self::Same(now) | Self::New(now) | Self::Verdict(_, now) | Self::Time(_, now) => Some(*now),
            Self::Vanished(_) => None,
        }
    }

    /// What changed, in words; none if nothing did.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Same(_) => None,
            Self::New(_) => Some("new".to_owned()),
            Self::Verdict(before, _) => Some(format!("was {}", words::verdict(before.verdict))),
            Self::Time(before, now) => Some(time(before.seconds, now.seconds)),
            Self::Vanished(before) => Some(format!("vanished, was {}", words::verdict(before.verdict))),
        }
    }
}

/// `46 s, 12 s more than 34 s`
fn time(before: f64, now: f64) -> String {
    let by = words::seconds((now - before).abs());
    let way = if now > before { "more" } else { "less" };
    format!("{}, {by} {way} than {}", words::seconds(now), words::seconds(before))
}

fn slower_or_faster(before: f64, now: f64) -> bool {
    let by = (now - before).abs();
    by > SECONDS && by > before * SHARE
}

/// Holds the night against the earlier ones, oldest first.
pub fn compare<'a>(night: &'a Night, earlier: &'a [Night]) -> Comparison<'a> {
    let newest = |column: &Column| {
        earlier.iter().rev().find_map(|night| {
            let judged = night.column(&column.name)?.judged()?;
            // One that was interrupted may lack claims that did not vanish.
            (judged.ending != Ending::Interrupted).then_some((night.name.as_str(), judged))
        })
    };
    let before: Vec<_> = night.columns.iter().map(newest).collect();
    let now = night.columns.iter().filter_map(Column::judged);
    let claims = now.chain(before.iter().flatten().map(|(_, judged)| *judged));
    let mut ids: Vec<&str> =
        claims.flat_map(|judged| judged.claims.iter().map(|(id, _)| id.as_str())).collect();
    let place = |id: &str| claim::ALL.iter().position(|claim| claim.id == id).unwrap_or(usize::MAX);
    ids.sort_by_key(|id| (place(id), *id));
    ids.dedup();
    let last = earlier.last().into_iter().flat_map(|night| &night.columns);
    let left_out = last.filter(|column| night.column(&column.name).is_none());
    Comparison { night, ids, left_out: left_out.map(|column| column.name.as_str()).collect(), before }
}

impl Comparison<'_> {
    /// What became of a claim in each column; none where it was not asked for, or nothing ran.
    pub fn row(&self, id: &str) -> Vec<Option<Change>> {
        let cell = |(column, before): (&Column, &Option<(&str, &Judged)>)| {
            let now = column.judged()?.claim(id);
            let was = before.map(|(_, judged)| judged.claim(id));
            Some(match (was, now) {
                (Some(None) | None, None) => return None,
                (None, Some(now)) => Change::Same(now),
                (Some(None), Some(now)) => Change::New(now),
                (Some(Some(was)), None) => Change::Vanished(was),
                (Some(Some(was)), Some(now)) if was.verdict != now.verdict => Change::Verdict(was, now),
                (Some(Some(was)), Some(now)) if slower_or_faster(was.seconds, now.seconds) => {
                    Change::Time(was, now)
                }
                (Some(Some(_)), Some(now)) => Change::Same(now),
            })
        };
        self.night.columns.iter().zip(&self.before).map(cell).collect()
    }

    /// Everything that changed since the night before, a sentence each.
    pub fn changes(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (column, before) in self.night.columns.iter().zip(&self.before) {
            let (name, Some((night, before))) = (&column.name, before) else { continue };
            match &column.ran {
                Ran::Nothing(_) => all.push(format!("{name}: nothing ran, scenarios did in {night}")),
                Ran::Judged(now) => {
                    if let (Some(was), Some(now)) = (before.seconds, now.seconds)
                        && slower_or_faster(was, now)
                    {
                        all.push(format!("{name}: the run took {}", time(was, now)));
                    }
                }
            }
        }
        for id in &self.ids {
            for (change, column) in self.row(id).into_iter().zip(&self.night.columns) {
                let Some((change, what)) = change.and_then(|change| Some((change, change.text()?))) else {
                    continue;
                };
                let now = match change {
                    Change::New(now) | Change::Verdict(_, now) => {
                        format!("{}, ", words::verdict(now.verdict))
                    }
                    _ => String::new(),
                };
                all.push(format!("{id} on {}: {now}{what}", column.name));
            }
        }
        let left_out = self.left_out.iter();
        all.extend(left_out.map(|name| format!("{name} was not asked for, and was the night before")));
        all
    }

    /// What could not be judged, a sentence for each cause in a column.
    pub fn unjudged(&self) -> Vec<String> {
        let mut all = Vec::new();
        for column in &self.night.columns {
            let mut causes: Vec<(&str, Vec<&str>)> = Vec::new();
            for (id, cause) in column.judged().into_iter().flat_map(|judged| &judged.unjudged) {
                match causes.iter_mut().find(|(known, _)| known == cause) {
                    Some((_, ids)) => ids.push(id),
                    None => causes.push((cause, vec![id])),
                }
            }
            let sentence =
                |(cause, ids): (&str, Vec<&str>)| format!("{}: {}: {cause}", column.name, ids.join(", "));
            all.extend(causes.into_iter().map(sentence));
        }
        all
    }

    /// Everything that makes the night red, a sentence each; none when it is green.
    pub fn red(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (index, column) in self.night.columns.iter().enumerate() {
            let name = &column.name;
            match &column.ran {
                Ran::Nothing(why) => all.push(format!("{name}: no result: {why}")),
                Ran::Judged(judged) => {
                    let rows = self.ids.iter().map(|id| (id, self.row(id)[index]));
                    let red: Vec<_> = rows
                        .filter_map(|(id, change)| match change?.now().map(|cell| cell.verdict) {
                            None => Some(format!("{name}: {id} vanished")),
                            Some(verdict) if !column.is_red(verdict) => None,
                            Some(verdict) if column.is_ground() => Some(format!(
                                "{name}: {id} {}: a false refutation, or the ground is broken",
                                words::verdict(verdict)
                            )),
                            Some(verdict) => Some(format!("{name}: {id} {}", words::verdict(verdict))),
                        })
                        .collect();
                    // A control that stayed green, or an error of ours, shows on no claim.
                    let ended_well = match judged.ending {
                        Ending::Proved => true,
                        Ending::Environment => column.is_ground() && judged.proved_something(),
                        _ => false,
                    };
                    if red.is_empty() && !ended_well {
                        all.push(format!("{name}: {}", judged.closing));
                    }
                    all.extend(red);
                }
            }
        }
        if self.night.columns.is_empty() {
            all.push("nothing ran".to_owned());
        }
        all
    }
}

#[cfg(test)]
mod tests;
