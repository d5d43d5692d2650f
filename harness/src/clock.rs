//! The clock by which everything is recorded: the wall's as it was when it was first asked, and the time that went by since. What sets
//! the wall's meanwhile moves nothing, so that what came later is never stamped earlier.

use std::{sync::LazyLock, time::Instant};

use jiff::Timestamp;

/// When this program began to record.
static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Timestamp::now(), Instant::now()));

/// Now, for journals, histories and whatever is compared with them.
pub fn now() -> Timestamp {
    let (wall, began) = *BEGAN;
    after(wall, began, Instant::now())
}

fn after(wall: Timestamp, began: Instant, now: Instant) -> Timestamp {
    wall.checked_add(now.duration_since(began)).unwrap_or(wall)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_the_time_that_went_by_counts() {
        let (wall, began) = (Timestamp::UNIX_EPOCH, Instant::now());
        let later = after(wall, began, began + Duration::from_millis(1_500));
        assert_eq!(later.as_millisecond(), 1_500);
        assert!(now() <= now() && now().duration_since(Timestamp::now()).as_secs().abs() < 60);
    }
}
