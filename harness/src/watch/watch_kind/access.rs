//! Whether the API server lets a watch in: one that is away, or has only just come back, is told from one that says no.

use std::time::{Duration, Instant};

use record::law::Obstacle;

use crate::error::Error;

/// An API server that comes back forbids everything, until it has read who may do what. To leave it alone meanwhile would
/// be to miss what its controllers do first.
const STARTING: Duration = Duration::from_secs(5);

/// What the API server has answered of late.
#[derive(Debug, Default)]
pub(super) struct Access {
    /// Since when it does not answer.
    away: Option<Instant>,
    /// Since when it answers that we may not.
    forbids: Option<Instant>,
    /// Why it does not let us in.
    shut_out: Option<(Obstacle, String)>,
}

impl Access {
    /// It does not answer, and has not since then.
    pub(super) fn silent(&mut self, since: Instant) {
        self.away.get_or_insert(since);
    }

    /// It answered with an error at this moment. Whether it means to keep us out, which it had not said before.
    pub(super) fn refused(&mut self, error: &Error, now: Instant) -> bool {
        let Some(obstacle) = forbids(error) else {
            self.silent(now);
            return false;
        };
        let since = *self.forbids.get_or_insert(now);
        if self.away.is_some() && now.duration_since(since) <= STARTING {
            return false;
        }
        self.shut_out.replace((obstacle, error.to_string())).is_none()
    }

    /// It lets us in at this moment: for how long it had not answered, and why it had kept us out.
    pub(super) fn answered(&mut self, now: Instant) -> (Option<Duration>, Option<Obstacle>) {
        let Self { away, shut_out, .. } = std::mem::take(self);
        (away.map(|since| now.duration_since(since)), shut_out.map(|(obstacle, _)| obstacle))
    }

    /// Whether it keeps us out.
    pub(super) fn is_shut_out(&self) -> bool {
        self.shut_out.is_some()
    }

    /// Why nobody can say what has happened, when what was asked at this moment ended so.
    pub(super) fn blind(&mut self, error: &Error, asked: Instant) -> Error {
        let forbids = forbids(error);
        if forbids.is_none() {
            self.silent(asked);
        }
        match (&self.shut_out, forbids) {
            (Some((obstacle, why)), _) => Error::not_judged(*obstacle, why.clone()),
            (None, Some(obstacle)) if self.away.is_none() => Error::not_judged(obstacle, error.to_string()),
            (None, _) => Error::not_judged(Obstacle::ApiAway, error.to_string()),
        }
    }
}

/// Why the API server would not let us in, if that is what an error says.
fn forbids(error: &Error) -> Option<Obstacle> {
    error.obstacle().filter(|why| matches!(why, Obstacle::Credentials | Obstacle::Rights))
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn answer(code: u16) -> Error {
        let status = Status { code, message: format!("it is a {code}"), ..Status::default() };
        Error::api("watching pods")(kube::Error::Api(Box::new(status)))
    }

    fn obstacle(error: &Error) -> Option<Obstacle> {
        error.obstacle()
    }

    #[test]
    fn who_forbids_and_is_there_means_it_and_says_so_once() {
        for (code, why) in [(401, Obstacle::Credentials), (403, Obstacle::Rights)] {
            let (mut access, now) = (Access::default(), Instant::now());
            assert!(access.refused(&answer(code), now));
            assert!(!access.refused(&answer(code), now), "said twice");
            assert!(access.is_shut_out());
            let blind = access.blind(&answer(500), now);
            assert_eq!(obstacle(&blind), Some(why));
            assert!(blind.to_string().contains(&format!("it is a {code}")), "{blind}");
            assert_eq!(access.answered(now).1, Some(why));
            assert!(!access.is_shut_out());
        }
    }

    // As nodes::control_plane met it: the API server was killed, and answered 403 until it had read its roles.
    #[test]
    fn who_has_only_just_come_back_forbids_for_a_moment_and_does_not_mean_it() {
        let (mut access, killed) = (Access::default(), Instant::now());
        let after = |seconds| killed + Duration::from_secs(seconds);
        assert!(!access.refused(&answer(503), killed));
        for seconds in [3, 4, 8] {
            assert!(!access.refused(&answer(403), after(seconds)));
            assert!(!access.is_shut_out());
            assert_eq!(obstacle(&access.blind(&answer(403), killed)), Some(Obstacle::ApiAway));
        }
        assert_eq!(access.answered(after(9)), (Some(Duration::from_secs(9)), None));
    }

    #[test]
    fn a_list_that_is_forbidden_where_the_watch_goes_on_is_for_want_of_rights() {
        let (mut access, now) = (Access::default(), Instant::now());
        assert_eq!(obstacle(&access.blind(&answer(403), now)), Some(Obstacle::Rights));
        assert_eq!(access.answered(now), (None, None));
        assert_eq!(obstacle(&access.blind(&answer(503), now)), Some(Obstacle::ApiAway));
        assert_eq!(access.answered(now), (Some(Duration::ZERO), None));
    }

    #[test]
    fn who_came_back_and_forbids_for_long_means_it() {
        let (mut access, killed) = (Access::default(), Instant::now());
        access.silent(killed);
        assert!(!access.refused(&answer(403), killed + Duration::from_secs(3)));
        assert!(access.refused(&answer(403), killed + Duration::from_secs(9)));
        assert_eq!(obstacle(&access.blind(&answer(403), killed)), Some(Obstacle::Rights));
        // Where it was once let in, what came before is forgotten.
        access.answered(killed + Duration::from_secs(10));
        access.silent(killed + Duration::from_secs(20));
        assert!(!access.refused(&answer(403), killed + Duration::from_secs(21)));
    }
}
