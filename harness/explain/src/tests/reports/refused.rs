//! What the API server does not let the controller do, and what stands in the set's place.

use serde_json::json;

use super::{Report, World, report};
use crate::{
    State, cause,
    tests::world::{A_MINUTE_AGO, LONG_AGO},
};

fn not_created(pod: &str, told: &str) -> World {
    World::new(1).without_pod(0).event(
        "set-web",
        "FailedCreate",
        &format!("create Pod {pod} in StatefulSet web failed error: {told}"),
    )
}

pub fn reports() -> Vec<Report> {
    let security = "pods \"web-0\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"main\" must set securityContext.allowPrivilegeEscalation=false)";
    let enforced = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
    let earlier = json!({"metadata": {"deletionTimestamp": A_MINUTE_AGO, "deletionGracePeriodSeconds": 30, "labels": {"app": "web"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "an-earlier-set", "controller": true}]}});
    let held = json!({"metadata": {"deletionTimestamp": LONG_AGO, "finalizers": ["starrocks.com.starrockswarehouse/protection"]}});
    let lease = json!({"spec": {"renewTime": "2026-01-01T11:59:55.000000Z", "leaseDurationSeconds": 15}});
    vec![
        report("rancher/k3k#578", not_created("web-0", security).object("namespace", "shop", enforced))
            .certain(cause::POD_SECURITY_REFUSED)
            .says(&["pod-security.kubernetes.io/enforce", "allowPrivilegeEscalation=false"]),
        report("mariadb-operator/mariadb-operator#337", not_created("web-0", "pods \"web-0\" is forbidden: no PriorityClass with name high-priority was found").set(json!({"spec": {"template": {"spec": {"priorityClassName": "high-priority"}}}})))
            .certain(cause::POD_CLASS_MISSING)
            .says(&["(priorityclass/high-priority)", "kubectl create priorityclass high-priority"]),
        report("canonical/microk8s#2359", not_created("web-0", "pods \"web-0\" is forbidden: pod rejected: RuntimeClass \"gvisor\" not found").set(json!({"spec": {"template": {"spec": {"runtimeClassName": "gvisor"}}}})))
            .certain(cause::POD_CLASS_MISSING)
            .says(&["(runtimeclass/gvisor)"]),
        report("openebs-archive/cstor-operators#196", not_created("web-0", "insufficient quota to match these scopes: [{PriorityClass In [system-node-critical system-cluster-critical]}]"))
            .certain(cause::QUOTA_EXCEEDED)
            .says(&["scopeSelector"]),
        report("Winson-030/dify-kubernetes#63", not_created("web-0", "Pod \"web-0\" is invalid: spec.initContainers[0].volumeMounts[0].name: Not found: \"dify-api-storage\""))
            .certain(cause::ADMISSION_REFUSED)
            .says(&["spec.initContainers[0].volumeMounts[0].name"]),
        report("StarRocks/starrocks-kubernetes-operator#622", World::new(2).set(held))
            .certain(cause::FINALIZER_HOLDS)
            .says(&["starrockswarehouse/protection", "(statefulset/web)"]),
        report("kubernetes/kubernetes#111778", World::new(3)
            .set(json!({"spec": {"podManagementPolicy": "Parallel"}}))
            .pod(1, earlier)
            .node("worker", json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}))
            .pod(0, json!({"spec": {"nodeName": "worker2"}}))
            .without_pod(2)
            .event("set-web", "FailedCreate", "create Pod web-1 in StatefulSet web failed error: pods \"web-1\" already exists")
            .quiet())
            .certain(cause::NODE_NOT_READY)
            .says(&["pod web-1", "an earlier"]),
        report("kubernetes/kubernetes#46901", World::new(2).pod(0, json!({"metadata": {"ownerReferences": [], "labels": {"app": "web-old"}}})))
            .certain(cause::NAME_TAKEN)
            .says(&["app=web", "label pod web-0"]),
        report("our own: a quota of revisions", World::new(1)
            .set(json!({"metadata": {"generation": 4}}))
            .object("lease", "kube-controller-manager", lease)
            .object("quota", "few", json!({"status": {"hard": {"count/controllerrevisions.apps": "1"}, "used": {"count/controllerrevisions.apps": "1"}}}))
            .quiet())
            .likely(cause::QUOTA_EXCEEDED)
            .says(&["(resourcequota/few)", "controllerrevisions"]),
        report("our own: a set scaled to nothing", World::new(0)).is(State::Healthy).says(&["asks for no pod"]),
    ]
}
