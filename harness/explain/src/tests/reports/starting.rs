//! Images, sandboxes, and containers that the runtime does not make.

use serde_json::json;

use super::{Report, World, report};
use crate::{State, cause};

const PULL: &str = "Failed to pull image \"web:1\": rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/web:1\": ";

/// `web-0`'s container waits so.
fn waits(reason: &str, told: &str) -> World {
    World::new(1)
        .container(0, json!({"state": {"waiting": {"reason": reason, "message": told}}}))
        .pod(0, json!({"status": {"phase": "Pending"}}))
}

fn creating() -> World {
    waits("ContainerCreating", "")
}

fn sandbox(told: &str) -> World {
    creating().event(
        "pod-web-0",
        "FailedCreatePodSandBox",
        &format!("Failed to create pod sandbox: rpc error: code = Unknown desc = {told}"),
    )
}

pub fn reports() -> Vec<Report> {
    let back_off = "Back-off pulling image \"web:1\"";
    let rebooted = json!({"state": {"terminated": {"exitCode": 255, "reason": "Unknown",
        "startedAt": "2026-01-01T09:00:00Z", "finishedAt": "2026-01-01T11:58:00Z"}}, "restartCount": 0});
    vec![
        report(
            "mvisonneau/helm-charts#30",
            waits("ImagePullBackOff", back_off).event("pod-web-0", "Failed", &format!("{PULL}no match for platform in manifest: not found")),
        )
        .certain(cause::WRONG_ARCHITECTURE)
        .says(&["no match for platform", "kubernetes.io/arch"])
        .not(&["spelled right", "imagePullSecrets"]),
        report(
            "confluentinc/confluent-kubernetes-examples#276",
            waits("ImagePullBackOff", back_off)
                .pod(0, json!({"spec": {"imagePullSecrets": [{"name": "regcred"}]}}))
                .event("pod-web-0", "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.")
                .event("pod-web-0", "Failed", "Failed to pull image \"web:1\": rpc error: code = Unknown desc = failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"),
        )
        .likely(cause::SECRET_MISSING)
        .says(&["(secret/regcred)", "401 Unauthorized", "create secret docker-registry regcred"]),
        report(
            "containerd/containerd#4604",
            waits("CreateContainerError", "failed to reserve container name \"web_web-0_shop_1\": name \"web_web-0_shop_1\" is reserved for \"2f1c\""),
        )
        .likely(cause::CONTAINER_CANNOT_START)
        .says(&["runtime of node worker"])
        .not(&["change command"]),
        report(
            "multigres/multigres-operator#466",
            waits("CreateContainerConfigError", "container has runAsNonRoot and image has non-numeric user (postgres), cannot verify user is non-root (pod: \"web-0_shop(1)\", container: main)"),
        )
        .certain(cause::CONTAINER_CONFIG_INVALID)
        .says(&["securityContext.runAsUser"]),
        report(
            "kubernetes/kubernetes#113204",
            World::new(1)
                .container(0, rebooted)
                .event("pod-web-0", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
                .event("pod-web-0", "FailedCreatePodSandBox", "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type=\"flannel\" failed (add): open /run/flannel/subnet.env: no such file or directory"),
        )
        .certain(cause::SANDBOX_FAILED)
        .says(&["subnet.env"]),
        report("aws/amazon-vpc-cni-k8s#281", sandbox("failed to setup network for sandbox \"9\": plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container"))
            .certain(cause::SANDBOX_FAILED)
            .says(&["no address left"]),
        report(
            "NVIDIA/gpu-operator#549",
            sandbox("failed to get sandbox runtime: no runtime for \"nvidia\" is configured").pod(0, json!({"spec": {"runtimeClassName": "nvidia"}})),
        )
        .certain(cause::SANDBOX_FAILED)
        .says(&["runtimeClassName", "node worker"])
        .not(&["network plugin"]),
        report(
            "cilium/cilium#22131",
            creating()
                .event("pod-web-0", "FailedMount", "MountVolume.SetUp failed for volume \"config\" : failed to sync configmap cache: timed out waiting for the condition")
                .ago(300)
                .event("pod-web-0", "Pulling", "Pulling image \"web:1\"")
                .ago(290),
        )
        .is(State::Moving)
        .says(&["Pulling image", "4 min 50 s ago"]),
    ]
}
