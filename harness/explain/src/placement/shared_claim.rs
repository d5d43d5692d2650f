//! A claim that one pod alone may use, and the pod that does.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::{
    Picture,
    cause::{self, Cause},
    claim,
    evidence::Evidence,
    picture::{phase, spec},
};

const ONE_POD: &str = "ReadWriteOncePod";

/// A pod that finds no node since another has its volume.
pub(super) fn examine(picture: &Picture, pod: &Pod, said: &str) -> Cause {
    let about = format!("pod/{}", pod.name_any());
    let Some((claim, user)) = used(picture, pod) else {
        return Cause::new(cause::VOLUME_IN_USE, about, said).advise(format!(
            "find the other pod that mounts the claim: {}",
            picture.kubectl("describe pvc")
        ));
    };
    let (name, set) = (user.name_any(), picture.name());
    let field = Evidence::field(format!("persistentvolumeclaim/{claim}"), "spec.accessModes", ONE_POD);
    let own = picture.pods_of_set().values().any(|pod| pod.name_any() == name);
    let whose = if own { " of this very set" } else { "" };
    let seen = format!(
        "{said}; PVC {claim} may be used by one pod alone ({ONE_POD}), and pod {name}{whose} uses it"
    );
    let cause = Cause::new(cause::VOLUME_IN_USE, about, seen).by([field]);
    if own {
        return cause
            .advise(format!("give each pod a volume of its own: a volumeClaimTemplate in statefulset {set}, in the place of the volume that names PVC {claim}; claim templates can't be changed: {}, and apply the manifest", picture.kubectl(&format!("delete statefulset {set} --cascade=orphan"))))
            .advise(format!("or, if they are to share its data, let them mount a claim with ReadWriteMany, of a class that has it; or run one pod: {}", picture.kubectl(&format!("scale statefulset {set} --replicas 1"))));
    }
    cause
        .advise(format!("see whether pod {name} still needs it: {}; once that pod is gone, the scheduler finds a node by itself", picture.kubectl(&format!("describe pod {name}"))))
        .advise(format!("or give statefulset {set} a volume of its own: a volumeClaimTemplate"))
}

/// The claim for one pod alone that a pod mounts, and the other one that has it on a node.
fn used<'a>(picture: &'a Picture, pod: &Pod) -> Option<(String, &'a Pod)> {
    let for_one = |name: &String| {
        let modes = picture.claim(name).and_then(|claim| claim.spec.as_ref()?.access_modes.as_ref());
        modes.is_some_and(|modes| modes.iter().any(|mode| mode == ONE_POD))
    };
    claim::mounted(pod).into_iter().filter(for_one).find_map(|name| {
        let user = picture.pods.iter().find(|other| {
            other.name_any() != pod.name_any()
                && spec(other).node_name.is_some()
                && !["Failed", "Succeeded"].contains(&phase(other))
                && claim::mounted(other).contains(&name)
        })?;
        Some((name, user))
    })
}
