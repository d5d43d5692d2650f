//! What is to be said of a world.

use super::World;

/// A world, the one cause that is to be named, and what its text must contain.
pub(super) struct Case {
    pub id: &'static str,
    pub world: World,
    pub quotes: Vec<&'static str>,
}

pub(super) fn case(id: &'static str, world: World, quotes: &[&'static str]) -> Case {
    Case { id, world, quotes: quotes.to_vec() }
}
