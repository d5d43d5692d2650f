//! Volumes of a set's templates that its pods have no more.

use super::{kinds::refuse, *};

const TEMPLATES: &str = "  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {resources: {requests: {storage: 1Gi}}}
";

fn refused(new: &str) -> Picture {
    assert_ne!(new, OLD);
    let mut picture = pictured(OLD, new);
    let said =
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden";
    refuse(&mut picture, "StatefulSet", "spec", said);
    picture
}

#[test]
fn a_template_that_goes_hides_the_data_and_no_way_around_the_refusal_is_told() {
    let emptied = OLD
        .replace(TEMPLATES, "")
        .replace("      containers:\n", "      volumes: [{name: data, emptyDir: {}}]\n      containers:\n");
    let renamed = OLD
        .replace("metadata: {name: data}", "metadata: {name: store}")
        .replace("volumeMounts: [{name: data,", "volumeMounts: [{name: store,");
    for new in [emptied, renamed] {
        let forecasts = judge(&refused(&new));
        let worst = &forecasts[0];
        assert_eq!((worst.cause.as_str(), worst.severity), ("template-gone", Severity::Loss), "{worst}");
        assert!(
            worst.message.contains("volumeClaimTemplates") && worst.message.contains("data-db-0"),
            "{worst}"
        );
        let refusal = forecasts.iter().find(|one| one.cause == "immutable-field").unwrap();
        assert!(refusal.message.contains("spec.volumeClaimTemplates"), "{refusal}");
        assert!(forecasts.iter().all(|one| !one.remedy.contains("orphan")), "{refusal}");
    }
}

#[test]
fn claims_that_the_new_pods_name_are_not_lost() {
    let named = OLD.replace(TEMPLATES, "").replace("replicas: 2", "replicas: 1").replace(
        "      containers:\n",
        "      volumes: [{name: data, persistentVolumeClaim: {claimName: data-db-0}}]\n      containers:\n",
    );
    let mut picture = refused(&named);
    picture.claims = ["data-db-0".to_owned()].into();
    assert!(judge(&picture).iter().all(|one| one.cause != "template-gone"));
}

#[test]
fn a_folder_of_the_node_that_an_empty_one_replaces_is_a_loss() {
    let of = |volume: &str| {
        let volumes = format!("      volumes: [{{name: data, {volume}}}]\n      containers:\n");
        OLD.replace(TEMPLATES, "").replace("      containers:\n", &volumes)
    };
    let (folder, empty) = (of("hostPath: {path: /srv/db}"), of("emptyDir: {}"));
    assert_eq!(found(&pictured(&folder, &empty)), only("directory-moved", "U9", Severity::Loss));
    assert_eq!(found(&pictured(&folder, &folder)), []);
    let only_read = |text: &str| text.replace("mountPath: /data}", "mountPath: /data, readOnly: true}");
    assert_eq!(found(&pictured(&only_read(&folder), &only_read(&empty))), []);
}

#[test]
fn a_refused_policy_is_told_once() {
    let parallel = OLD.replace("  serviceName: db", "  podManagementPolicy: Parallel\n  serviceName: db");
    let causes: Vec<_> = judge(&refused(&parallel)).into_iter().map(|one| one.cause).collect();
    assert_eq!(causes, ["immutable-field"]);
}

#[test]
fn what_goes_with_the_pod_in_the_place_of_a_lasting_mount_is_a_loss() {
    let hidden = OLD
        .replace("      containers:\n", "      volumes: [{name: scratch, emptyDir: {}}]\n      containers:\n")
        .replace("volumeMounts: [{name: data,", "volumeMounts: [{name: scratch,");
    assert_eq!(found(&pictured(OLD, &hidden)), only("directory-moved", "U9", Severity::Loss));
}
