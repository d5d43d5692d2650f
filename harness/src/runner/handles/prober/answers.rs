//! What a DNS's answers say of a name.

use crate::{
    law::Obstacle,
    report::terrain::{Dns, KnownBy},
    wait::Progress,
    workload::sentinel::{Answer, Repeated},
};

/// How a DNS says that a name has no address: there is no such name, or nothing of this kind under it.
pub(super) const NO_ADDRESS: [&str; 2] = ["NXDOMAIN", "NODATA"];

/// Why an error says nothing of a name.
pub(super) const FORWARDED: &str = "where there is no such name, this DNS asks other servers, or may";

/// Whether an answer is exactly these addresses, given sorted. That there is none must be said: a question that failed has
/// no answer.
pub(super) fn says(answer: &Answer, addresses: &[String]) -> bool {
    let mut found = answer.addresses();
    found.sort_unstable();
    found == addresses && (!addresses.is_empty() || NO_ADDRESS.contains(&answer.code.as_str()))
}

/// Whether an error may be that of other servers.
pub(super) fn may_be_others(answer: &Answer) -> bool {
    answer.is_silence() || answer.code == "SERVFAIL"
}

/// What answers say of a name that must not be there, of a DNS that asks others then: nothing, where they differ by errors alone.
pub(super) fn unless_others(answers: &[Repeated], progress: Progress) -> Progress {
    let mut errors = answers.iter().map(|repeated| &repeated.answer);
    let alone = errors.all(|answer| NO_ADDRESS.contains(&answer.code.as_str()) || may_be_others(answer));
    match progress {
        Progress::NotYet(told) | Progress::Prevented(_, told) if alone => {
            Progress::Prevented(Obstacle::Terrain, format!("{told}; {FORWARDED}"))
        }
        progress => progress,
    }
}

/// Why nothing can be held against how long an address, or an absence, is said to be kept.
pub(super) fn unbounded(dns: &Dns, absence: bool) -> Option<&'static str> {
    match dns.known_by {
        KnownBy::Measurement => Some("the DNS's configuration can't be read"),
        // A cache may cut it short, and where there is none it is what those others say.
        KnownBy::Configuration => (absence && dns.forwards_absence).then_some(FORWARDED),
    }
}

/// Whether each of many answers is right; if one is not, all that differ are told. Where the others are none, nobody said anything
/// wrong.
pub(super) fn each_right(
    name: &str,
    answers: &[Repeated],
    right: impl Fn(&Answer) -> bool,
    expected: &str,
) -> Progress {
    if !answers.is_empty() && answers.iter().all(|repeated| right(&repeated.answer)) {
        return Progress::Met;
    }
    let told = |Repeated { answer, times }: &Repeated| {
        let Answer { code, answers, .. } = answer;
        let answers: Vec<_> = answers.iter().map(ToString::to_string).collect();
        let often = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
        format!("{often} {code} [{}]", answers.join(", "))
    };
    let told: Vec<_> = answers.iter().map(told).collect();
    let told = format!("{name} is {}; expected {expected}", told.join(", "));
    let silent = |repeated: &Repeated| right(&repeated.answer) || repeated.answer.is_silence();
    match !answers.is_empty() && answers.iter().all(silent) {
        true => Progress::Prevented(Obstacle::Prober, told),
        false => Progress::NotYet(told),
    }
}

#[cfg(test)]
mod tests;
