//! Pods and the nodes that could hold them, and services and the pods that they select.

use super::{kinds::grave, *};

fn nodes() -> Vec<Value> {
    let node = |name: &str, taints: Value| {
        json!({
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            "spec": {"taints": taints},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi"}},
        })
    };
    let control_plane = json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]);
    vec![node("control", control_plane), node("one", json!(null)), node("two", json!(null))]
}

fn placed(line: &str, nodes: Option<Vec<Value>>) -> Vec<(String, Severity)> {
    let new = OLD.replace("      containers:\n", &format!("      {line}\n      containers:\n"));
    of(&new, nodes)
}

fn of(new: &str, nodes: Option<Vec<Value>>) -> Vec<(String, Severity)> {
    let mut picture = pictured(OLD, new);
    picture.around.nodes = nodes;
    let on = |node: &str| json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]});
    picture.around.volumes = [("data-db-0".to_owned(), on("one"))].into();
    judge(&picture).into_iter().map(|one| (one.cause, one.severity)).collect()
}

#[test]
fn pods_that_no_node_with_their_volume_can_hold_break() {
    let no_node = |severity| vec![("no-node".to_owned(), severity)];
    let required = |operator: &str, node: &str| {
        format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: {operator}, values: [{node}]}}]}}]}}}}}}"
        )
    };
    for (line, expected) in [
        ("nodeSelector: {kubernetes.io/hostname: one}".to_owned(), vec![]),
        ("nodeSelector: {kubernetes.io/hostname: two}".to_owned(), no_node(Severity::Break)),
        ("nodeSelector: {kubernetes.io/hostname: control}".to_owned(), no_node(Severity::Break)),
        ("nodeSelector: {disk: fast}".to_owned(), no_node(Severity::Break)),
        (required("In", "one"), vec![]),
        (required("NotIn", "one"), no_node(Severity::Break)),
        ("tolerations: [{key: a, operator: Exists}]".to_owned(), vec![]),
    ] {
        assert_eq!(placed(&line, Some(nodes())), expected, "{line}");
    }
    assert_eq!(placed("nodeSelector: {disk: fast}", None), no_node(Severity::Care));
    let asking = |cpu: &str| {
        let resources = format!("image: postgres:17\n        resources: {{requests: {{cpu: {cpu}}}}}");
        OLD.replace("image: postgres:17", &resources)
    };
    assert_eq!(of(&asking("'1000'"), Some(nodes())), no_node(Severity::Break));
    assert_eq!(of(&asking("500m"), Some(nodes())), []);
    assert_eq!(of(&asking("'1000'"), None), []);
}

#[test]
fn a_service_that_selects_no_pod_breaks() {
    let service = |selector: &str| {
        format!(
            "{OLD}---\napiVersion: v1\nkind: Service\nmetadata: {{name: db}}\nspec: {{selector: {{{selector}}}}}\n"
        )
    };
    let selecting = |was: &str, is: &str, pods: Option<Vec<Value>>| {
        let mut picture = pictured(&service(was), &service(is));
        picture.around.pods = pods;
        judge(&picture).into_iter().map(|one| (one.cause, one.severity)).collect::<Vec<_>>()
    };
    let without = |severity| vec![("service-without-pods".to_owned(), severity)];
    let pods = |role: &str| Some(vec![json!({"app": "db", "role": role})]);
    let narrow = "app: db, role: primary";
    assert_eq!(selecting("app: db", narrow, pods("replica")), without(Severity::Break));
    assert_eq!(selecting("app: db", narrow, pods("primary")), without(Severity::Care));
    assert_eq!(selecting("app: db", narrow, None), without(Severity::Care));
    assert_eq!(selecting("app: db", "app: db", pods("replica")), []);
    let relabelled = |chart: &str| chart.replace("labels: {app: db}", "labels: {app: other}");
    let of = |new: &str| {
        let mut picture = pictured(&service("app: db"), new);
        picture.around.pods = pods("replica");
        let found = judge(&picture).into_iter().map(|one| (one.cause, one.severity));
        found.filter(|(cause, _)| cause == "service-without-pods").collect::<Vec<_>>()
    };
    assert_eq!(of(&relabelled(&service("app: db"))), without(Severity::Break));
    let gone = service("app: db").split("---").skip(1).collect::<Vec<_>>().join("---");
    assert_eq!(of(&gone), without(Severity::Care));
    // Nobody of the chart was selected before either.
    assert_eq!(selecting(narrow, "app: db, role: leader", pods("replica")), []);
    let own = "app: db, statefulset.kubernetes.io/pod-name: db-0";
    assert_eq!(selecting("app: db", own, pods("replica")), []);
    assert_eq!(grave(&pictured(&service("app: db"), &service(""))), [""; 0]);
}
