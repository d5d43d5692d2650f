use super::*;

/// A pod of a Deployment.
fn made(name: &str, deployment: &str, ready: bool) -> (Kind, Value) {
    with(pod(name, ready), "metadata.labels", json!({"app": deployment}))
}

#[test]
fn pods_of_a_deployment_are_told_by_their_label() {
    let two = pods_named("web", 2);
    let check = |objects: &[(Kind, Value)]| two.check(&world(objects));
    let (one, other) = (made("web-a", "web", true), made("web-b", "web", false));
    assert_eq!(check(&[one.clone(), other.clone(), made("db-a", "db", true), pod("web-c", true)]), Met);
    assert_eq!(not_yet(check(&[one, terminating(other)])), "it has 1");
    assert_eq!(not_yet(check(&[])), "it has 0");
}

#[test]
fn pods_of_a_deployment_that_are_ready() {
    let all = pods_ready("web");
    let check = |objects: &[(Kind, Value)]| all.check(&world(objects));
    let (one, other) = (made("web-a", "web", true), made("web-b", "web", false));
    assert_eq!(check(&[one.clone(), made("db-a", "db", false)]), Met);
    assert!(not_yet(check(&[one.clone(), other.clone()])).starts_with("web-b is Running, not Ready"));

    let only = only_these_ready("web", ["web-a".to_owned()]);
    assert_eq!(only.check(&world(&[one.clone(), other.clone()])), Met);
    let both = [one, made("web-b", "web", true)];
    assert_eq!(not_yet(only.check(&world(&both))), r#"ready are {"web-a", "web-b"}"#);
    assert_eq!(not_yet(only.check(&world(&[other]))), "ready are {}");
}
