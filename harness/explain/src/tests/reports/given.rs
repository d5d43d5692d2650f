//! Sets that were broken by what their containers are given, on real clusters; the sentences are those that were seen.

use serde_json::{Value, json};

use super::{Report, World, diagnose, report};
use crate::{Certainty, State, cause};

const CHOWN: &str = "chown: changing ownership of '/var/lib/postgresql/data': Operation not permitted";
const NO_TOKEN: &str = "cat: /var/run/secrets/kubernetes.io/serviceaccount/token: No such file or directory";

/// `web-0` crashes, its container has this, its pod that, and it said so.
fn crashes(container: Value, pod: Value, log: &str) -> World {
    let mut main = json!({"name": "main", "image": "web:1"});
    for (key, value) in container.as_object().unwrap() {
        main[key] = value.clone();
    }
    let last = json!({"exitCode": 1, "reason": "Error", "startedAt": "2026-01-01T11:58:00Z", "finishedAt": "2026-01-01T11:58:20Z"});
    World::new(1)
        .container(0, json!({"image": main["image"], "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": last}, "restartCount": 4}))
        .pod(0, json!({"spec": {"containers": [main]}}))
        .pod(0, json!({"spec": pod}))
        .log(0, log)
}

/// A mount of the volume `data`, which is a claim until its pod says otherwise.
fn mounts(path: &str) -> Value {
    json!([{"name": "data", "mountPath": path}])
}

/// `web-0` is on its node, none of its containers was made, and their memory limit is this.
fn creating(limit: &str) -> World {
    World::new(1).container(0, json!({"state": {"waiting": {"reason": "ContainerCreating"}}})).pod(
        0,
        json!({"status": {"phase": "Pending"}, "spec": {
            "containers": [{"name": "main", "image": "web:1", "resources": {"limits": {"memory": limit}}}],
            "volumes": [{"name": "kube-api-access-sxrvv", "projected": {"sources": []}}]}}),
    )
}

/// `web-0` has no node, no scheduler speaks of it, and nothing changes.
fn unspoken(pod: Value) -> World {
    World::new(1).unscheduled(0, "").pod(0, json!({"status": {"conditions": []}, "spec": pod})).quiet()
}

fn device() -> Value {
    json!({"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}]})
}

/// The claim of `web-0` was provisioned, and is still asked for now and then.
fn provisioned(claim: Value) -> World {
    World::new(1)
        .unscheduled(0, "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
        .object("class", "standard", json!({"volumeBindingMode": "Immediate"}))
        .claim(0, json!({"spec": {"volumeName": null}, "status": {"phase": "Pending"}}))
        .claim(0, claim)
        .object("volume", "pv-0", json!({"spec": {"claimRef": {"namespace": "shop", "name": "data-web-0"}}}))
        .event("claim-data-web-0", "Provisioning", "External provisioner is provisioning volume for claim \"shop/data-web-0\"")
        .ago(300)
        .event("claim-data-web-0", "ProvisioningSucceeded", "Successfully provisioned volume pvc-f3208968-d92b-4c76-a034-090e4b9011b1")
        .ago(299)
        .event("claim-data-web-0", "ExternalProvisioning", "Waiting for a volume to be created either by the external provisioner 'rancher.io/local-path' or manually by the system administrator.")
        .times(11)
}

pub fn reports() -> Vec<Report> {
    [nodes(), memory(), volumes(), given(), needs()].into_iter().flatten().collect()
}

fn nodes() -> Vec<Report> {
    let not_found = "PodResourceClaim gpu: resource claim template \"gpu\": resourceclaimtemplate.resource.k8s.io \"gpu\" not found";
    vec![
        report("a device whose template is not there", unspoken(device()).event("pod-web-0", "FailedResourceClaimCreation", not_found).warning())
            .certain(cause::CLAIM_MISSING)
            .says(&["(resourceclaimtemplate/gpu)", "resourceclaimtemplate.resource.k8s.io \"gpu\" not found", "create ResourceClaimTemplate gpu in namespace shop", "correct the name"])
            .not(&["kube-scheduler"]),
        report("a device that nobody speaks of", unspoken(json!({"resourceClaims": [{"name": "gpu", "resourceClaimName": "mine"}]})))
            .likely(cause::CLAIM_MISSING)
            .says(&["gpu: mine", "get resourceclaims"]),
        report("a device whose claim was made since", unspoken(device())
            .pod(0, json!({"status": {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "web-0-gpu"}]}}))
            .event("pod-web-0", "FailedResourceClaimCreation", not_found))
            .certain(cause::SCHEDULER_IDLE),
        report("a warning of somebody else", unspoken(json!({})).event("pod-web-0", "NetworkNotReady", "the queue of team-a takes no pods").warning())
            .likely(cause::SCHEDULER_IDLE)
            .says(&["the queue of team-a takes no pods"]),
    ]
}

fn memory() -> Vec<Report> {
    let full = "MountVolume.SetUp failed for volume \"kube-api-access-sxrvv\" : write /var/lib/kubelet/pods/9d602965-5b42-4bd8-9d3c-edb4b4f365b8/volumes/kubernetes.io~projected/kube-api-access-sxrvv/..2026_11_29_13_47_51.1543771691/ca.crt: no space left on device";
    let killed = json!({"exitCode": 137, "reason": "OOMKilled"});
    let small = json!({"resources": {"limits": {"memory": "512m"}}});
    vec![
        report("half a byte of memory", creating("512m").event("pod-web-0", "FailedMount", full))
            .certain(cause::OUT_OF_MEMORY)
            .says(&["held in memory", "container main 512m", "thousandths of a byte", "write 512Mi"]),
        report("a volume in memory that is full", creating("512Mi").event("pod-web-0", "FailedMount", full))
            .likely(cause::OUT_OF_MEMORY)
            .says(&["container main 512Mi"])
            .not(&["thousandths"]),
        report("half a byte, and no sandbox", creating("512m").event("pod-web-0", "FailedCreatePodSandBox", "container init was OOM-killed (memory limit too low?)"))
            .certain(cause::OUT_OF_MEMORY)
            .says(&["write 512Mi"]),
        report("half a byte, and killed", crashes(small, json!({}), "").pod(0, json!({"status": {"containerStatuses": [{
            "name": "main", "image": "web:1", "imageID": "", "ready": false, "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": killed}}]}})))
            .certain(cause::OUT_OF_MEMORY)
            .says(&["write 512Mi"]),
    ]
}

fn volumes() -> Vec<Report> {
    let drops = json!({"securityContext": {"capabilities": {"drop": ["ALL"]}}, "volumeMounts": mounts("/var/lib/postgresql/data")});
    let at = |path: &str| json!({"volumeMounts": mounts(path)});
    let user = json!({"securityContext": {"runAsUser": 999, "fsGroup": 999}});
    let mut on_host = user.clone();
    on_host["volumes"] = json!([{"name": "data", "hostPath": {"path": "/var/eyes-c06"}}]);
    let in_memory =
        json!({"volumes": [{"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]});
    let denied = "mkdir: cannot create directory ‘/d/x’: Permission denied";
    let no_space = "head: error writing 'standard output': No space left on device";
    let asks = json!({"spec": {"volumeAttributesClassName": "fast"}});
    vec![
        report("a class of attributes that is not there", provisioned(asks))
            .certain(cause::NO_VOLUME_FITS)
            .says(&["VolumeAttributesClass fast", "PV pv-0", "get volumeattributesclass fast"])
            .not(&["provisioner rancher.io/local-path of storage class"]),
        report("all capabilities dropped", crashes(drops, json!({}), CHOWN))
            .likely(cause::DATA_NOT_PERMITTED)
            .says(&["capabilities.drop: ALL", "capabilities.add: CHOWN"])
            .not(&["let the volume belong"]),
        report(
            "chown without being root",
            crashes(at("/d"), user.clone(), "chown: changing ownership of '/d': Operation not permitted"),
        )
        .likely(cause::DATA_NOT_PERMITTED)
        .says(&["runAsUser: 0 of its own", "user 999", "take the chown out"])
        .not(&["let the volume belong"]),
        report("a group that does not help", crashes(at("/d"), user, denied))
            .likely(cause::DATA_NOT_PERMITTED)
            .says(&["given to group 999", "fsGroupPolicy"])
            .not(&["let the volume belong"]),
        report("a group for a directory of the node", crashes(at("/d"), on_host, denied))
            .likely(cause::DATA_NOT_PERMITTED)
            .says(&["/var/eyes-c06 (hostPath)", "node worker", "user 999"])
            .not(&["let the volume belong"]),
        report("no group yet", crashes(at("/d"), json!({}), denied))
            .likely(cause::DATA_NOT_PERMITTED)
            .says(&["let the volume belong"]),
        report("a full directory in memory", crashes(at("/cache"), in_memory, no_space))
            .likely(cause::DISK_FULL)
            .says(&["raise sizeLimit of volume data", "now 1Mi", "resources.limits.memory"])
            .not(&["patch pvc"]),
        report("a full claim", crashes(at("/d"), json!({}), no_space))
            .likely(cause::DISK_FULL)
            .says(&["patch pvc data-web-0 -p"])
            .not(&["pvc NAME"]),
    ]
}

fn given() -> Vec<Report> {
    let script = json!({"command": ["/scripts/start.sh"], "volumeMounts": mounts("/scripts")});
    let scripts = json!({"volumes": [{"name": "data", "configMap": {"name": "scripts"}}]});
    let one =
        json!({"volumeMounts": [{"name": "data", "mountPath": "/etc/app.conf", "subPath": "app.conf"}]});
    let conf = json!({"volumes": [{"name": "data", "configMap": {"name": "conf"}}]});
    let links = "starting, port tcp://10.96.190.238:5432\nFATAL: invalid value for APP_DB_PORT: strconv.ParseInt: parsing \"tcp://10.96.190.238:5432\": invalid syntax";
    let service = json!({"spec": {"clusterIP": "10.96.190.238", "ports": [{"port": 5432}]}});
    let literal = "FATAL: could not parse postgres://$(DB_HOST)/app: invalid character in host name";
    let late = json!({"env": [{"name": "URL", "value": "postgres://$(DB_HOST)/app"}, {"name": "DB_HOST", "value": "db"}]});
    let nowhere = json!({"env": [{"name": "URL", "value": "postgres://$(DB_HOST)/app"}]});
    let misspelt = json!({"image": "postgres:17", "args": ["postgres", "-c", "max_conections=5"]});
    vec![
        report("carriage returns in a script", crashes(script, scripts, "exec /scripts/start.sh: no such file or directory"))
            .certain(cause::CONTAINER_CANNOT_START)
            .says(&["CRLF", "ConfigMap scripts", "the file is there"]),
        report("a key that is not there", crashes(one, conf, "cat: /etc/app.conf: Is a directory"))
            .certain(cause::CONFIG_MAP_MISSING)
            .says(&["(configmap/conf)", "key app.conf", "makes a folder"]),
        report("the address of a Service as a port", crashes(json!({}), json!({}), links).object("service", "app-db", service.clone()))
            .certain(cause::SETTING_WRONG)
            .says(&["Service app-db", "APP_DB_PORT", "enableServiceLinks: false"]),
        report("an address of no Service", crashes(json!({}), json!({}), links)).certain(cause::CONTAINER_CRASHES),
        report("the address of a Service, which is given to nobody", crashes(json!({}), json!({"enableServiceLinks": false}), links).object("service", "app-db", service))
            .certain(cause::CONTAINER_CRASHES),
        report("a variable that is defined too late", crashes(late, json!({}), literal))
            .certain(cause::SETTING_WRONG)
            .says(&["DB_HOST is defined only after URL", "define DB_HOST in env before URL"]),
        report("a variable that is defined nowhere", crashes(nowhere, json!({}), literal))
            .certain(cause::SETTING_WRONG)
            .says(&["env does not define DB_HOST"]),
        report("a parameter that does not exist", crashes(misspelt, json!({}), "2026-11-29 13:48:13.463 GMT [1] FATAL:  unrecognized configuration parameter \"max_conections\""))
            .certain(cause::SETTING_WRONG)
            .says(&["have max_conections", "correct its name"]),
    ]
}

fn needs() -> Vec<Report> {
    let taken = "2026-11-29 13:47:52.139 UTC [1] LOG:  could not bind IPv6 address \"::\": Address already in use\n2026-11-29 13:47:52.139 UTC [1] HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.\n2026-11-29 13:47:52.139 UTC [1] FATAL:  could not create any TCP/IP sockets";
    let two = |host: bool| json!({"hostNetwork": host, "containers": [{"name": "main", "image": "postgres:17"}, {"name": "first", "image": "postgres:17"}]});
    vec![
        report("no token", crashes(json!({}), json!({"automountServiceAccountToken": false}), NO_TOKEN))
            .certain(cause::RIGHTS_MISSING)
            .says(&["serviceaccount/token: No such file or directory", "its template says so", "automountServiceAccountToken: true"]),
        report("no token, by its ServiceAccount", crashes(json!({}), json!({"serviceAccountName": "quiet"}), NO_TOKEN))
            .likely(cause::RIGHTS_MISSING)
            .says(&["ServiceAccount quiet says so", "get serviceaccount quiet"]),
        report("two containers and one port", crashes(json!({"image": "postgres:17"}), two(false), taken))
            .likely(cause::PORTS_TAKEN)
            .says(&["beside it runs first, of the same image"]),
        report("a port of the node", crashes(json!({"image": "postgres:17"}), two(true), taken))
            .likely(cause::PORTS_TAKEN)
            .says(&["network is that of node worker", "ss -ltnp"]),
        report("another password than the data has", crashes(json!({}), json!({}), "psql: error: connection to server at \"db\" (10.96.1.2), port 5432 failed: FATAL:  password authentication failed for user \"app\""))
            .likely(cause::CREDENTIALS_REFUSED)
            .says(&["keeps the old password", "ALTER USER"]),
        report("a client's password", crashes(json!({"image": "postgres:17"}), json!({}), "2026-11-29 13:47:52.139 UTC [71] FATAL:  password authentication failed for user \"app\""))
            .certain(cause::CONTAINER_CRASHES),
        report("a certificate that is over", crashes(json!({}), json!({}), "2026/11/29 10:00:00 Get \"https://db:8443/\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-29T10:00:00Z is after 2026-01-01T00:00:00Z"))
            .likely(cause::CREDENTIALS_REFUSED)
            .says(&["openssl x509", "renew it"]),
    ]
}

#[test]
fn a_provisioner_that_has_made_the_volume_is_not_silent() {
    let diagnosis = diagnose(&provisioned(json!({})).picture());
    assert_eq!((diagnosis.state, diagnosis.ids()), (State::Moving, vec![]), "{diagnosis}");
}

#[test]
fn a_certain_cause_is_not_made_of_a_warning() {
    let world = unspoken(json!({})).event("pod-web-0", "Odd", "something odd").warning();
    let diagnosis = diagnose(&world.picture());
    assert!(diagnosis.causes.iter().all(|cause| cause.certainty != Certainty::Certain), "{diagnosis}");
}
