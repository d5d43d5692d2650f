//! PostgreSQL: a data folder belongs to one major version (https://www.postgresql.org/docs/current/upgrading.html).

use std::cmp::Ordering;

use super::{Step, Version};

pub(super) fn step(from: &Version, to: &Version, was: &str, is: &str) -> Option<Step> {
    let (old, new) = (Major::of(from), Major::of(to));
    if (old.0, old.1) != (new.0, new.1) {
        // It runs pg_upgrade at its start.
        if is.contains("pgautoupgrade") && (new.0, new.1) > (old.0, old.1) {
            return Some(Step::care(
                format!("the image upgrades the data folder of {} at its start", old.words()),
                "take a backup: there is no way back",
            ));
        }
        let layout = if old.0 < 18 && new.0 >= 18 {
            "; from 18 on the official image also keeps its data in another folder, and refuses a volume mounted at /var/lib/postgresql/data"
        } else {
            ""
        };
        return Some(Step::breaks(
            format!(
                "PostgreSQL {} does not start over a data folder of {} (PG_VERSION){layout}",
                new.words(),
                old.words()
            ),
            "keep the major version as the default; a new one needs pg_upgrade or dump and restore, into a volume of its own, described in the notes",
        ));
    }
    if to.compare(from) == Ordering::Less {
        return Some(Step::care(
            "a step back within one major version".to_owned(),
            "PostgreSQL reads the data, but loses what the newer one mended: say why",
        ));
    }
    (was.contains("alpine") != is.contains("alpine")).then(|| {
        Step::breaks(
            "the C library changes: text indexes are sorted otherwise, and the user id changes from 70 to 999 or back".to_owned(),
            "keep the base image; a change needs REINDEX of all text indexes, and the files' owner changed",
        )
    })
}

/// Before 10 the major version had two numbers.
struct Major(u32, u32);

impl Major {
    fn of(version: &Version) -> Self {
        match version.0[..] {
            [first, second, ..] if first < 10 => Self(first, second),
            [first, ..] => Self(first, 0),
            [] => Self(0, 0),
        }
    }

    fn words(&self) -> String {
        if self.0 < 10 { format!("{}.{}", self.0, self.1) } else { self.0.to_string() }
    }
}
