//! Pictures of upgrades, and what is found in them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Chart, Release, Rendered, Severity, Way,
    preflight::{Around, Picture, Trial, Values, judge},
};

pub(super) const OLD: &str = r#"
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 60
      containers:
      - name: postgres
        image: postgres:17
        env: [{name: PGDATA, value: /data/pgdata}, {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]
        readinessProbe: {tcpSocket: {port: 5432}}
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Secret
metadata: {name: db}
data: {password: b2xk}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: garage}
data:
  garage.toml: |
    metadata_dir = "/meta"
    db_engine = "lmdb"
    replication_factor = 3
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db}
"#;

/// A picture of an upgrade from [`OLD`] to a text made from it.
pub(super) fn picture(change: impl Fn(&str) -> String) -> Picture {
    pictured(OLD, &change(OLD))
}

/// A picture of an upgrade that the API server would take.
pub(super) fn pictured(old: &str, new: &str) -> Picture {
    let held = Rendered::parse(old, "old").unwrap();
    let new = Rendered::parse(new, "new").unwrap();
    let chart = Chart {
        reference: "new".into(),
        folder: "/nowhere".into(),
        values: None,
        name: "db".into(),
        version: "2.0.0".into(),
        parts: ["global".to_owned()].into(),
    };
    let release = Release { name: "db".into(), namespace: "here".into() };
    let values = |rendered: &Rendered| -> Vec<_> {
        rendered.by_key("here").into_iter().map(|(key, object)| (key, object.value.clone())).collect()
    };
    let trials = values(&new).into_iter().map(|(key, value)| (key, Trial::Taken(value))).collect();
    let live = values(&held).into_iter().collect();
    Picture {
        release,
        way: Way::Helm4,
        to: chart,
        again: new.clone(),
        offline: new.clone(),
        held,
        new,
        refusal: None,
        blind: false,
        trials,
        conflicts: BTreeMap::new(),
        not_served: BTreeSet::new(),
        live,
        claims: ["data-db-0", "data-db-1", "other"].map(str::to_owned).into(),
        missing_images: BTreeMap::new(),
        around: Around::default(),
        values: Values::default(),
        kubernetes: "v1.34.4".into(),
        target: None,
        at_target: None,
    }
}

pub(super) fn replaced(from: &'static str, to: &'static str) -> Picture {
    let picture = picture(|text| text.replace(from, to));
    assert_ne!(picture.held, picture.new, "{from} is not in the chart");
    picture
}

/// What was found: cause, claim, how bad.
pub(super) fn found(picture: &Picture) -> Vec<(String, String, Severity)> {
    judge(picture).into_iter().map(|forecast| (forecast.cause, forecast.claim, forecast.severity)).collect()
}

pub(super) fn only(cause: &str, claim: &str, severity: Severity) -> Vec<(String, String, Severity)> {
    vec![(cause.to_owned(), claim.to_owned(), severity)]
}
