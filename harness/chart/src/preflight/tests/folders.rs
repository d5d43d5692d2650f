//! Servers that find their data where they left it, and those that do not.

use super::{kinds::grave, *};

const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: tsdb}
spec:
  template:
    spec:
      containers:
      - name: tsdb
        image: r.example/tsdb:1
        args: [--dir, /root/db]
        volumeMounts: [{name: data, mountPath: /root/db}, {name: data, mountPath: /plugins, subPath: plugins}]
  volumeClaimTemplates: [{metadata: {name: data}}]
";

fn changed(from: &[(&str, &str)]) -> Vec<(String, Severity)> {
    let new = from.iter().fold(SET.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let found = judge(&pictured(SET, &new)).into_iter();
    found.map(|forecast| (forecast.cause, forecast.severity)).collect()
}

fn moved(severity: Severity) -> Vec<(String, Severity)> {
    vec![("directory-moved".to_owned(), severity)]
}

#[test]
fn a_mount_that_moves_with_what_the_server_is_told_of_it_needs_care() {
    assert_eq!(changed(&[("/root/db", "/var/db")]), moved(Severity::Care));
    assert_eq!(changed(&[("mountPath: /root/db", "mountPath: /var/db")]), moved(Severity::Loss));
    let deeper = [("mountPath: /root/db", "mountPath: /var/db"), ("--dir, /root/db", "--dir, /var/db/x")];
    assert_eq!(changed(&deeper), moved(Severity::Loss));
}

#[test]
fn an_init_container_that_moves_files_is_believed_with_care() {
    let with = |script: &str| {
        let init = format!(
            "      initContainers: [{{name: migrate, command: [sh, -c, '{script}'], volumeMounts: [{{name: data, mountPath: /v}}]}}]\n      containers:"
        );
        let text = SET
            .replace("      containers:", &init)
            .replace("mountPath: /root/db", "mountPath: /root/db, subPath: db");
        judge(&pictured(SET, &text)).iter().map(|one| (one.cause.clone(), one.severity)).collect::<Vec<_>>()
    };
    assert_eq!(with("cd /v; mkdir db; mv * db"), moved(Severity::Care));
    assert_eq!(with("chown -R 1 /v"), moved(Severity::Loss));
}

#[test]
fn the_order_of_mounts_and_another_one_move_nothing() {
    let mounts = "{name: data, mountPath: /root/db}, {name: data, mountPath: /plugins, subPath: plugins}";
    let turned = "{name: data, mountPath: /plugins/, subPath: plugins}, {name: data, mountPath: /log, subPath: log}, {name: data, mountPath: /root/db}";
    assert_eq!(changed(&[(mounts, turned)]), []);
    let fewer = "{name: data, mountPath: /root/db}";
    assert_eq!(changed(&[(mounts, fewer)]), moved(Severity::Care));
}

#[test]
fn a_container_that_is_called_otherwise_is_still_the_server() {
    let renamed = ("- name: tsdb", "- name: server");
    assert_eq!(changed(&[renamed]), []);
    assert_eq!(changed(&[renamed, ("subPath: plugins", "subPath: addons")]), moved(Severity::Loss));
}

#[test]
fn a_data_folder_at_the_same_place_of_its_volume_has_not_moved() {
    let along = picture(|text| text.replace("/data", "/var/lib/db"));
    assert_eq!(grave(&along), ["directory-moved"]);
    assert_eq!(worst(&judge(&along)), Some(Severity::Care));
}
