//! A program that looks for its ServiceAccount's token, and no token is mounted.

use kube::ResourceExt;

use crate::{
    cause::{self, Cause, quote},
    container::At,
    evidence::Evidence,
    log,
    picture::spec,
};

/// Where tokens are mounted.
const PLACE: &str = "kubernetes.io/serviceaccount";

/// A container that ended, and said that it has no token.
pub(super) fn examine(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let lacks = |line: &&&str| line.contains(PLACE) && line.to_lowercase().contains("no such file");
    let line = lines.iter().find(lacks)?;
    let mounts = at.template()?.volume_mounts.as_deref().unwrap_or_default();
    if mounts.iter().any(|mount| mount.mount_path.contains(PLACE)) {
        return None;
    }
    let (pod, set) = (at.pod.name_any(), at.picture.name());
    let account = spec(at.pod).service_account_name.as_deref().unwrap_or("default");
    let own = spec(at.pod).automount_service_account_token;
    let why = if own == Some(false) {
        "its template says so (automountServiceAccountToken: false)".to_owned()
    } else {
        format!("its ServiceAccount {account} says so (automountServiceAccountToken: false)")
    };
    let seen = format!(
        "ends, and its log says that it has no token of its ServiceAccount: {}; none is mounted: {why}",
        quote(line)
    );
    let field = own.map(|own| {
        let path = "spec.automountServiceAccountToken";
        Evidence::field(format!("pod/{pod}"), path, &own.to_string())
    });
    let cause = at
        .cause(cause::RIGHTS_MISSING, &seen)
        .by(field)
        .by(log::evidence(at.picture, at.pod, &at.container.name))
        .advise(format!("if it is to use the API, let it have one: automountServiceAccountToken: true in the pod template of statefulset {set}, which counts for more than what the ServiceAccount says; then delete the pod"))
        .advise("if it is not, take out of its settings what makes it ask the API (leader election, discovery by Kubernetes, a sidecar)");
    Some(match own {
        Some(false) => cause,
        _ => cause.likely(format!(
            "see it: {}",
            at.picture.kubectl(&format!("get serviceaccount {account} -o yaml"))
        )),
    })
}
