//! The clock by which everything is recorded: the wall's as it was when it was first asked, and the time that went by since. What sets
//! the wall's meanwhile moves nothing, so that what came later is never stamped earlier.

use std::{sync::LazyLock, time::Instant};

use jiff::{SignedDuration, Timestamp};

/// When this program began to record.
static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Timestamp::now(), Instant::now()));

/// Now, for journals, histories and whatever is compared with them.
pub fn now() -> Timestamp {
    let (wall, began) = *BEGAN;
    after(wall, began, Instant::now())
}

/// A moment of the wall's clock, which nodes on this machine tell the time by, on this one.
pub fn of_wall(moment: Timestamp) -> Timestamp {
    moved(moment, Timestamp::now(), now())
}

/// A moment, on a clock that shows one time while its own shows another.
fn moved(moment: Timestamp, own: Timestamp, other: Timestamp) -> Timestamp {
    other.checked_add(moment.duration_since(own)).unwrap_or(moment)
}

fn after(wall: Timestamp, began: Instant, now: Instant) -> Timestamp {
    wall.checked_add(now.duration_since(began)).unwrap_or(wall)
}

/// So much the wall's clock may be set back at once and nobody is told: two clocks are not read at the same moment.
const UNNOTICED: SignedDuration = SignedDuration::from_millis(5);

/// Watches whether the wall's clock is set back.
#[derive(Debug, Default)]
pub(crate) struct Wall {
    /// How far it was ahead of this clock when it was last looked at.
    ahead: Option<SignedDuration>,
    /// When it shows again what it had shown before it was set back.
    again: Option<Timestamp>,
}

impl Wall {
    /// Looks at both: whether what the wall's clock shows now it may have shown before.
    pub fn shows_again(&mut self) -> bool {
        let (before, wall, at) = (now(), Timestamp::now(), now());
        // Who was held up between the two has seen them at different moments.
        if at.duration_since(before) < UNNOTICED {
            self.look(wall, at);
        }
        self.again.is_some_and(|again| at < again)
    }

    fn look(&mut self, wall: Timestamp, at: Timestamp) {
        let ahead = wall.duration_since(at);
        let back = self.ahead.map_or(SignedDuration::ZERO, |before| before - ahead);
        if back > UNNOTICED {
            let again = at.checked_add(back + SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
            self.again = self.again.max(Some(again));
        }
        self.ahead = Some(ahead);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wall_that_is_set_back_shows_its_times_again() {
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        let mut wall = Wall::default();
        for (shown, now) in [(7_000, 1_000), (7_500, 1_500), (9_000, 2_000), (9_498, 2_500)] {
            wall.look(at(shown), at(now));
            assert_eq!(wall.again, None, "forwards, or as slowly as a clock is slewed");
        }
        wall.look(at(6_000), at(3_000));
        assert_eq!(wall.again, Some(at(3_000 + 3_998 + 1_000)));
        wall.look(at(6_400), at(3_500));
        assert_eq!(wall.again, Some(at(3_000 + 3_998 + 1_000)), "slower still, and not for longer");
        assert!(!Wall::default().shows_again());
    }

    #[test]
    fn only_the_time_that_went_by_counts() {
        let (wall, began) = (Timestamp::UNIX_EPOCH, Instant::now());
        let later = after(wall, began, began + Duration::from_millis(1_500));
        assert_eq!(later.as_millisecond(), 1_500);
        let at = |seconds| Timestamp::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(moved(at(100), at(110), at(170)), at(160));
        assert_eq!(moved(at(100), at(90), at(20)), at(30));
        assert!(of_wall(Timestamp::now()).duration_since(now()).as_secs().abs() < 60);
        assert!(now() <= now() && now().duration_since(Timestamp::now()).as_secs().abs() < 60);
    }
}
