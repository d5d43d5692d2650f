//! What helps, by words: where no field of the API tells, what was said does.

/// Words that may be said, each with what helps against it.
pub(super) type Remedies = &'static [(&'static [&'static str], &'static str)];

/// What helps against the first of these that a text speaks of.
pub(super) fn against(remedies: Remedies, text: &str) -> Option<&'static str> {
    let spoken_of = |words: &[&str]| words.iter().any(|word| text.contains(word));
    remedies.iter().find(|(words, _)| spoken_of(words)).map(|(_, helps)| *helps)
}
