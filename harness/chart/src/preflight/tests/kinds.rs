//! One upgrade of each kind that published charts have been seen to make, answered as a whole.

use super::*;
use crate::answer::Answer;

pub(super) fn answer(picture: &Picture) -> Answer {
    Answer::of_findings(&judge(picture))
}

/// The causes that are worth more than a note, the worst first.
pub(super) fn grave(picture: &Picture) -> Vec<String> {
    judge(picture)
        .into_iter()
        .filter(|forecast| forecast.severity > Severity::Note)
        .map(|forecast| forecast.cause)
        .collect()
}

/// The API server refuses an object of this kind, with these fields and words.
pub(super) fn refuse(picture: &mut Picture, kind: &str, field: &str, said: &str) {
    let key = picture.new_objects().into_keys().find(|key| key.kind == kind).unwrap();
    let causes = vec![(field.to_owned(), said.to_owned())];
    picture.trials.insert(key, Trial::Refused { message: said.to_owned(), causes });
}

const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: broker}
spec:
  serviceName: broker
  selector: {matchLabels: {app: broker}}
  template:
    metadata: {labels: {app: broker}}
    spec: {containers: [{name: a, image: 'r.example/broker:1'}]}
";

const HOOK: &str = "
---
apiVersion: batch/v1
kind: Job
metadata: {name: cleanup, annotations: {helm.sh/hook: pre-upgrade}}
spec:
  template:
    spec:
      containers:
      - name: kubectl
        image: kubectl
        command: [sh, -c, 'SET=broker; kubectl delete statefulset \"$SET\" --cascade=orphan --ignore-not-found']
";

/// A set whose service name changes, which the API server refuses.
fn refused_set(new: &str) -> Picture {
    let mut picture = pictured(SET, new);
    let said =
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden";
    refuse(&mut picture, "StatefulSet", "spec", said);
    picture
}

#[test]
fn a_hook_that_orphans_the_set_first_gets_helm_through() {
    let renamed = SET.replace("serviceName: broker", "serviceName: broker-headless");
    let with_hook = format!("{renamed}{HOOK}");
    assert_eq!(answer(&refused_set(&renamed)), Answer::WouldBreak);
    let mut picture = refused_set(&with_hook);
    assert_eq!((answer(&picture), grave(&picture)), (Answer::NeedsCare, vec!["deleted-by-hook".to_owned()]));
    let message = &judge(&picture)[0].message;
    assert!(message.contains("serviceName") && message.contains("no way back"), "{message}");
    picture.way = Way::Apply;
    assert_eq!(answer(&picture), Answer::WouldBreak);
    picture.way = Way::Argo;
    assert_eq!(answer(&picture), Answer::NeedsCare);
    // Too late, another set, or pods that nobody would adopt.
    assert_eq!(answer(&refused_set(&with_hook.replace("pre-upgrade", "post-upgrade"))), Answer::WouldBreak);
    assert_eq!(answer(&refused_set(&with_hook.replace("SET=broker", "SET=other"))), Answer::WouldBreak);
    assert_eq!(answer(&refused_set(&with_hook.replace("{app: broker}", "{app: b}"))), Answer::WouldBreak);
}

pub(super) const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: vault}
spec:
  selector: {matchLabels: {app: vault}}
  template:
    metadata: {labels: {app: vault}}
    spec:
      containers: [{name: vault, image: 'r.example/vault:1', volumeMounts: [{name: data, mountPath: /data}]}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: vault-data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: vault-data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

fn vault(new: &str) -> Picture {
    let mut picture = pictured(DEPLOYMENT, new);
    picture.claims = ["vault-data".to_owned()].into();
    picture
}

#[test]
fn a_claim_of_a_deployment_that_the_new_chart_lacks_is_lost() {
    let without = DEPLOYMENT
        .split("---")
        .next()
        .unwrap()
        .replace("persistentVolumeClaim: {claimName: vault-data}", "emptyDir: {}");
    let mut picture = vault(&without);
    picture.values.given = json!({"data": {"size": "1Gi"}, "image": {"tag": 1}});
    picture.values.old = Some(json!({"data": {}, "image": {"tag": ""}}));
    picture.values.new = json!({"storage": {"data": {}}, "image": {"tag": ""}});
    assert_eq!(
        (answer(&picture), grave(&picture)),
        (Answer::LosesData, vec!["claim-gone".to_owned(), "value-not-known".to_owned()])
    );
    assert!(judge(&picture).iter().any(|forecast| forecast.message.contains("`data`")));
    picture.way = Way::Apply;
    // Nothing deletes it, and nobody sees it any more.
    assert_eq!(answer(&picture), Answer::LosesData);
}

#[test]
fn a_claim_that_is_kept_or_was_never_made_is_not_deleted() {
    let without = DEPLOYMENT.split("---").next().unwrap();
    let mut kept = vault(without);
    let key = kept.held_objects().into_keys().find(|key| key.kind == "PersistentVolumeClaim").unwrap();
    kept.live.get_mut(&key).unwrap()["metadata"]["annotations"] = json!({"helm.sh/resource-policy": "keep"});
    assert_eq!(answer(&kept), Answer::Safe);
    // Kept, and nobody sees it any more.
    let unmounted = without.replace("persistentVolumeClaim: {claimName: vault-data}", "emptyDir: {}");
    let mut hidden = vault(&unmounted);
    hidden.live.get_mut(&key).unwrap()["metadata"]["annotations"] =
        json!({"helm.sh/resource-policy": "keep"});
    assert_eq!((answer(&hidden), grave(&hidden)), (Answer::LosesData, vec!["claim-swapped".to_owned()]));
    let mut never = vault(without);
    never.live.remove(&key);
    never.claims.clear();
    assert_eq!(answer(&never), Answer::Safe);
}

#[test]
fn a_deployment_with_its_claim_is_safe_to_upgrade() {
    let picture = vault(&DEPLOYMENT.replace("vault:1", "vault:2"));
    assert_eq!((answer(&picture), grave(&picture)), (Answer::Safe, vec![]));
    let recreated = DEPLOYMENT.replace("  selector", "  strategy: {type: Recreate}\n  selector");
    let mut picture = pictured(&recreated, &DEPLOYMENT.replace("vault:1", "vault:2"));
    picture.claims = ["vault-data".to_owned()].into();
    assert_eq!(grave(&picture), ["two-over-one-volume"]);
}

#[test]
fn a_claim_under_another_name_starts_empty() {
    let renamed = DEPLOYMENT.replace("vault-data", "vault");
    let mut picture = vault(&renamed);
    refuse(&mut picture, "Deployment", "spec.selector", "Invalid value: field is immutable");
    assert_eq!(
        (answer(&picture), grave(&picture)),
        (Answer::LosesData, vec!["claim-gone".to_owned(), "immutable-field".to_owned()])
    );
    assert!(judge(&picture)[0].message.contains("it has vault, which starts empty"));
}

#[test]
fn another_kind_of_workload_with_claims_of_its_own_starts_empty() {
    let set = DEPLOYMENT
        .split("---")
        .next()
        .unwrap()
        .replace("kind: Deployment", "kind: StatefulSet")
        .replace("      volumes: [{name: data, persistentVolumeClaim: {claimName: vault-data}}]", "")
        .replace("  selector", "  volumeClaimTemplates: [{metadata: {name: data}}]\n  selector");
    let picture = vault(&set);
    assert_eq!(grave(&picture), ["claim-gone", "workload-renamed"]);
    assert_eq!(answer(&picture), Answer::LosesData);
}

#[test]
fn an_address_of_a_service_that_becomes_none_is_refused() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: grist}\nspec: {type: ClusterIP, ports: [{port: 80}]}\n";
    let mut picture = pictured(service, &service.replace("type: ClusterIP", "clusterIP: None"));
    let key = picture.held_objects().into_keys().next().unwrap();
    picture.live.get_mut(&key).unwrap()["spec"]["clusterIP"] = json!("10.96.1.2");
    refuse(
        &mut picture,
        "Service",
        "spec.clusterIPs[0]",
        "Invalid value: [\"None\"]: may not change once set",
    );
    assert_eq!(answer(&picture), Answer::WouldBreak);
    let message = &judge(&picture)[0].message;
    assert!(message.contains("spec.clusterIP from 10.96.1.2 to None"), "{message}");
}

#[test]
fn a_server_that_leaves_out_a_version_breaks_also_in_a_deployment() {
    for (old, new, left_out) in [("mongo:6.0", "mongo:8.0", "7.0"), ("rabbitmq:3.12", "rabbitmq:4.0", "3.13")]
    {
        let of = |image: &str| DEPLOYMENT.replace("r.example/vault:1", image);
        let mut picture = pictured(&of(old), &of(new));
        picture.claims = ["vault-data".to_owned()].into();
        assert_eq!(answer(&picture), Answer::WouldBreak);
        assert!(judge(&picture)[0].message.contains(left_out), "{}", judge(&picture)[0]);
    }
    // An exporter, and a server that keeps nothing, step as they like.
    let exporter = DEPLOYMENT.replace("r.example/vault:1", "mongo-exporter:6.0");
    let mut picture = pictured(&exporter, &exporter.replace("6.0", "8.0"));
    picture.claims = ["vault-data".to_owned()].into();
    assert_eq!(answer(&picture), Answer::Safe);
}

#[test]
fn a_certificate_made_anew_needs_care_and_a_salt_none() {
    let secret = |certificate: &str, salt: &str, password: &str| {
        format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: registry}}
stringData:
  REGISTRY_HTPASSWD: 'u:$2a$10${salt}'
  password: {password}
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    {certificate}
    -----END CERTIFICATE-----
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: registry}}
spec: {{template: {{spec: {{containers: [{{name: a, envFrom: [{{secretRef: {{name: registry}}}}]}}]}}}}}}
"
        )
    };
    let (old, new) =
        (secret("a", "abcdefghijklmnop", "hunter22"), secret("b", "qrstuvwxyzabcdef", "hunter22"));
    let mut picture = pictured(&old, &new);
    picture.again = Rendered::parse(&secret("c", "ghijklmnopqrstuv", "hunter22"), "new").unwrap();
    assert_eq!(
        (answer(&picture), grave(&picture)),
        (Answer::NeedsCare, vec!["certificate-made-anew".to_owned()])
    );
    let mut picture = pictured(&old, &secret("b", "qrstuvwxyzabcdef", "hunter33"));
    picture.again = Rendered::parse(&secret("c", "ghijklmnopqrstuv", "hunter44"), "new").unwrap();
    assert_eq!(answer(&picture), Answer::WouldBreak);
    let text = format!("{:?}{:?}", judge(&picture), differences(&picture));
    assert!(!text.contains("hunter") && !text.contains("abcdefghijklmnop"), "{text}");
}

#[test]
fn a_chart_that_refuses_to_render_breaks_in_its_own_words() {
    let mut picture = pictured(SET, SET);
    picture.refusal =
        Some("Error: execution error at (a): PASSWORDS ERROR: you must give your current passwords".into());
    picture.blind = true;
    assert_eq!((answer(&picture), grave(&picture)), (Answer::WouldBreak, vec!["not-rendered".to_owned()]));
    assert!(judge(&picture)[0].message.contains("PASSWORDS ERROR"));
}

#[test]
fn a_field_that_another_manager_owns_stops_helm_4() {
    let mut picture = pictured(SET, SET);
    let key = picture.new_objects().into_keys().next().unwrap();
    let field = ".spec.template.spec.terminationGracePeriodSeconds".to_owned();
    picture.conflicts.insert(key, vec![Conflict { field, said: "conflict with \"platform-team\"".into() }]);
    assert_eq!((answer(&picture), grave(&picture)), (Answer::WouldBreak, vec!["owned-field".to_owned()]));
    assert!(judge(&picture)[0].message.contains("terminationGracePeriodSeconds"));
}

#[test]
fn what_the_server_holds_decides_and_not_what_the_old_chart_said() {
    let with = |seconds: u32| {
        SET.replace(
            "spec: {containers",
            &format!("spec: {{terminationGracePeriodSeconds: {seconds}, containers"),
        )
    };
    let mut picture = pictured(&with(60), &with(55));
    assert_eq!(grave(&picture), ["weaker"]);
    let key = picture.held_objects().into_keys().next().unwrap();
    picture.live.get_mut(&key).unwrap()["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] =
        json!(77);
    assert!(judge(&picture)[0].message.contains("from 77 s to 55 s"));
}
