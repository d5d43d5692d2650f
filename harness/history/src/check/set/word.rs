//! What each endpoint said last of a key.

use jiff::Timestamp;

use super::{Copies, listing::Listings};
use crate::{
    check::{end::End, keys::OfKey},
    operation::{Action, Answer, Cause, Operation, Outcome},
    value::Value,
};

/// An answer that begins well and breaks off so often does so for what it is of, where the way has carried as much: a node of Garage
/// that lacks a block says so.
const BROKE_OFF: u32 = 3;

/// A store answers so that can't give what is asked for, or nothing just now.
const UNAVAILABLE: &str = "503";

/// The last word of an endpoint.
pub struct Word<'a> {
    /// Whose.
    pub endpoint: &'a str,
    /// When it was asked for.
    pub asked: Timestamp,
    /// In which line.
    pub line: u64,
    /// What it says.
    pub said: Said,
    /// Whether it was asked for at the end.
    pub at_end: bool,
    /// The line of an earlier word of this endpoint that the key is absent, asked for when its write had been acknowledged.
    pub absent_before: Option<u64>,
}

/// What it says of the key.
#[derive(Debug, Clone)]
pub enum Said {
    /// It holds this; or it does not say what.
    Found(Option<Value>),
    /// It holds nothing.
    Absent,
    /// It answered, and did not give it.
    Refused(String),
    /// It was asked at the end, and gave no answer.
    Nothing {
        /// How often one began, and broke off.
        broke_off: u32,
    },
}

impl Said {
    /// What an operation of the end says that has no good answer; nothing of any other.
    pub fn of_failure(one: &Operation, end: &End<'_>) -> Option<Self> {
        let failure = one.outcome.failure().filter(|_| end.has(one))?;
        Some(match &failure.cause {
            cause if cause.is_momentary() => Self::Nothing { broke_off: 0 },
            // S3 has it for who is to come again as well: it is of what was asked for where others were given later.
            Cause::Answered(code) if &**code == UNAVAILABLE && !end.goes_on_after(one) => {
                Self::Nothing { broke_off: 0 }
            }
            Cause::Answered(_) => Self::Refused(failure.text.to_string()),
            Cause::CutShort => Self::Nothing { broke_off: 1 },
            _ => Self::Nothing { broke_off: 0 },
        })
    }
}

impl Word<'_> {
    /// Whether it is an absence of the middle of the load after which another had the key: who is never asked again may well have it too.
    pub fn outlived_by(&self, others: &[&Self]) -> bool {
        let later = |other: &&Self| other.asked > self.asked && matches!(other.said, Said::Found(_));
        matches!(self.said, Said::Absent) && !self.at_end && others.iter().any(later)
    }
}

/// The last words on a key.
pub fn words<'a>(of: &OfKey<'a>, listings: &Listings<'a>, end: &End<'a>, copies: Copies) -> Vec<Word<'a>> {
    // Of what is deleted and written again an absence may be right.
    let acknowledged = match of.writes[..] {
        [write] => write.ended.filter(|_| write.is_ok()),
        _ => None,
    };
    let mut words = Words { words: Vec::new(), acknowledged };
    let counts = |read: &Operation| copies != Copies::Late || end.has(read);
    for read in of.reads.iter().filter(|read| counts(read)) {
        let said = match &read.outcome {
            Outcome::Ok(Answer::Found(value) | Answer::Mislabelled(value)) => Some(Said::Found(Some(*value))),
            Outcome::Ok(Answer::There) => Some(Said::Found(None)),
            Outcome::Ok(Answer::Absent) => Some(Said::Absent),
            _ => Said::of_failure(read, end),
        };
        if let Some(said) = said {
            words.add(&read.endpoint, (read.invoked, end.has(read)), read.line, said);
        }
    }
    for listing in listings.covering(of.key).filter(|listing| listing.whole && counts(listing.of)) {
        let said = match listing.keys.get(&**of.key) {
            Some(Some(value)) => Said::Found(Some(*value)),
            _ => Said::Absent,
        };
        words.add(listing.endpoint, (listing.asked, end.has(listing.of)), listing.line, said);
    }
    for scan in listings.unanswered().filter(|one| one.whole && of.key.starts_with(one.prefix)) {
        words.add(scan.endpoint, (scan.asked, true), scan.line, scan.said.clone());
    }
    let Words { mut words, .. } = words;
    let sizes = of.writes.iter().filter_map(|write| match write.action {
        Action::Put { value, .. } => Some(value.size),
        _ => None,
    });
    let size = sizes.max();
    for word in &mut words {
        match word.said {
            Said::Nothing { broke_off }
                if broke_off >= BROKE_OFF && size.is_some_and(|size| end.carried(word.endpoint, size)) =>
            {
                word.said = Said::Refused(format!("its content broke off, {broke_off} times"));
            }
            _ => {}
        }
    }
    words.sort_by_key(|word| word.endpoint);
    words
}

/// Words that are being gathered.
struct Words<'a> {
    words: Vec<Word<'a>>,
    /// When the only write was acknowledged.
    acknowledged: Option<Timestamp>,
}

impl<'a> Words<'a> {
    /// Takes a word. Silence takes back only what was good: what an endpoint said against itself stays.
    fn add(&mut self, endpoint: &'a str, (asked, at_end): (Timestamp, bool), line: u64, mut said: Said) {
        let Some(last) = self.words.iter_mut().find(|word| word.endpoint == endpoint) else {
            return self.words.push(Word { endpoint, asked, line, said, at_end, absent_before: None });
        };
        if asked < last.asked {
            return;
        }
        let missed = matches!(last.said, Said::Absent) && self.acknowledged.is_some_and(|at| last.asked > at);
        if let Said::Nothing { broke_off } = &mut said {
            match last.said {
                Said::Refused(_) => return,
                Said::Absent if missed => return,
                Said::Nothing { broke_off: before } => *broke_off += before,
                _ => {}
            }
        }
        if missed {
            last.absent_before = Some(last.line);
        }
        (last.asked, last.line, last.said, last.at_end) = (asked, line, said, at_end);
    }
}
