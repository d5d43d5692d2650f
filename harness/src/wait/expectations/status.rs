//! What is expected of a set's status.

use crate::{
    clock,
    journal::Promise,
    law::census::disagreement,
    wait::{
        Expectation,
        Progress::{Met, NotYet},
    },
};

/// The status of the set agrees with its pods, in every counter.
pub fn status_agrees(promise: &Promise) -> Expectation {
    let promise = promise.clone();
    Expectation::new(format!("the status of {} agrees with its pods", promise.set), move |world| {
        disagreement(world, &promise, clock::now()).map_or(Met, NotYet)
    })
}
