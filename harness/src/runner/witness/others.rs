//! What somebody else gave to pods and PVCs of ours, and what these then wait for: gates, containers, finalizers. Whoever gave it
//! takes it away, and nobody promised when.

use std::collections::BTreeMap;

use external::api::objects;
use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{PersistentVolumeClaim, Pod, PodSpec, PodTemplateSpec},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Client, ResourceExt};

use crate::error::Result;

/// What begins so is ours.
const OURS: &str = "steadfast.dev/";
/// Kubernetes' own finalizers begin so, or have no domain.
const KUBERNETES: &str = "kubernetes.io/";

/// The pods, PVCs and templates of a trial's namespace.
pub(super) struct Others {
    templates: BTreeMap<String, PodTemplateSpec>,
    pods: Vec<Pod>,
    claims: Vec<PersistentVolumeClaim>,
}

impl Others {
    pub(super) async fn read(client: &Client, namespace: &str) -> Result<Self> {
        let sets = objects::<StatefulSet>(client, namespace).list().await?;
        let template = |set: StatefulSet| Some((set.name_any(), set.spec?.template));
        Ok(Self {
            templates: sets.into_iter().filter_map(template).collect(),
            pods: objects::<Pod>(client, namespace).list().await?,
            claims: objects::<PersistentVolumeClaim>(client, namespace).list().await?,
        })
    }

    /// What a pod or a PVC waits for that is neither its set's nor Kubernetes' own.
    pub(super) fn waited_for(&self) -> Option<String> {
        let claims = self.claims.iter().map(|claim| (claim.name_any(), &claim.metadata));
        let pods = self.pods.iter().map(|pod| (pod.name_any(), &pod.metadata));
        let held = claims.chain(pods).find_map(|(name, object)| {
            let finalizer = finalizer(object)?;
            Some(format!("{name} is deleted, and kept by somebody's finalizer {finalizer}"))
        });
        held.or_else(|| {
            self.pods.iter().find_map(|pod| {
                let given = given(pod, self.template_of(pod)?)?;
                Some(format!(
                    "{} waits for its {given}, which its set's template does not have",
                    pod.name_any()
                ))
            })
        })
    }

    /// An init container that somebody gave to a pod of the set.
    pub(super) fn init_container(&self, set: &str) -> Option<String> {
        let asked = init_containers(self.templates.get(set)?.spec.as_ref());
        let of_set =
            self.pods.iter().filter(|pod| pod.owner_references().iter().any(|owner| owner.name == set));
        of_set.flat_map(|pod| init_containers(pod.spec.as_ref())).find(|name| !asked.contains(name))
    }

    /// Whether the set's template itself says that its pods must be near or far from others.
    pub(super) fn places(&self, set: &str) -> bool {
        let spec = self.templates.get(set).and_then(|template| template.spec.as_ref());
        spec.is_some_and(|spec| {
            let affinity = spec.affinity.clone().unwrap_or_default();
            let near = affinity
                .pod_affinity
                .and_then(|near| near.required_during_scheduling_ignored_during_execution);
            let far = affinity
                .pod_anti_affinity
                .and_then(|far| far.required_during_scheduling_ignored_during_execution);
            let mut spread = spec.topology_spread_constraints.iter().flatten();
            near.into_iter().chain(far).any(|terms| !terms.is_empty())
                || spread.any(|constraint| constraint.when_unsatisfiable == "DoNotSchedule")
        })
    }

    fn template_of(&self, pod: &Pod) -> Option<&PodTemplateSpec> {
        pod.owner_references().iter().find_map(|owner| self.templates.get(&owner.name))
    }
}

/// A finalizer of somebody else that keeps an object which is deleted.
fn finalizer(object: &ObjectMeta) -> Option<&String> {
    let others =
        |name: &&String| name.contains('/') && !name.starts_with(OURS) && !name.starts_with(KUBERNETES);
    object.deletion_timestamp.as_ref()?;
    object.finalizers.iter().flatten().find(others)
}

/// What a pod that is to stay was given that its template does not have, and waits for.
fn given(pod: &Pod, template: &PodTemplateSpec) -> Option<String> {
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let (none, empty) = (PodSpec::default(), Default::default());
    let (spec, asked) = (pod.spec.as_ref()?, template.spec.as_ref().unwrap_or(&none));
    let status = pod.status.as_ref().unwrap_or(&empty);
    let asked_gates: Vec<_> = asked.scheduling_gates.iter().flatten().map(|gate| &gate.name).collect();
    let scheduling = spec.scheduling_gates.iter().flatten().map(|gate| &gate.name);
    let scheduling = scheduling.filter(|name| !name.starts_with(OURS) && !asked_gates.contains(name));
    let asked_gates: Vec<_> =
        asked.readiness_gates.iter().flatten().map(|gate| &gate.condition_type).collect();
    let is_true = |kind: &&String| {
        status
            .conditions
            .iter()
            .flatten()
            .any(|condition| condition.type_ == **kind && condition.status == "True")
    };
    let readiness = spec.readiness_gates.iter().flatten().map(|gate| &gate.condition_type);
    let readiness =
        readiness.filter(|kind| !kind.starts_with(OURS) && !asked_gates.contains(kind) && !is_true(kind));
    let asked_containers: Vec<_> = asked.containers.iter().map(|container| &container.name).collect();
    let unready = status.container_statuses.iter().flatten().filter(|container| !container.ready);
    let containers = unready.map(|container| &container.name).filter(|name| !asked_containers.contains(name));
    let named = |what: &'static str| move |name: &String| format!("{what} {name}");
    let mut given = scheduling
        .map(named("scheduling gate"))
        .chain(readiness.map(named("readiness gate")))
        .chain(containers.map(named("container")));
    given.next()
}

fn init_containers(spec: Option<&PodSpec>) -> Vec<String> {
    let containers = spec.into_iter().flat_map(|spec| spec.init_containers.iter().flatten());
    containers.map(|container| container.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn others(template: Value, pod: Value, claim: Value) -> Others {
        let template: PodTemplateSpec = serde_json::from_value(json!({"spec": template})).unwrap();
        let mut pod: Pod = serde_json::from_value(pod).unwrap();
        pod.metadata.name = Some("db-0".to_owned());
        pod.metadata.owner_references = serde_json::from_value(
            json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "one"}]),
        )
        .unwrap();
        let claims = vec![serde_json::from_value(json!({"metadata": claim})).unwrap()];
        Others { templates: [("db".to_owned(), template)].into(), pods: vec![pod], claims }
    }

    fn waited_for(template: Value, pod: Value) -> Option<String> {
        others(template, pod, json!({})).waited_for()
    }

    #[test]
    fn what_somebody_gave_a_pod_is_waited_for_and_what_its_template_has_is_its_own() {
        let own = json!({"containers": [{"name": "db"}]});
        let gates = |kind: &str, field: &str, name: &str| {
            let mut spec = own.clone();
            spec[kind] = json!([{field: name}]);
            spec
        };
        for (kind, field, words) in [
            ("schedulingGates", "name", "its scheduling gate example.com/admitted"),
            ("readinessGates", "conditionType", "its readiness gate example.com/admitted"),
        ] {
            let given = gates(kind, field, "example.com/admitted");
            let said = waited_for(own.clone(), json!({"spec": given})).unwrap();
            assert!(said.contains(words), "{said}");
            assert_eq!(waited_for(given.clone(), json!({"spec": given})), None);
            // A pod of a template before is held by us.
            let ours = gates(kind, field, "steadfast.dev/released");
            assert_eq!(waited_for(own.clone(), json!({"spec": ours})), None);
        }
        let set = json!({"spec": gates("readinessGates", "conditionType", "ready"),
            "status": {"conditions": [{"type": "ready", "status": "True"}]}});
        assert_eq!(waited_for(own, set), None);
    }

    #[test]
    fn a_container_that_somebody_gave_a_pod_is_waited_for_until_it_is_ready() {
        let own = json!({"containers": [{"name": "db"}]});
        let status = |db: bool, mesh: bool| {
            let status = |name: &str, ready: bool| {
                json!({"name": name, "ready": ready, "restartCount": 0,
                "image": "", "imageID": ""})
            };
            json!({"spec": {"containers": [{"name": "mesh"}, {"name": "db"}]},
                "status": {"containerStatuses": [status("mesh", mesh), status("db", db)]}})
        };
        assert!(waited_for(own.clone(), status(true, false)).unwrap().contains("its container mesh"));
        assert_eq!(waited_for(own.clone(), status(false, true)), None);
        // One that goes is ready no more.
        let mut goes = status(true, false);
        goes["metadata"] = json!({"deletionTimestamp": "2026-11-30T10:00:00Z"});
        assert_eq!(waited_for(own, goes), None);
    }

    #[test]
    fn a_finalizer_keeps_what_is_deleted_unless_it_is_ours_or_kubernetes_own() {
        let deleted = |finalizer: &str| json!({"name": "data-db-0", "deletionTimestamp": "2026-11-30T10:00:00Z", "finalizers": [finalizer]});
        let said = |claim: Value| others(json!({"containers": []}), json!({}), claim).waited_for();
        let told = said(deleted("backup.example.com/copy")).unwrap();
        assert!(told.starts_with("data-db-0 is deleted, and kept by somebody's finalizer backup"), "{told}");
        for own in ["steadfast.dev/hold", "kubernetes.io/pvc-protection", "foregroundDeletion"] {
            assert_eq!(said(deleted(own)), None, "{own}");
        }
        assert_eq!(said(json!({"name": "data-db-0", "finalizers": ["backup.example.com/copy"]})), None);
        let pod = json!({"metadata": deleted("kueue.x-k8s.io/managed")});
        assert!(waited_for(json!({"containers": []}), pod).unwrap().starts_with("db-0 is deleted"));
    }

    #[test]
    fn rules_of_placement_are_the_sets_own_where_its_template_has_them() {
        let places = |rules: Value| {
            let mut template = rules;
            template["containers"] = json!([]);
            others(template, json!({}), json!({})).places("db")
        };
        let spread = |or: &str| json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": or}]});
        let far = |rule: &str| json!({"affinity": {"podAntiAffinity": {rule: [{"topologyKey": "zone"}]}}});
        assert!(places(spread("DoNotSchedule")));
        assert!(places(far("requiredDuringSchedulingIgnoredDuringExecution")));
        assert!(!places(spread("ScheduleAnyway")));
        assert!(!places(json!({})));
    }

    #[test]
    fn an_init_container_that_the_template_has_is_the_sets_own() {
        let spec = |names: &[&str]| {
            let containers: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"containers": [], "initContainers": containers})
        };
        let added =
            |pod: &[&str]| others(spec(&["own"]), json!({"spec": spec(pod)}), json!({})).init_container("db");
        assert_eq!(added(&["own"]), None);
        assert_eq!(added(&["own", "scan"]), Some("scan".to_owned()));
        assert_eq!(added(&[]), None);
    }
}
