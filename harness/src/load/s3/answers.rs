//! What S3's answers mean.

use std::fmt::Display;

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError},
};
use history::{Answer, Cause, Failure, Outcome, generate::Request};

use crate::{error::Error, load::store::without_answer};

/// What S3 calls it that a part was never uploaded.
pub(super) const NO_SUCH_PART: &str = "InvalidPart";
/// What it calls it that nothing is there.
pub(super) const NO_SUCH_KEY: &str = "NoSuchKey";

/// How a request ended that S3 answered so.
pub(super) fn outcome<T, E>(
    request: &Request,
    result: Result<T, SdkError<E, HttpResponse>>,
    well: impl FnOnce(T) -> Answer,
) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match result {
        Ok(answer) => Outcome::Ok(well(answer)),
        Err(error) => without_answer(request, surely_refused(&error), failure(&error)),
    }
}

/// How the last of several steps ended. One that the store refuses by one of these codes did not see what it had acknowledged in one before.
pub(super) fn last_step<T, E>(
    request: &Request,
    forgets: &[&str],
    result: Result<T, SdkError<E, HttpResponse>>,
    well: impl FnOnce(T) -> Answer,
) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match result.as_ref().err().and_then(|error| forgotten(forgets, error)) {
        Some(failure) => Outcome::Failed(failure),
        None => outcome(request, result, well),
    }
}

/// Why a step failed that is not the first.
pub(super) fn step_failure<E>(forgets: &[&str], error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    forgotten(forgets, error).unwrap_or_else(|| failure(error))
}

/// That the store refused a step by one of these codes: it did not see what it had acknowledged before.
fn forgotten<E>(forgets: &[&str], error: &SdkError<E, HttpResponse>) -> Option<Failure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let forgets = forgets.iter().any(|code| names(error, code));
    forgets.then(|| Failure::new(Cause::Forgotten, reason(error)))
}

/// Whether the store refused with this code.
pub(super) fn names<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, code: &str) -> bool {
    matches!(error, SdkError::ServiceError(answer) if answer.err().code() == Some(code))
}

pub(super) fn failure<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = match error {
        SdkError::ServiceError(_) => {
            Cause::Answered(status(error).map_or("no status".to_owned(), |status| status.to_string()).into())
        }
        SdkError::TimeoutError(_) => Cause::Silent,
        _ if never_connected(error) => Cause::Unreachable,
        _ => Cause::Broken,
    };
    Failure::new(cause, reason(error))
}

/// Whether nobody took the connection: then nothing was sent.
fn never_connected(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    causes.filter_map(|error| error.downcast_ref()).any(refused)
}

/// Whether a write was surely not taken. 503 is not sure: Garage answers so when it has no quorum, and one node may
/// have stored it. Timeouts and connections that broke are not sure either.
fn surely_refused<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(_) => never_connected(error),
        SdkError::ServiceError(_) => status(error).is_some_and(sure_status),
        _ => false,
    }
}

/// Whether who answers with this status surely did nothing. Who asks for another time may have begun.
pub(super) fn sure_status(status: u16) -> bool {
    const ANOTHER_TIME: [u16; 3] = [408, 425, 429];
    ((400..500).contains(&status) && !ANOTHER_TIME.contains(&status)) || status == 501
}

/// A request that could not even be made.
pub(super) fn construction(error: &BuildError) -> Failure {
    Failure::new(Cause::Unreachable, error.to_string())
}

pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn reason<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("no code");
            let message = answer.err().message().unwrap_or("no message");
            format!("{} {code}: {message}", answer.raw().status().as_u16())
        }
        other => DisplayErrorContext(other).to_string(),
    }
}

/// The store answered with an error: its fault. It did not answer: that of the way to it.
pub(super) fn refused<E>(doing: impl Display, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(_) => Error::failed(format!("{doing}: {}", reason(error))),
        _ => unanswered(doing, error),
    }
}

fn unanswered<E>(doing: impl Display, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    Error::environment(format!("{doing}: {}", reason(error)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::{operation::put_object::PutObjectError, primitives::SdkBody};

    use super::*;

    fn answer(status: u16) -> SdkError<PutObjectError, HttpResponse> {
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        SdkError::service_error(PutObjectError::unhandled("answer"), response)
    }

    #[test]
    fn only_a_sure_refusal_counts_as_failed() {
        for status in [400, 403, 404, 409, 412, 501] {
            assert!(surely_refused(&answer(status)), "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert!(!surely_refused(&answer(status)), "{status}");
        }
        type Failure = SdkError<PutObjectError, HttpResponse>;
        assert!(!surely_refused(&Failure::timeout_error("slow")));
        assert!(surely_refused(&Failure::construction_failure("no bucket")));
    }
}
