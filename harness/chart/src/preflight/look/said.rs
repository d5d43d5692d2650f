//! What the API server says, where a refusal is an answer as well.

use external::error::{Error, Result, exit};
use kube::core::Status;

use crate::preflight::{Conflict, Trial};

/// What the API server says: something, or no.
pub(super) enum Said<T> {
    Yes(T),
    No(Box<Status>),
}

/// What the API server said, where a refusal is an answer as well.
pub(super) fn said<T>(answer: Result<T>) -> Result<Said<T>> {
    let (doing, error) = match answer {
        Ok(answer) => return Ok(Said::Yes(answer)),
        Err(Error::Api { doing, source }) => (doing, *source),
        Err(error) => return Err(error),
    };
    match error {
        kube::Error::Api(status) if is_answer(&status) => Ok(Said::No(status)),
        kube::Error::Api(_) | kube::Error::Auth(_) => Err(Error::api(doing)(error)),
        // Nobody answers.
        error => Err(Error::trouble(
            exit::UNREACHABLE,
            format!("{doing}: the API server does not answer: {error}"),
        )),
    }
}

/// Whether it is the object that is refused, and not the asking.
fn is_answer(status: &Status) -> bool {
    // A field that a definition does not have is told as an error of the server.
    let unknown_field = status.message.contains("failed to create typed patch object");
    unknown_field || ((400..500).contains(&status.code) && status.code != 429)
}

/// Whether we may not ask; an admission plugin that refuses the object says 403 as well.
pub(super) fn is_missing_right(status: &Status) -> bool {
    status.code == 403 && status.message.contains("User \"") && status.message.contains(" cannot ")
}

pub(super) fn refusal(status: &Status) -> Trial {
    let causes = status.details.as_ref().map(|details| &details.causes).into_iter().flatten();
    let causes = causes.map(|cause| (cause.field.clone(), cause.message.clone())).collect();
    Trial::Refused { message: status.message.clone(), causes }
}

/// The fields that another manager owns. Helm takes over what an older Helm has set under its own name.
pub(super) fn conflicts(status: &Status, manager: &str) -> Vec<Conflict> {
    let causes = status.details.as_ref().map(|details| &details.causes).into_iter().flatten();
    let others = causes.filter(|cause| {
        cause.reason == "FieldManagerConflict" && !cause.message.contains(&format!("\"{manager}\""))
    });
    others.map(|cause| Conflict { field: cause.field.clone(), said: cause.message.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn status(text: Value) -> Status {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_right_that_is_missing_is_told_from_an_object_that_is_refused() {
        let says = |message: &str| {
            is_missing_right(&status(
                json!({"status": "Failure", "message": message, "reason": "Forbidden", "code": 403}),
            ))
        };
        assert!(says(
            "services \"a\" is forbidden: User \"u\" cannot patch resource \"services\" in API group \"\""
        ));
        assert!(!says(
            "persistentvolumeclaims \"a\" is forbidden: only dynamically provisioned pvc can be resized"
        ));
        assert!(!says("pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\""));
    }

    #[test]
    fn conflicts_with_others_are_named_and_with_an_older_helm_not() {
        let cause = |manager: &str, field: &str| json!({"reason": "FieldManagerConflict", "message": format!("conflict with \"{manager}\""), "field": field});
        let said = status(
            json!({"status": "Failure", "code": 409, "message": "Apply failed with 2 conflicts", "reason": "Conflict",
            "details": {"causes": [cause("platform-team", ".spec.replicas"), cause("helm", ".spec.serviceName")]}}),
        );
        let found = conflicts(&said, "helm");
        assert_eq!(
            found,
            [Conflict { field: ".spec.replicas".into(), said: "conflict with \"platform-team\"".into() }]
        );
    }
}
