//! Each check, on a step that it is for.

use external::images::Absence;

use super::*;

#[test]
fn an_upgrade_that_changes_nothing_is_silent() {
    assert_eq!(found(&picture(str::to_owned)), []);
}

#[test]
fn a_refused_field_of_a_set_is_found_by_comparing() {
    let mut picture = replaced("serviceName: db", "serviceName: db-headless");
    let said =
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden";
    let refused = Trial::Refused { message: "422".into(), causes: vec![("spec".into(), said.into())] };
    let key = picture.new_objects().into_keys().find(|key| key.kind == "StatefulSet").unwrap();
    picture.trials.insert(key, refused);
    let forecasts = judge(&picture);
    assert_eq!(found(&picture), only("immutable-field", "U1", Severity::Break));
    let message = &forecasts[0].message;
    assert!(
        message.contains("spec.serviceName from db to db-headless") && !message.contains("spec.template"),
        "{message}"
    );
    assert!(forecasts[0].remedy.contains("--cascade=orphan"), "{}", forecasts[0].remedy);
}

#[test]
fn a_kind_that_is_not_served_is_named_with_its_version() {
    let mut picture = picture(str::to_owned);
    let key = picture.new_objects().into_keys().find(|key| key.kind == "PodDisruptionBudget").unwrap();
    picture.trials.insert(key, Trial::NotServed);
    assert_eq!(found(&picture), only("api-not-served", "U1", Severity::Break));
    assert!(
        judge(&picture)[0].message.contains("v1.34.4 does not serve policy/v1"),
        "{}",
        judge(&picture)[0]
    );
}

#[test]
fn what_is_there_and_belongs_to_another_is_refused_by_helm_alone() {
    let mut stranger =
        picture(|text| format!("{text}---\napiVersion: v1\nkind: Service\nmetadata: {{name: other}}\n"));
    let key = stranger.new_objects().into_keys().find(|key| key.kind == "Service").unwrap();
    stranger
        .live
        .insert(key.clone(), json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "else"}}}));
    assert_eq!(found(&stranger), only("owned-by-another", "U1", Severity::Break));
    stranger.way = Way::Apply;
    assert_eq!(found(&stranger), []);
    stranger.way = Way::Helm4;
    stranger.live.insert(key, json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "db"}}}));
    assert_eq!(found(&stranger), []);
}

#[test]
fn a_renamed_set_leaves_its_claims_and_names_them() {
    let renamed =
        replaced("kind: StatefulSet\nmetadata: {name: db}", "kind: StatefulSet\nmetadata: {name: pg}");
    assert_eq!(found(&renamed), only("set-renamed", "U2", Severity::Loss));
    let forecast = &judge(&renamed)[0];
    assert!(
        forecast.message.contains("data-db-0, data-db-1") && !forecast.message.contains("other"),
        "{forecast}"
    );
    let gone = picture(|text| text.split("---").skip(1).collect::<Vec<_>>().join("---"));
    assert_eq!(found(&gone), only("set-gone", "U2", Severity::Loss));
    let fewer = found(&replaced("replicas: 2", "replicas: 1"));
    assert_eq!(fewer[0], ("fewer-replicas".to_owned(), "U2".to_owned(), Severity::Break));
}

#[test]
fn secrets_are_compared_and_never_shown() {
    let changed = replaced("b2xk", "bmV3");
    assert_eq!(found(&changed), only("secret-changed", "U4", Severity::Break));
    let mut asked = replaced("b2xk", "bmV3");
    asked.values.given = json!({"auth": {"password": "new"}});
    assert_eq!(found(&asked), only("secret-changed", "U4", Severity::Care));
    let mut random = replaced("b2xk", "bmV3");
    random.again = Rendered::parse(&OLD.replace("b2xk", "b3RoZXI="), "new").unwrap();
    assert_eq!(found(&random), only("secret-regenerated", "U4", Severity::Break));
    let mut looked_up = picture(str::to_owned);
    looked_up.offline = random.again.clone();
    assert_eq!(found(&looked_up), only("secret-kept-by-lookup", "U4", Severity::Note));
    let text = format!("{:?}{:?}", judge(&random), differences(&random));
    assert!(text.contains("sha256:"), "{text}");
    for value in ["b2xk", "bmV3", "b3RoZXI", "old\"", "new\"", "other\""] {
        assert!(!text.contains(value), "{value} in {text}");
    }
}

#[test]
fn steps_of_servers_are_told_apart() {
    for (image, severity) in [
        ("postgres:18", Some(Severity::Break)),
        ("postgres:16.3", Some(Severity::Break)),
        ("postgres:17.2", None),
        ("postgres:17-alpine", Some(Severity::Break)),
        ("postgres:latest", Some(Severity::Care)),
        ("dxflrs/garage:v2.5.0", Some(Severity::Break)),
        ("mariadb:11", Some(Severity::Break)),
    ] {
        let picture = picture(|text| text.replace("postgres:17", image));
        let step = found(&picture).into_iter().find(|(cause, ..)| cause == "version-step");
        assert_eq!(step.map(|(.., severity)| severity), severity, "{image}");
    }
    let garage = |from: &str, to: &str| {
        let mut picture = picture(|text| text.replace("postgres:17", to));
        picture.held = Rendered::parse(&OLD.replace("postgres:17", from), "old").unwrap();
        picture.live.clear();
        judge(&picture)
            .into_iter()
            .find(|forecast| forecast.cause == "version-step")
            .map(|forecast| forecast.message)
    };
    let says = |from: &str, to: &str, words: &str| {
        let message = garage(from, to).unwrap_or_default();
        assert!(
            message.contains(words) && (words.is_empty() == message.is_empty()),
            "{from} {to}: {message}"
        );
    };
    says("dxflrs/garage:v2.4.0", "dxflrs/garage:v2.5.0", "");
    says("dxflrs/garage:v1.3.1", "dxflrs/garage:v2.5.0", "do not talk to each other");
    says("dxflrs/garage:v0.9.4", "dxflrs/garage:v1.0.0", "do not talk to each other");
    says("dxflrs/garage:v0.8.7", "dxflrs/garage:v1.0.0", "steps over a major version");
    says("dxflrs/garage:v0.9.4", "dxflrs/garage:v2.0.0", "steps over a major version");
    says("dxflrs/garage:v2.0.0", "dxflrs/garage:v1.3.1", "does not read the metadata");
    says("dxflrs/garage:v2.5.0", "dxflrs/garage:v2.4.0", "a step back");
}

#[test]
fn a_setting_that_leads_away_from_the_data_is_a_loss() {
    for (from, to) in [
        ("db_engine = \"lmdb\"", "db_engine = \"sqlite\""),
        ("    db_engine = \"lmdb\"\n", ""),
        ("replication_factor = 3", "replication_factor = 2"),
        ("metadata_dir = \"/meta\"", "metadata_dir = \"/other\""),
    ] {
        let expected = if to.is_empty() { vec![] } else { only("store-setting", "U3", Severity::Loss) };
        assert_eq!(found(&replaced(from, to)), expected, "{from} → {to}");
    }
    assert_eq!(
        found(&replaced("/data/pgdata", "/data/other")),
        only("directory-moved", "U9", Severity::Loss)
    );
    assert_eq!(
        found(&replaced("mountPath: /data", "mountPath: /elsewhere")),
        only("directory-moved", "U9", Severity::Loss)
    );
}

#[test]
fn a_missing_image_is_named_with_the_reason() {
    for (image, sure, expected) in [
        ("postgres:17", true, ("image-missing", Severity::Care)),
        ("postgres:17.1", true, ("image-missing", Severity::Break)),
        ("postgres:17.1", false, ("image-not-looked-up", Severity::Note)),
    ] {
        let mut picture = picture(|text| text.replace("postgres:17", image));
        picture.missing_images.insert(image.into(), Absence { why: "manifest unknown".into(), sure });
        assert_eq!(found(&picture), only(expected.0, "U8", expected.1), "{image}");
    }
}

#[test]
fn hooks_are_told_apart_by_when_they_are_made() {
    let hook = |annotations: &str| {
        let annotated = format!("metadata: {{name: db, annotations: {{{annotations}}}}}");
        let mut picture = picture(|text| text.replacen("metadata: {name: db}", &annotated, 1));
        // It was one before as well.
        picture.held = picture.new.clone();
        let key = picture.new_objects().into_keys().find(|key| key.kind == "StatefulSet").unwrap();
        // The API server is not asked about hooks.
        picture.trials.remove(&key);
        found(&picture)
    };
    assert_eq!(hook("helm.sh/hook: pre-install"), only("never-upgraded", "U7", Severity::Note));
    assert_eq!(hook("helm.sh/hook: 'pre-install,pre-upgrade'"), only("made-anew", "U2", Severity::Care));
    assert_eq!(
        hook("helm.sh/hook: 'pre-upgrade', helm.sh/hook-delete-policy: hook-succeeded"),
        only("hook", "U7", Severity::Care)
    );
    assert_eq!(hook("helm.sh/hook: test"), []);
    let becomes = picture(|text| {
        text.replacen(
            "metadata: {name: db}",
            "metadata: {name: db, annotations: {helm.sh/hook: pre-install}}",
            1,
        )
    });
    assert_eq!(found(&becomes)[0], ("becomes-a-hook".to_owned(), "U2".to_owned(), Severity::Loss));
}

#[test]
fn a_roll_that_is_held_back_and_weaker_guards_need_care() {
    let held_back = picture(|text| {
        text.replace("  selector:", "  updateStrategy: {type: OnDelete}\n  selector:")
            .replace("postgres:17", "postgres:17.1")
    });
    let causes: Vec<_> = found(&held_back).into_iter().map(|(cause, ..)| cause).collect();
    assert_eq!(causes, ["weaker", "roll-held-back"]);
    for (from, to) in [
        ("terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 5"),
        ("readinessProbe: {tcpSocket: {port: 5432}}", "ports: []"),
        ("tcpSocket: {port: 5432}", "exec: {command: ['true']}"),
        (
            "        image: postgres:17",
            "        image: postgres:17\n        resources: {limits: {memory: 192Mi}}",
        ),
    ] {
        assert_eq!(found(&replaced(from, to)), only("weaker", "U6", Severity::Care), "{to}");
    }
    let no_budget = picture(|text| text.rsplit_once("---").unwrap().0.to_owned());
    assert_eq!(found(&no_budget), only("weaker", "U6", Severity::Care));
    let retention = replaced(
        "  serviceName: db",
        "  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}\n  serviceName: db",
    );
    assert_eq!(found(&retention), only("claims-deleted", "U10", Severity::Care));
}

#[test]
fn differences_name_each_field_once() {
    let changed = replaced("postgres:17", "postgres:17.1");
    let fields: Vec<_> = differences(&changed).into_iter().map(|change| change.field).collect();
    assert_eq!(fields, ["/spec/template/spec/containers/0/image"]);
}
