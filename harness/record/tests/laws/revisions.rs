//! K6: a revision belongs to one template.

use serde_json::{Value, json};

use crate::fixtures::{green, insert, last_position, lines, red, refuted, versions};

/// A roll that is taken back, with templates that are as the revisions say.
fn taken_back() -> Vec<Value> {
    let mut lines = lines("highest_first");
    for version in versions(&mut lines, "StatefulSet", "sentinel") {
        let set = &mut version["object"];
        let (generation, observed) = (&set["metadata"]["generation"], &set["status"]["observedGeneration"]);
        let template =
            if generation == observed { set["status"]["updateRevision"].clone() } else { json!("") };
        set["spec"]["template"] = json!({"metadata": {"annotations": {"of": template}}});
    }
    lines
}

#[test]
fn k6_a_template_has_another_revision_than_before() {
    let mut lines = taken_back();
    green(&lines);
    let last = last_position(&lines, "modified", "StatefulSet", "sentinel");
    let mut again = |change: fn(&mut Value)| {
        insert(&mut lines, last, "StatefulSet", "sentinel", |set| {
            set["object"]["status"]["updateRevision"] = json!("sentinel-another");
            set["object"]["status"]["currentRevision"] = json!("sentinel-another");
            change(set);
        });
        lines.remove(last + 1)
    };
    let anew = again(|_| {});
    // A status that is of the spec before, and another template.
    let former = again(|set| set["object"]["metadata"]["generation"] = json!(99));
    let changed = again(|set| set["object"]["spec"]["template"] = json!({"metadata": {"name": "another"}}));
    let unknown = again(|set| set["object"]["spec"]["template"] = json!({}));
    let of_another = again(|set| set["object"]["metadata"]["uid"] = json!("another"));
    for harmless in [former, changed, unknown, of_another] {
        let mut lines = lines.clone();
        lines.insert(last + 1, harmless);
        let refuted = refuted(&lines);
        assert!(refuted.iter().all(|(claim, _)| claim != "K6"), "{refuted:#?}");
    }
    lines.insert(last + 1, anew);
    red(&lines, "K6", "sentinel has the revision sentinel-another of a template that had sentinel-");
}

/// The controller wrote the status of the set that was gone to the one made again under its name.
#[test]
fn k6_a_revision_of_a_set_of_the_name_before_is_none_of_its_own() {
    let mut lines = taken_back();
    let last = last_position(&lines, "modified", "StatefulSet", "sentinel");
    let own = lines[last]["object"]["object"]["status"]["updateRevision"].clone();
    let anew = |revision: Value| {
        move |set: &mut Value| {
            set["object"]["metadata"]["uid"] = json!("anew");
            set["object"]["spec"]["template"] = json!({"metadata": {"name": "anew"}});
            set["object"]["status"]["updateRevision"] = revision;
        }
    };
    insert(&mut lines, last, "StatefulSet", "sentinel", anew(own));
    insert(&mut lines, last + 1, "StatefulSet", "sentinel", anew(json!("sentinel-anew")));
    let of_k6 = |lines: &[Value]| refuted(lines).into_iter().filter(|(claim, _)| claim == "K6").count();
    assert_eq!(of_k6(&lines), 0);
    insert(&mut lines, last + 2, "StatefulSet", "sentinel", anew(json!("sentinel-another")));
    assert_eq!(of_k6(&lines), 1);
}
