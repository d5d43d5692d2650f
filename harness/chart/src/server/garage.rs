//! Garage: major versions are told by the metadata's format (https://garagehq.deuxfleurs.fr/documentation/operations/upgrading/).

use std::cmp::Ordering;

use super::{Step, Version};

pub(super) fn step(from: &Version, to: &Version) -> Option<Step> {
    let (old, new) = (Major::of(from), Major::of(to));
    let (was, is) = (old.words(), new.words());
    let back = to.compare(from) == Ordering::Less;
    Some(match (old.rank(), new.rank()) {
        (old, new) if new < old => Step::breaks(
            format!("Garage {is} does not read the metadata of {was}"),
            "never step back over a major version: restore a snapshot instead",
        ),
        (old, new) if new > old + 1 => Step::breaks(
            format!(
                "Garage {was} to {is} steps over a major version: each migrates only from the one before"
            ),
            "go through every major version in turn",
        ),
        (old, new) if new > old => Step::breaks(
            format!("Garage {was} and {is} do not talk to each other: a rolling update splits the cluster"),
            "a major step needs all nodes stopped at once, after `garage repair --all-nodes --yes tables` and a snapshot: updateStrategy OnDelete and all pods deleted together, described in the notes",
        ),
        _ if back => Step::care(
            "a step back within one major version".to_owned(),
            "Garage does not promise to read newer metadata: take a snapshot first",
        ),
        _ => return None,
    })
}

/// Before 1.0 the second number was the major version.
struct Major(u32, u32);

impl Major {
    fn of(version: &Version) -> Self {
        match version.0[..] {
            [0, second, ..] => Self(0, second),
            [first, ..] => Self(first, 0),
            [] => Self(0, 0),
        }
    }

    fn rank(&self) -> u32 {
        if self.0 == 0 { self.1.min(9) } else { 9 + self.0 }
    }

    fn words(&self) -> String {
        if self.0 == 0 { format!("0.{}", self.1) } else { self.0.to_string() }
    }
}
