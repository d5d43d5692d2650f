//! What is weaker, and what only looks so.

use super::{
    kinds::{DEPLOYMENT, grave},
    *,
};

#[test]
fn more_pods_are_not_weaker() {
    assert_eq!(found(&replaced("replicas: 2", "replicas: 3")), []);
    let mut fewer = replaced("replicas: 2", "replicas: 1");
    fewer.claims.clear();
    assert_eq!(found(&fewer), only("weaker", "U6", Severity::Care));
}

#[test]
fn a_new_probe_without_patience_needs_care() {
    let probe = |text: &str| {
        let with = format!("image: postgres:17\n        {text}");
        found(&picture(|chart| chart.replace("image: postgres:17", &with)))
    };
    let weaker = only("weaker", "U6", Severity::Care);
    let quick = "livenessProbe: {exec: {command: [a]}, periodSeconds: 1, failureThreshold: 1}";
    assert_eq!(probe(quick), weaker);
    assert_eq!(probe(&quick.replace("liveness", "startup")), weaker);
    assert_eq!(probe("livenessProbe: {exec: {command: [a]}}"), []);
    assert_eq!(probe(&format!("{quick}\n        startupProbe: {{exec: {{command: [a]}}}}")), []);
}

#[test]
fn a_data_mount_that_is_only_read_breaks() {
    let only_read = ("mountPath: /data}", "mountPath: /data, readOnly: true}");
    assert_eq!(found(&replaced(only_read.0, only_read.1)), only("only-read", "U9", Severity::Break));
    let both = |text: &str| {
        text.replace("  volumeClaimTemplates", "      - {name: backup, image: b, volumeMounts: [{name: data, mountPath: /data}]}\n  volumeClaimTemplates")
    };
    let old = both(OLD);
    let last = old.rfind(only_read.0).unwrap();
    let new = format!("{}{}", &old[..last], old[last..].replacen(only_read.0, only_read.1, 1));
    assert_eq!(found(&pictured(&old, &new)), only("only-read", "U9", Severity::Care));
}

#[test]
fn the_group_of_the_files_is_kept() {
    let of = |was: &str, is: &str| {
        let with = |text: &str| {
            OLD.replace(
                "      containers:\n",
                &format!("      securityContext: {{{text}}}\n      containers:\n"),
            )
        };
        found(&pictured(&with(was), &with(is)))
    };
    let another = only("another-user", "U3", Severity::Care);
    assert_eq!(of("fsGroup: 999, runAsUser: 999", "runAsUser: 999"), another);
    assert_eq!(of("fsGroup: 999", "fsGroup: 1001"), another);
    assert_eq!(of("runAsGroup: 999", "runAsGroup: 1001"), another);
    assert_eq!(of("runAsUser: 999", "runAsUser: 999, fsGroup: 999"), []);
    assert_eq!(of("fsGroup: 999, runAsGroup: 999", "fsGroup: 999, runAsGroup: 0"), []);
}

#[test]
fn two_over_one_volume_are_two_that_have_it() {
    let set = |text: &str| {
        let without = DEPLOYMENT.split("---").next().unwrap();
        without.replace("persistentVolumeClaim: {claimName: vault-data}", text)
    };
    let picture = pictured(&set("emptyDir: {}"), DEPLOYMENT);
    assert_eq!(found(&picture), only("two-over-one-volume", "U6", Severity::Note));
    assert!(judge(&picture)[0].message.starts_with("from the next roll on"), "{}", judge(&picture)[0]);
}

#[test]
fn a_change_of_kind_is_told_as_one() {
    let set = DEPLOYMENT
        .split("---")
        .next()
        .unwrap()
        .replace("kind: Deployment", "kind: StatefulSet")
        .replace("      volumes: [{name: data, persistentVolumeClaim: {claimName: vault-data}}]", "")
        .replace("  selector", "  volumeClaimTemplates: [{metadata: {name: data}}]\n  selector");
    let mut picture = pictured(DEPLOYMENT, &set);
    picture.claims = ["vault-data".to_owned()].into();
    let forecast = judge(&picture).into_iter().find(|one| one.cause == "workload-renamed").unwrap();
    assert!(
        forecast.message.contains("the kind changes: it is StatefulSet vault")
            && forecast.remedy.starts_with("keep the kind"),
        "{forecast}"
    );
}

#[test]
fn a_password_made_anew_that_nobody_of_the_chart_uses_needs_care() {
    let secret = |name: &str, value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: pw}}\nstringData: {{{name}: {value}}}\n")
    };
    let anew = |name: &str| {
        let mut picture = pictured(&secret(name, "hunter22"), &secret(name, "hunter33"));
        picture.again = Rendered::parse(&secret(name, "hunter44"), "new").unwrap();
        grave(&picture)
    };
    assert_eq!(anew("postgres-password"), ["secret-regenerated"]);
    assert_eq!(anew("note"), [""; 0]);
}
