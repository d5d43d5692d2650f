//! A store that does one thing after the other: what it answers is right.

use std::{collections::BTreeMap, ops::Bound};

use history::{Action, Answer, Cause, Failure, How, Key, Outcome, Step, Value, generate::content_of};

/// What each account begins with.
pub const MONEY: i64 = 100;

/// It holds everything in memory.
#[derive(Debug, Clone, Default)]
pub struct Store {
    objects: BTreeMap<Key, Value>,
    accounts: BTreeMap<u32, i64>,
    lists: BTreeMap<u32, Vec<u64>>,
}

impl Store {
    /// Does what is asked, and answers.
    pub fn answer(&mut self, action: &Action) -> Outcome {
        if let Action::Put { key, how: How::IfNew, .. } = action
            && self.objects.contains_key(key)
        {
            let refused = Cause::Answered("412".into());
            return Outcome::Failed(Failure::new(refused, "there is one"));
        }
        Outcome::Ok(self.done(action))
    }

    fn done(&mut self, action: &Action) -> Answer {
        match action {
            Action::Put { key, value, .. } => {
                self.objects.insert(key.clone(), *value);
                Answer::Done
            }
            Action::Get { key } | Action::Head { key } => {
                self.objects.get(key).map_or(Answer::Absent, |value| Answer::Found(*value))
            }
            Action::Range { key, from, length } => self.objects.get(key).map_or(Answer::Absent, |value| {
                let content = content_of(key, value.size as usize).unwrap_or_default();
                let end = from.saturating_add(*length).min(value.size);
                Answer::Found(Value::of(&content[*from as usize..end as usize]))
            }),
            Action::Delete { key } => {
                self.objects.remove(key);
                Answer::Done
            }
            Action::List { prefix } => {
                let from = (Bound::Included(&**prefix), Bound::Unbounded);
                let keys = self.objects.range::<str, _>(from).map(|(key, _)| key);
                Answer::Keys(keys.take_while(|key| key.starts_with(&**prefix)).cloned().collect())
            }
            Action::Scan { prefix } => {
                let rows = self.objects.iter().filter(|(key, _)| key.starts_with(&**prefix));
                Answer::Rows(rows.map(|(key, value)| (key.clone(), *value)).collect())
            }
            Action::Transfer { from, to, amount } => {
                *self.accounts.entry(*from).or_insert(MONEY) -= amount;
                *self.accounts.entry(*to).or_insert(MONEY) += amount;
                Answer::Done
            }
            Action::Balances => {
                let balances = (0..5).map(|account| self.accounts.get(&account).copied().unwrap_or(MONEY));
                Answer::Balances(balances.collect())
            }
            Action::Transaction(steps) => {
                let mut reads = Vec::new();
                for step in steps {
                    match step {
                        Step::Append { list, element } => self.lists.entry(*list).or_default().push(*element),
                        Step::Undone { .. } => {}
                        Step::Read { list } => {
                            reads.push(self.lists.get(list).cloned().unwrap_or_default().into());
                        }
                    }
                }
                Answer::Lists(reads)
            }
        }
    }
}
