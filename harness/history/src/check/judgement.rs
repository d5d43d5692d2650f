//! What a checker says of a history.

use std::collections::BTreeSet;

/// The verdict of one checker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// How many operations it judged.
    pub judged: u64,
    /// What is wrong, in the order found.
    pub anomalies: Vec<Anomaly>,
    /// What it could not judge, and why; a sentence each.
    pub unjudged: Vec<String>,
    /// What the operations came to, the acknowledged writes first.
    pub counts: Vec<Count>,
}

impl Judgement {
    /// What the sentences about anomalies speak of: the acknowledged writes where they were counted, else all that was judged.
    pub fn of(&self) -> u64 {
        self.counts.first().map_or(self.judged, |count| count.value)
    }
}

/// Where something was found, each place once: what comes after "at".
pub(super) fn places<'a>(endpoints: impl Iterator<Item = &'a str>) -> String {
    let places: BTreeSet<&str> = endpoints.collect();
    places.into_iter().collect::<Vec<_>>().join(", and at ")
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// What.
    pub kind: Kind,
    /// What was expected and what was found, and where.
    pub text: String,
    /// The history's lines that prove it.
    pub lines: Vec<u64>,
}

/// A figure for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// `acknowledged writes`
    pub name: &'static str,
    /// How many.
    pub value: u64,
    /// `writes`, `bytes`
    pub unit: &'static str,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Acknowledged, and not there at the end.
    Lost,
    /// There, with other content than was sent.
    Diverged,
    /// Acknowledged, and the store can't give it.
    Unreadable,
    /// There, and its head says that it is something else.
    Mislabelled,
    /// Acknowledged and readable, and no listing shows it.
    Unlisted,
    /// A listing shows it, and it can't be read.
    Torn,
    /// There twice.
    Duplicated,
    /// There, and never sent.
    Phantom,
    /// There, though the store had surely refused it.
    RefusedButStored,
    /// There, though its deletion was acknowledged and nothing was put since.
    Resurrected,
    /// A read did not see a write that had been acknowledged before it began.
    Stale,
    /// A read saw what was written only after it.
    Future,
    /// A later reader saw something older than an earlier one.
    Backwards,
    /// No order of the operations explains what they answered.
    NotLinearizable,
    /// The accounts hold another total.
    TotalChanged,
    /// What the accounts hold is no outcome of what was sent.
    Misplaced,
    /// Two transactions write each before the other.
    G0,
    /// A transaction read what was never committed.
    G1a,
    /// A transaction read what another had not finished writing.
    G1b,
    /// Transactions depend on each other in a circle.
    G1c,
    /// A circle with one transaction that did not see what another of it wrote.
    GSingle,
    /// A circle with several of these: write skew.
    G2Item,
    /// A transaction does not see its own writes.
    Internal,
    /// Two reads of one list have no common beginning.
    IncompatibleOrder,
    /// An answer that only a quorum can give, without one; or an error other than 503.
    Dishonest,
    /// A write was acknowledged while too few nodes were up.
    AcknowledgedByFew,
    /// An error was answered where everything should go on.
    Unavailable,
    /// A part of an object has other bytes than were written there.
    WrongRange,
    /// A listing misses what was acknowledged before it began.
    Overlooked,
    /// A listing is out of order, or shows what was not asked for.
    Disordered,
    /// A conditional write did not mind what was there.
    ConditionIgnored,
}

impl Kind {
    /// All of them, the worst first.
    pub const ALL: [Self; 31] = [
        Self::Lost,
        Self::Diverged,
        Self::Unreadable,
        Self::Mislabelled,
        Self::Unlisted,
        Self::Torn,
        Self::Duplicated,
        Self::Phantom,
        Self::RefusedButStored,
        Self::Resurrected,
        Self::Stale,
        Self::Future,
        Self::Backwards,
        Self::NotLinearizable,
        Self::TotalChanged,
        Self::Misplaced,
        Self::G0,
        Self::G1a,
        Self::G1b,
        Self::G1c,
        Self::GSingle,
        Self::G2Item,
        Self::Internal,
        Self::IncompatibleOrder,
        Self::Dishonest,
        Self::AcknowledgedByFew,
        Self::Unavailable,
        Self::WrongRange,
        Self::Overlooked,
        Self::Disordered,
        Self::ConditionIgnored,
    ];

    /// What is wrong, in a sentence; `of` is how much was judged.
    pub fn sentence(self, many: usize, of: u64) -> String {
        match self {
            Self::Lost => format!("{many} of {of} acknowledged writes are lost"),
            Self::Diverged => format!("{many} writes have other content than was sent"),
            Self::Unreadable => format!("{many} of {of} acknowledged writes can't be read"),
            Self::Mislabelled => format!("{many} objects have heads or tags of something else"),
            Self::Unlisted => format!("{many} of {of} acknowledged writes are missing from the listing"),
            Self::Torn => format!("{many} keys are listed and can't be read"),
            Self::Duplicated => format!("{many} keys are there twice"),
            Self::Phantom => format!("{many} keys are there that were never written"),
            Self::RefusedButStored => format!("{many} writes were refused but stored"),
            Self::Resurrected => format!("{many} keys are there though they were deleted"),
            Self::Stale => format!("{many} of {of} reads are stale"),
            Self::Future => format!("{many} of {of} reads saw what was written after them"),
            Self::Backwards => format!("{many} of {of} reads lost what an earlier reader had seen"),
            Self::NotLinearizable => format!("{many} of {of} keys are not linearizable"),
            Self::TotalChanged => format!("{many} of {of} reads of all accounts find another total"),
            Self::Misplaced => format!("{many} of {of} reads of all accounts find what no transfers explain"),
            Self::G0 => format!("{many} circles of writes (G0) among {of} transactions"),
            Self::G1a => format!("{many} reads of what was never committed (G1a) among {of} transactions"),
            Self::G1b => format!("{many} reads of unfinished writes (G1b) among {of} transactions"),
            Self::G1c => format!("{many} circles of dependencies (G1c) among {of} transactions"),
            Self::GSingle => format!("{many} circles with one stale read (G-single) among {of} transactions"),
            Self::G2Item => format!("{many} write skews (G2-item) among {of} transactions"),
            Self::Internal => format!("{many} of {of} transactions don't see their own writes"),
            Self::IncompatibleOrder => {
                format!("{many} lists were read in two orders, among {of} transactions")
            }
            Self::Dishonest => format!("{many} of {of} answers without a quorum are no 503"),
            Self::AcknowledgedByFew => format!("{many} of {of} writes were acknowledged without a quorum"),
            Self::Unavailable => format!("{many} of {of} operations were answered with an error"),
            Self::WrongRange => format!("{many} of {of} reads of parts got other bytes than were written"),
            Self::Overlooked => format!("{many} of {of} keys listed miss what was acknowledged before"),
            Self::Disordered => {
                format!("{many} listings are out of order, or show what was not asked for")
            }
            Self::ConditionIgnored => {
                format!("{many} of {of} conditional writes did not mind what was there")
            }
        }
    }
}
