//! A small cluster, healthy until something is done to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Picture;

pub const NOW: &str = "2026-01-01T12:00:00Z";
pub const LONG_AGO: &str = "2026-01-01T11:00:00Z";
pub const A_MINUTE_AGO: &str = "2026-01-01T11:59:00Z";

/// StatefulSet `web` in namespace `shop`: a claim `data` each, a control plane and two workers.
#[derive(Clone)]
pub struct World {
    quiet: bool,
    set: Value,
    objects: Vec<(&'static str, Value)>,
    events: Vec<Value>,
    logs: BTreeMap<(String, String), String>,
}

impl World {
    pub fn new(replicas: i32) -> Self {
        let set = json!({
            "metadata": {"name": "web", "namespace": "shop", "uid": "set-web", "generation": 1},
            "spec": {
                "replicas": replicas, "serviceName": "web", "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
            },
            "status": {"observedGeneration": 1, "replicas": replicas, "currentRevision": "web-a", "updateRevision": "web-a"},
        });
        let mut world = Self { quiet: false, set, objects: Vec::new(), events: Vec::new(), logs: BTreeMap::new() }
            .node("control", json!({"spec": {"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]}}))
            .node("worker", json!({}))
            .node("worker2", json!({}))
            .object("service", "web", json!({"spec": {
                "clusterIP": "None", "selector": {"app": "web"}, "publishNotReadyAddresses": true}}))
            .object("class", "standard", json!({
                "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
                "provisioner": "rancher.io/local-path", "volumeBindingMode": "WaitForFirstConsumer",
            }));
        for ordinal in 0..replicas {
            world = world.healthy_pod(ordinal);
        }
        world
    }

    pub fn healthy_pod(self, ordinal: i32) -> Self {
        let (name, claim) = (format!("web-{ordinal}"), format!("data-web-{ordinal}"));
        let volume = format!("pv-{ordinal}");
        self.object("pod", &name, json!({
            "metadata": {
                "labels": {"app": "web", "controller-revision-hash": "web-a"}, "creationTimestamp": LONG_AGO,
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "set-web", "controller": true}],
            },
            "spec": {
                "nodeName": "worker",
                "containers": [{
                    "name": "main", "image": "web:1",
                    "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "login"}}],
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 80}},
                    "resources": {"requests": {"cpu": "500m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
                }],
                "volumes": [
                    {"name": "data", "persistentVolumeClaim": {"claimName": claim}},
                    {"name": "config", "configMap": {"name": "settings"}},
                    {"name": "key", "secret": {"secretName": "web-key"}},
                ],
            },
            "status": {
                "phase": "Running",
                "conditions": [
                    {"type": "PodScheduled", "status": "True"},
                    {"type": "ContainersReady", "status": "True"},
                    {"type": "Ready", "status": "True", "lastTransitionTime": LONG_AGO},
                ],
                "containerStatuses": [container(json!({"running": {"startedAt": LONG_AGO}}), true)],
            },
        }))
        .object("claim", &claim, json!({
            "metadata": {"creationTimestamp": LONG_AGO},
            "spec": {"storageClassName": "standard", "volumeName": volume, "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            "status": {"phase": "Bound"},
        }))
        .object("volume", &volume, json!({
            "spec": {"storageClassName": "standard", "nodeAffinity": {"required": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["worker"]}]},
            ]}}},
        }))
    }

    /// Another object, or a change to one that is there.
    pub fn object(mut self, kind: &'static str, name: &str, change: Value) -> Self {
        let place = self
            .objects
            .iter()
            .position(|(known, object)| *known == kind && object["metadata"]["name"] == name);
        let place = place.unwrap_or_else(|| {
            let namespace =
                if ["node", "volume", "class", "driver", "attachment", "namespace"].contains(&kind) {
                    Value::Null
                } else {
                    "shop".into()
                };
            let meta = json!({"name": name, "namespace": namespace, "uid": format!("{kind}-{name}")});
            self.objects.push((kind, json!({"metadata": meta})));
            self.objects.len() - 1
        });
        merge(&mut self.objects[place].1, change);
        self
    }

    pub fn without(mut self, kind: &str, name: &str) -> Self {
        self.objects.retain(|(known, object)| *known != kind || object["metadata"]["name"] != name);
        self
    }

    pub fn node(self, name: &str, change: Value) -> Self {
        let node = json!({
            "metadata": {"labels": {"kubernetes.io/hostname": name}}, "spec": {},
            "status": {"allocatable": {"cpu": "2", "memory": "4Gi"}, "conditions": [{"type": "Ready", "status": "True"}]},
        });
        self.object("node", name, node).object("node", name, change)
    }

    pub fn pod(self, ordinal: i32, change: Value) -> Self {
        self.object("pod", &format!("web-{ordinal}"), change)
    }

    pub fn claim(self, ordinal: i32, change: Value) -> Self {
        self.object("claim", &format!("data-web-{ordinal}"), change)
    }

    pub fn set(mut self, change: Value) -> Self {
        merge(&mut self.set, change);
        self
    }

    pub fn without_pod(self, ordinal: i32) -> Self {
        self.without("pod", &format!("web-{ordinal}"))
    }

    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// An event about an object, seen now.
    pub fn event(mut self, about: &str, reason: &str, message: &str) -> Self {
        self.events.push(json!({
            "metadata": {"name": format!("event-{}", self.events.len()), "namespace": "shop",
                "resourceVersion": self.events.len().to_string()},
            "involvedObject": {"uid": about}, "reason": reason, "message": message,
            "firstTimestamp": A_MINUTE_AGO, "lastTimestamp": NOW,
        }));
        self
    }

    /// The newest event was seen so many seconds ago, once.
    pub fn ago(mut self, seconds: i64) -> Self {
        let now: jiff::Timestamp = NOW.parse().unwrap();
        let then = (now - jiff::SignedDuration::from_secs(seconds)).to_string();
        if let Some(event) = self.events.last_mut() {
            merge(event, json!({"firstTimestamp": then, "lastTimestamp": then}));
        }
        self
    }

    /// The newest event was seen so often.
    pub fn times(mut self, times: i32) -> Self {
        if let Some(event) = self.events.last_mut() {
            merge(event, json!({"count": times}));
        }
        self
    }

    /// The newest event is a warning.
    pub fn warning(mut self) -> Self {
        if let Some(event) = self.events.last_mut() {
            merge(event, json!({"type": "Warning"}));
        }
        self
    }

    /// The newest event is about a pod of this ordinal, whichever it was.
    pub fn about_pod(mut self, ordinal: i32) -> Self {
        if let Some(event) = self.events.last_mut() {
            merge(event, json!({"involvedObject": {"kind": "Pod", "name": format!("web-{ordinal}")}}));
        }
        self
    }

    /// An event about an earlier pod of this ordinal: its node needed room.
    pub fn evicted(self, ordinal: i32, uid: &str) -> Self {
        self.event(uid, "Evicted", "The node was low on resource: memory.").ago(1200).about_pod(ordinal)
    }

    /// An event about an earlier pod of this ordinal, seen now: its node refused it.
    pub fn refused_by_node(mut self, ordinal: i32, uid: &str) -> Self {
        self = self.event(uid, "NodeAffinity", "Predicate NodeAffinity failed");
        if let Some(event) = self.events.last_mut() {
            let about = json!({"kind": "Pod", "name": format!("web-{ordinal}")});
            merge(event, json!({"involvedObject": about, "source": {"host": "worker"}}));
        }
        self
    }

    /// A pod that no node has, with what the scheduler says.
    pub fn unscheduled(self, ordinal: i32, message: &str) -> Self {
        let scheduled =
            json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message});
        self.pod(
            ordinal,
            json!({
                "spec": {"nodeName": null},
                "status": {"phase": "Pending", "conditions": [scheduled], "containerStatuses": null},
            }),
        )
    }

    /// A pod whose only container is in this state.
    pub fn container(self, ordinal: i32, status: Value) -> Self {
        let mut whole = container(json!({}), false);
        merge(&mut whole, status);
        self.pod(ordinal, json!({"status": {"containerStatuses": [whole]}})).unready(ordinal)
    }

    pub fn unready(self, ordinal: i32) -> Self {
        let unready = [
            json!({"type": "PodScheduled", "status": "True"}),
            json!({"type": "ContainersReady", "status": "False"}),
            json!({"type": "Ready", "status": "False", "lastTransitionTime": A_MINUTE_AGO}),
        ];
        self.pod(ordinal, json!({"status": {"conditions": unready}}))
    }

    pub fn probe_fails(self, ordinal: i32) -> Self {
        self.container(ordinal, json!({"state": {"running": {"startedAt": A_MINUTE_AGO}}, "started": true}))
            .event(
                &format!("pod-web-{ordinal}"),
                "Unhealthy",
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
            )
    }

    pub fn picture(&self) -> Picture {
        let event = |event: &Value| from(event.clone());
        Picture {
            quiet: self.quiet,
            set: from(self.set.clone()),
            home: Ok(self.all("namespace")),
            pods: self.everyone(),
            claims: self.all("claim"),
            events: self.events.iter().map(event).collect(),
            quotas: Ok(self.all("quota")),
            budgets: Ok(self.all("budget")),
            revisions: Ok(self.all("revision")),
            classes: Ok(self.all("class")),
            volumes: Ok(self.all("volume")),
            nodes: Ok(self.all("node")),
            drivers: Ok(self.all("driver")),
            attachments: Ok(self.all("attachment")),
            services: Ok(self.all("service")),
            policies: Ok(self.all("policy")),
            lease: Ok(self.all("lease")),
            neighbours: Ok(self.everyone()),
            logs: self.logs.clone(),
            ..Picture::at(NOW.parse().unwrap())
        }
    }

    /// What the container of a pod said last.
    pub fn log(mut self, ordinal: i32, text: &str) -> Self {
        self.logs.insert((format!("web-{ordinal}"), "main".to_owned()), text.to_owned());
        self
    }

    /// The set's pods, and others of the namespace.
    fn everyone(&self) -> Vec<k8s_openapi::api::core::v1::Pod> {
        [self.all("pod"), self.all("neighbour")].concat()
    }

    fn all<K: serde::de::DeserializeOwned>(&self, kind: &str) -> Vec<K> {
        self.objects
            .iter()
            .filter(|(known, _)| *known == kind)
            .map(|(_, object)| from(object.clone()))
            .collect()
    }
}

fn from<K: serde::de::DeserializeOwned>(object: Value) -> K {
    serde_json::from_value(object).unwrap()
}

fn container(state: Value, ready: bool) -> Value {
    json!({"name": "main", "image": "web:1", "imageID": "", "ready": ready, "restartCount": 0, "state": state})
}

/// A JSON merge patch.
fn merge(object: &mut Value, change: Value) {
    match (object, change) {
        (Value::Object(object), Value::Object(change)) => {
            for (key, value) in change {
                if value.is_null() {
                    object.remove(&key);
                } else {
                    merge(object.entry(key).or_insert(json!({})), value);
                }
            }
        }
        (object, change) => *object = change,
    }
}
