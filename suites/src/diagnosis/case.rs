//! A set that is stuck for one cause: beside the sentinel's, and like it but for what brings the cause about.

use harness::{
    Result,
    manifest::{Manifest, patch::merge, survives},
    runner::{Admitted, Run},
    workload::SENTINEL,
};
use serde_json::{Value, json};

/// A set with the one cause that is to be named.
#[derive(Clone)]
pub struct Case {
    /// The set's name.
    pub set: &'static str,
    /// The cause's id.
    pub cause: &'static str,
    replicas: u32,
    spec: Value,
    pod: Value,
    container: Value,
    volume_claim: Value,
}

/// A set of one pod that is well, until more is said.
pub fn case(set: &'static str, cause: &'static str) -> Case {
    Case {
        set,
        cause,
        replicas: 1,
        spec: json!({}),
        pod: json!({}),
        container: json!({}),
        volume_claim: json!({}),
    }
}

impl Case {
    /// With so many pods.
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// With a merge patch of the set's spec.
    pub fn spec(mut self, patch: Value) -> Self {
        self.spec = patch;
        self
    }

    /// With a merge patch of the pod's spec.
    pub fn pod(mut self, patch: Value) -> Self {
        self.pod = patch;
        self
    }

    /// With another merge patch of the pod's spec, beside the first.
    pub fn also_pod(mut self, patch: Value) -> Self {
        merge(&mut self.pod, &patch);
        self
    }

    /// With a merge patch of the container.
    pub fn container(mut self, patch: Value) -> Self {
        self.container = patch;
        self
    }

    /// With a merge patch of the PVCs' spec.
    pub fn volume_claim(mut self, patch: Value) -> Self {
        self.volume_claim = patch;
        self
    }

    /// With requests for so much of a resource.
    pub fn requests(self, resource: &str, quantity: &str) -> Self {
        self.container(json!({"resources": {"requests": {resource: quantity}, "limits": null}}))
    }

    /// With a volume in the place of the PVC's: a second one might be for another node.
    pub fn volume(mut self, source: &Value) -> Self {
        let mut volume = json!({"name": "data"});
        merge(&mut volume, source);
        self.pod = json!({"volumes": [volume]});
        self.spec(json!({"volumeClaimTemplates": null}))
    }

    /// The set itself.
    pub fn object(&self) -> Result<Value> {
        let mut set = SENTINEL.manifest()?.find("StatefulSet", SENTINEL.name)?.clone();
        let labels = json!({"app": self.set});
        set["metadata"] = json!({"name": self.set, "labels": labels});
        let spec = &mut set["spec"];
        spec["replicas"] = json!(self.replicas);
        spec["selector"] = json!({"matchLabels": labels});
        spec["template"]["metadata"]["labels"] = labels;
        merge(spec, &self.spec);
        merge(&mut spec["template"]["spec"], &self.pod);
        merge(SENTINEL.container_in(&mut spec["template"]["spec"])?, &self.container);
        if let Some(template) = spec["volumeClaimTemplates"].get_mut(0) {
            merge(&mut template["spec"], &self.volume_claim);
        }
        Ok(set)
    }

    /// Whether what it changes in a pod that is sent is still so in the pod that is made of it.
    fn survives(&self, sent: &mut Value, made: &mut Value) -> Result<bool> {
        let (sent, made) = (&mut sent["spec"], &mut made["spec"]);
        let pod = survives(&self.pod, sent, made);
        Ok(pod && survives(&self.container, SENTINEL.container_in(sent)?, SENTINEL.container_in(made)?))
    }
}

/// A container of this image and command, which nobody asks how it is, but for what is said after it.
pub fn plain(image: &str, command: &[&str], instead: Value) -> Value {
    let mut container = json!({"image": image, "command": command, "args": null, "env": null,
        "livenessProbe": null, "readinessProbe": null});
    // Merged, a null in it would be lost, and what it is to take away would stay.
    if let Value::Object(instead) = instead {
        for (key, value) in instead {
            container[key] = value;
        }
    }
    container
}

/// A headless Service of a set's name, which selects its pods.
pub fn headless(set: &str, early: bool) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": set}, "spec": {"clusterIP": "None",
        "publishNotReadyAddresses": early, "selector": {"app": set}, "ports": [{"name": "peer", "port": 7000}]}})
}

/// Adds a set for each case.
pub fn add(manifest: &mut Manifest, cases: &[Case]) -> Result<()> {
    for case in cases {
        manifest.objects.push(case.object()?);
    }
    Ok(())
}

/// Those of which the pods come to where their cause is: what somebody's policy, limits or quota stop before, or make well, is left
/// out, and it is no use to wait for it. Not for sets whose cause is that they are refused.
pub async fn taken(run: &Run, cases: Vec<Case>) -> Result<Vec<Case>> {
    let mut taken = Vec::new();
    for case in cases {
        let why = match run.admits_pods_of(&case.object()?).await? {
            Admitted::Refused(why) => Some(why),
            Admitted::Taken { mut sent, mut made } => {
                let survives = case.survives(&mut sent, &mut made)?;
                (!survives).then(|| "somebody changes what brings it about when the pod is made".to_owned())
            }
        };
        match why {
            Some(why) => run.leave_out(format!("that {} is told: {why}", case.cause)),
            None => taken.push(case),
        }
    }
    Ok(taken)
}

/// The sets and their causes.
pub fn named(cases: &[Case]) -> impl Iterator<Item = (&'static str, &'static str)> {
    cases.iter().map(|case| (case.set, case.cause))
}
