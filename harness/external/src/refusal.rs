//! Who refuses what the API server was asked: a cluster's own rules stand before the API's, and are told apart by their words
//! alone. By its code a policy's no is the answer to what is invalid.

use record::law::Obstacle;

/// The rule of the cluster that refused something with these words; none where the API itself did.
pub fn behind(words: &str) -> Option<Obstacle> {
    let says = |part: &str| words.contains(part);
    let policy = says(" with binding '") && says("denied request");
    let webhook =
        says("admission webhook \"") && says("denied the request") || says("failed calling webhook");
    let limits = says(" usage per ") || says("limit to request ratio per ");
    if policy || webhook || says("violates PodSecurity") {
        Some(Obstacle::Admission)
    } else if says("exceeded quota: ")
        || says("failed quota: ")
        || says("insufficient quota to match")
        || limits
    {
        Some(Obstacle::Quota)
    } else if says("User \"") && says("\" cannot ") {
        Some(Obstacle::Rights)
    } else if says("failed to allocate ") && says("range is full") {
        // Of the addresses of Services, or of their ports on nodes: a 500, though it is known what is wrong.
        Some(Obstacle::Room)
    } else if says("because it is being terminated") {
        Some(Obstacle::Namespace)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Class, Error};

    fn refused(code: u16, message: &str) -> Error {
        let status = kube::core::Status { code, message: message.into(), ..kube::core::Status::default() };
        Error::api("patch statefulset sentinel")(kube::Error::Api(Box::new(status)))
    }

    #[test]
    fn a_rule_of_the_cluster_is_neither_a_promise_nor_a_bug_of_ours() {
        for (code, words, obstacle) in [
            (
                422,
                "statefulsets.apps \"sentinel\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied \
                 request: failed expression: object.spec.replicas <= 2",
                Obstacle::Admission,
            ),
            (
                400,
                "admission webhook \"validate.example.com\" denied the request: no owner label",
                Obstacle::Admission,
            ),
            (
                500,
                "Internal error occurred: failed calling webhook \"validate.example.com\": no endpoints",
                Obstacle::Admission,
            ),
            (
                403,
                "pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot",
                Obstacle::Admission,
            ),
            (
                403,
                "pods \"a\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=3, limited: pods=3",
                Obstacle::Quota,
            ),
            (
                403,
                "pods \"a\" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi",
                Obstacle::Quota,
            ),
            (
                403,
                "unable to create new content in namespace a because it is being terminated",
                Obstacle::Namespace,
            ),
            (500, "Internal error occurred: failed to allocate a serviceIP: range is full", Obstacle::Room),
        ] {
            let error = refused(code, words);
            assert_eq!((error.obstacle(), error.class()), (Some(obstacle), Class::Environment), "{words}");
        }
    }

    #[test]
    fn an_answer_that_is_none_is_no_bug_of_ours() {
        for code in [408, 410, 421, 429] {
            let error = refused(code, "later");
            assert_eq!(
                (error.obstacle(), error.class()),
                (Some(Obstacle::ApiAway), Class::Environment),
                "{code}"
            );
            assert!(!error.is_own_refusal(), "{code}");
        }
    }

    #[test]
    fn what_the_api_itself_refuses_is_its_own() {
        let invalid =
            "StatefulSet.apps \"sentinel\" is invalid: spec: Forbidden: updates to statefulset spec";
        assert_eq!((refused(422, invalid).obstacle(), refused(422, invalid).class()), (None, Class::Error));
        let budget = "Cannot evict pod as it would violate the pod's disruption budget.";
        assert_eq!(behind(budget), None);
        let class =
            "persistentvolumeclaims \"a\" is forbidden: only dynamically provisioned pvc can be resized";
        let own = [(422, invalid), (403, class), (429, budget), (503, "away")];
        assert_eq!(
            own.map(|(code, words)| refused(code, words).is_own_refusal()),
            [true, true, false, false]
        );
        let user = "pods is forbidden: User \"a\" cannot list resource \"pods\" in API group \"\"";
        let lacking = refused(403, user);
        assert_eq!((lacking.obstacle(), lacking.is_own_refusal()), (Some(Obstacle::Rights), false));
    }
}
