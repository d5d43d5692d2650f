//! What Helm makes beside a release: definitions in crds/, and what hooks make.

use super::{kinds::grave, *};

/// A definition, from this file of a chart.
fn definition(file: &str, version: &str, description: &str, more: &str) -> String {
    format!(
        "---
# Source: a/{file}
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: x}}
spec:
  versions:
  - name: {version}
    schema: {{openAPIV3Schema: {{description: {description}, properties: {{description: {{type: string}}{more}}}}}}}
"
    )
}

#[test]
fn a_definition_that_is_only_described_otherwise_is_no_change() {
    let old = definition("crds/x.yaml", "v1", "a", "");
    let of = |new: String| worst(&judge(&pictured(&old, &new)));
    assert_eq!(of(definition("crds/x.yaml", "v1", "b", "")), None);
    assert_eq!(of(definition("crds/x.yaml", "v1", "a", ", size: {type: integer}")), Some(Severity::Care));
    assert_eq!(of(definition("crds/x.yaml", "v2", "a", "")), Some(Severity::Break));
    assert_eq!(worst(&judge(&pictured(OLD, &format!("{OLD}{old}")))), Some(Severity::Break));
}

#[test]
fn a_definition_among_the_templates_is_upgraded() {
    let file = "templates/crds/x.yaml";
    let (old, new) = (definition(file, "v1", "a", ""), definition(file, "v2", "a", ""));
    assert_eq!(found(&pictured(&old, &new)), []);
    let moved = pictured(&old, &definition("crds/x.yaml", "v1", "a", ""));
    assert_eq!(found(&moved), only("definition-gone", "U2", Severity::Loss));
}

#[test]
fn what_is_installed_beside_the_release_is_no_difference() {
    let old = definition("crds/x.yaml", "v1", "a", "");
    let mut picture = pictured(&old, &old);
    picture.held = Rendered::parse(OLD, "old").unwrap();
    picture.new = Rendered::parse(&format!("{OLD}{old}"), "new").unwrap();
    assert!(differences(&picture).iter().all(|change| change.kind != "CustomResourceDefinition"));
}

const MADE_BY_A_HOOK: &str = "
---
apiVersion: v1
kind: Secret
metadata: {name: made, annotations: {helm.sh/hook: pre-install}}
data: {password: b2xk}
";

#[test]
fn what_a_hook_has_made_stays_and_is_not_the_releases() {
    let old = format!("{OLD}{MADE_BY_A_HOOK}");
    assert_eq!(found(&pictured(&old, OLD)), []);
    let ordinary = old.replace(", annotations: {helm.sh/hook: pre-install}", "");
    assert_eq!(grave(&pictured(&old, &ordinary)), ["owned-by-another"]);
}

#[test]
fn a_policy_that_comes_cuts_off_whom_it_does_not_name() {
    let policy = |ingress: &str| {
        let new = format!(
            "{OLD}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: db}}\nspec: {{podSelector: {{}}, {ingress}}}\n"
        );
        grave(&pictured(OLD, &new))
    };
    assert_eq!(
        policy("ingress: [{from: [{podSelector: {}}], ports: [{port: 5432}]}]"),
        ["network-policy-new"]
    );
    assert_eq!(policy("policyTypes: [Ingress]"), ["network-policy-new"]);
    assert_eq!(policy("ingress: [{ports: [{port: 5432}]}]"), [""; 0]);
    assert_eq!(policy("policyTypes: [Egress]"), [""; 0]);
}
