//! What each endpoint said last of a key.

use jiff::Timestamp;

use super::listing::Listings;
use crate::{
    check::keys::OfKey,
    operation::{Answer, Cause, Outcome},
    value::Value,
};

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
    /// The line of an earlier word of this endpoint that the key is absent, asked for when its write had been acknowledged.
    pub absent_before: Option<u64>,
}

/// What it says of the key.
pub enum Said {
    /// It holds this; or it does not say what.
    Found(Option<Value>),
    /// It holds nothing.
    Absent,
    /// It answered, and did not give it.
    Refused(String),
}

/// The last words on a key. A refusal counts only from the time on at which nothing was written any more, `settled`: in the
/// middle of a fault it is no news.
pub fn words<'a>(of: &OfKey<'a>, listings: &Listings<'a>, settled: Option<Timestamp>) -> Vec<Word<'a>> {
    let mut words: Vec<Word<'a>> = Vec::new();
    let acknowledged = of.writes.first().filter(|write| write.is_ok()).and_then(|write| write.ended);
    for read in &of.reads {
        let said = match &read.outcome {
            Outcome::Ok(Answer::Found(value)) => Said::Found(Some(*value)),
            Outcome::Ok(Answer::There) => Said::Found(None),
            Outcome::Ok(Answer::Absent) => Said::Absent,
            Outcome::Failed(failure) | Outcome::Unknown(failure)
                if matches!(failure.cause, Cause::Answered(_)) && Some(read.invoked) >= settled =>
            {
                Said::Refused(failure.text.to_string())
            }
            _ => continue,
        };
        let (endpoint, asked, line) = (&*read.endpoint, read.invoked, read.line);
        let before =
            words.iter().position(|word| word.endpoint == endpoint).map(|place| words.swap_remove(place));
        let absent_before = before.and_then(|word| match word.said {
            Said::Absent if acknowledged.is_some_and(|at| word.asked > at) => Some(word.line),
            _ => word.absent_before,
        });
        words.push(Word { endpoint, asked, line, said, absent_before });
    }
    for (endpoint, listing) in listings.iter().filter(|(_, listing)| listing.whole && listing.covers(of.key))
    {
        let said = match listing.keys.get(&**of.key) {
            Some(Some(value)) => Said::Found(Some(*value)),
            _ => Said::Absent,
        };
        match words.iter_mut().find(|word| word.endpoint == endpoint) {
            Some(word) if word.asked >= listing.asked => {}
            Some(word) => (word.asked, word.line, word.said) = (listing.asked, listing.line, said),
            None => words.push(Word {
                endpoint,
                asked: listing.asked,
                line: listing.line,
                said,
                absent_before: None,
            }),
        }
    }
    words.sort_by_key(|word| word.endpoint);
    words
}
