//! A way to a store.

use history::{Cause, Failure, Outcome, generate::Request};

/// A connection that takes requests.
pub trait Store: Send + 'static {
    /// Tries a request, once. It always ends, within the store's own deadline, and says how.
    fn perform(&mut self, request: &Request) -> impl Future<Output = Outcome> + Send;
}

/// How a request ended that has no good answer: whoever only reads changes nothing, whatever became of it.
pub(super) fn without_answer(request: &Request, sure: bool, failure: Failure) -> Outcome {
    if sure || !request.action.writes() { Outcome::Failed(failure) } else { Outcome::Unknown(failure) }
}

/// How one ended that was not answered in time.
pub(super) fn silent(request: &Request, deadline: std::time::Duration) -> Outcome {
    without_answer(request, false, Failure::new(Cause::Silent, format!("no answer within {deadline:?}")))
}
