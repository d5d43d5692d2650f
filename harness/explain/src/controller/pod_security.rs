//! What the security of a namespace or a cluster does not let a pod be. The API server has one reason for all refusals, so
//! that its sentence decides, with the namespace's labels beside it.

use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    evidence::Evidence,
};

const ENFORCED: &str = "pod-security.kubernetes.io/enforce";
const OPENSHIFT: &str = "unable to validate against any security context constraint";

/// A refusal for a pod's security settings, told in these words.
pub(super) fn refusal(picture: &Picture, told: &str, said: &str) -> Option<Cause> {
    let (namespace, set) = (picture.namespace(), picture.name());
    let about = format!("namespace/{namespace}");
    if told.contains(OPENSHIFT) {
        let account = account(picture);
        let cause = Cause::new(cause::POD_SECURITY_REFUSED, about, said)
            .advise(format!("ask for no more than the namespace gives, in the template of statefulset {set}: fixed users and groups (runAsUser, fsGroup) are most often what is refused"))
            .advise(format!("or give ServiceAccount {account} a SecurityContextConstraint that allows it: oc adm policy add-scc-to-user NAME -z {account} -n {namespace}"));
        return Some(cause);
    }
    let (_, rest) = told.split_once("violates PodSecurity \"")?;
    let level = rest.split(['"', ':']).next().unwrap_or_default();
    let home = picture.home.as_deref().unwrap_or_default().iter();
    let label = home.filter_map(|home| home.labels().get(ENFORCED)).next();
    let cause = Cause::new(
        cause::POD_SECURITY_REFUSED,
        about.clone(),
        format!("{said}; the namespace enforces the level {level} ({ENFORCED})"),
    )
    .by(label.map(|label| Evidence::field(about, format!("metadata.labels[{ENFORCED}]"), label)))
    .advise(format!("set what it asks for in the template of statefulset {set}; the controller tries again by itself"))
    .advise(format!("or let the namespace admit it: kubectl label namespace {namespace} {ENFORCED}=LEVEL --overwrite (privileged admits all, baseline most)"));
    Some(cause)
}

/// The ServiceAccount of the set's pods.
fn account(picture: &Picture) -> &str {
    picture.template().and_then(|template| template.service_account_name.as_deref()).unwrap_or("default")
}
