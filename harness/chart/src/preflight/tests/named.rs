//! What pods name and nobody has.

use super::{kinds::grave, *};
use crate::rendered::Key;

/// An upgrade that adds a line to the pod, and whose names are there, or not, in the cluster.
fn naming(line: &str, presence: &Presence) -> Picture {
    let new = OLD.replace("      containers:\n", &format!("      {line}\n      containers:\n"));
    with_presence(&new, presence)
}

fn with_presence(new: &str, presence: &Presence) -> Picture {
    let mut picture = pictured(OLD, new);
    let keys: Vec<Key> = crate::preflight::named::wanted(&picture.held, &picture.new, "here")
        .into_iter()
        .map(|named| named.key)
        .collect();
    picture.around.named = keys.into_iter().map(|key| (key, presence.clone())).collect();
    picture
}

#[test]
fn what_pods_are_the_first_to_name_must_be_there() {
    for (line, name) in [
        ("serviceAccountName: nobody", "ServiceAccount nobody"),
        ("priorityClassName: high", "PriorityClass high"),
        ("runtimeClassName: gvisor", "RuntimeClass gvisor"),
        ("volumes: [{name: x, secret: {secretName: x}}]", "Secret x"),
        ("volumes: [{name: x, configMap: {name: x}}]", "ConfigMap x"),
        ("volumes: [{name: x, projected: {sources: [{secret: {name: x}}]}}]", "Secret x"),
        ("volumes: [{name: x, persistentVolumeClaim: {claimName: x}}]", "PersistentVolumeClaim x"),
        ("initContainers: [{name: i, envFrom: [{configMapRef: {name: x}}]}]", "ConfigMap x"),
    ] {
        let picture = naming(line, &Presence::Absent);
        assert_eq!(found(&picture), only("named-and-absent", "U6", Severity::Break), "{line}");
        assert!(judge(&picture)[0].message.contains(name), "{}", judge(&picture)[0]);
        assert_eq!(found(&naming(line, &Presence::There)), [], "{line}");
        let unseen = naming(line, &Presence::NotJudged("forbidden".into()));
        assert_eq!(found(&unseen), only("name-not-looked-up", "U6", Severity::Note), "{line}");
    }
    let variable = OLD.replace("env: [", "envFrom: [{secretRef: {name: x}}]\n        env: [");
    assert_eq!(grave(&with_presence(&variable, &Presence::Absent)), ["named-and-absent"]);
}

#[test]
fn what_is_always_there_or_optional_or_made_by_the_chart_is_not_missed() {
    for line in [
        "serviceAccountName: default",
        "priorityClassName: system-node-critical",
        "volumes: [{name: x, secret: {secretName: x, optional: true}}]",
        "volumes: [{name: x, configMap: {name: garage}}]",
        "volumes: [{name: x, persistentVolumeClaim: {claimName: data-db-0}}]",
        // It was named before.
        "volumes: [{name: x, secret: {secretName: db}}]",
    ] {
        assert_eq!(grave(&naming(line, &Presence::Absent)), [""; 0], "{line}");
    }
    let mounted = OLD.replace(
        "      containers:\n",
        "      volumes: [{name: x, secret: {secretName: x}}]\n      containers:\n",
    );
    for maker in [
        "{apiVersion: v1, kind: Secret, metadata: {name: x, annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}}}",
        "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: cert}, spec: {secretName: x}}",
        "{apiVersion: v1, kind: Service, metadata: {name: s, annotations: {service.beta.openshift.io/serving-cert-secret-name: x}}}",
        "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {containers: [{name: a, args: [create, --secret-name=x]}]}}}}",
    ] {
        let picture = with_presence(&format!("{mounted}---\n{maker}\n"), &Presence::Absent);
        assert!(judge(&picture).iter().all(|one| one.cause != "named-and-absent"), "{maker}");
    }
    let pulled = naming("imagePullSecrets: [{name: x}]", &Presence::Absent);
    assert_eq!(found(&pulled), only("named-and-absent", "U6", Severity::Note));
}

#[test]
fn an_account_that_goes_and_is_named_breaks() {
    let account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: db}\n";
    let named = OLD.replace("      containers:\n", "      serviceAccountName: db\n      containers:\n");
    assert_eq!(grave(&pictured(&format!("{named}{account}"), &named)), ["needed-and-gone"]);
    assert_eq!(grave(&pictured(&format!("{OLD}{account}"), OLD)), [""; 0]);
}
