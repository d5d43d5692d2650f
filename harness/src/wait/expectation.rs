//! What somebody waits for, as a question to the world of the moment.

use crate::{journal::World, law::Obstacle};

/// The answer of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is so.
    Met,
    /// It is not so yet; the words say what is missing.
    NotYet(String),
    /// It can't become so any more; the words say why. The wait ends at once.
    Never(String),
    /// The surroundings don't allow it: an image that can't be had. The wait ends at once, and nobody broke a promise.
    Prevented(Obstacle, String),
}

/// Something expected of the world, with a sentence for the reader.
pub struct Expectation {
    /// `all 3 pods of sentinel are ready`
    pub sentence: String,
    /// The diagnosis' causes that are no excuse: in spite of them it is promised.
    pub despite: Vec<&'static str>,
    check: Box<dyn Fn(&World) -> Progress + Send + Sync>,
}

impl Expectation {
    /// A new one. The check is asked at every change, so it must be quick, and it must depend on the world alone.
    pub fn new(
        sentence: impl Into<String>,
        check: impl Fn(&World) -> Progress + Send + Sync + 'static,
    ) -> Self {
        Self { sentence: sentence.into(), despite: Vec::new(), check: Box::new(check) }
    }

    /// Promised in spite of these causes, which would excuse others: a failed pod is replaced though it has failed.
    pub fn despite(mut self, causes: impl IntoIterator<Item = &'static str>) -> Self {
        self.despite.extend(causes);
        self
    }

    /// Asks the world.
    pub fn check(&self, world: &World) -> Progress {
        (self.check)(world)
    }

    /// Met when both are. What excuses one of them excuses both.
    pub fn and(self, other: Self) -> Self {
        let both = self.despite.iter().copied().filter(|cause| other.despite.contains(cause));
        let despite: Vec<_> = both.collect();
        let both = Self::new(format!("{} and {}", self.sentence, other.sentence), move |world| {
            match (self.check(world), other.check(world)) {
                (Progress::Prevented(by, why), _) | (_, Progress::Prevented(by, why)) => {
                    Progress::Prevented(by, why)
                }
                (Progress::Never(why), _) | (_, Progress::Never(why)) => Progress::Never(why),
                (Progress::NotYet(why), _) | (_, Progress::NotYet(why)) => Progress::NotYet(why),
                (Progress::Met, Progress::Met) => Progress::Met,
            }
        });
        both.despite(despite)
    }
}

impl std::fmt::Debug for Expectation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Expectation").field(&self.sentence).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Progress::{Met, Never, NotYet, Prevented},
        *,
    };

    #[test]
    fn of_two_the_worse_is_the_answer() {
        let of = |progress: &Progress| {
            let progress = progress.clone();
            Expectation::new("one", move |_| progress.clone())
        };
        // From the best to the worst.
        let all = [
            Met,
            NotYet("later".into()),
            Never("never".into()),
            Prevented(Obstacle::Image, "prevented".into()),
        ];
        for (place, better) in all.iter().enumerate() {
            for worse in all.iter().skip(place) {
                assert_eq!(of(better).and(of(worse)).check(&World::default()), *worse);
                assert_eq!(of(worse).and(of(better)).check(&World::default()), *worse);
            }
        }
    }

    #[test]
    fn the_sentence_is_what_a_reader_sees() {
        let expectation = Expectation::new("one", |_| Met).and(Expectation::new("two", |_| Met));
        assert_eq!(format!("{expectation:?}"), r#"Expectation("one and two")"#);
    }
}
