//! The rights that a run uses, and which of them we lack.

mod used;

use external::api::cluster_objects;
use futures::future::try_join_all;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Client;

use self::used::{Place, USED, Used, Without};
use crate::{
    error::{Error, Result, exit},
    report::terrain::Right,
};

/// A right that we lack.
pub(super) struct Lacking {
    pub right: Right,
    without: Without,
}

/// Whether we may do everything.
pub(super) async fn everything(client: &Client) -> Result<bool> {
    allowed(client, "*", "*.*", None).await
}

/// The rights that we lack, of those that a run uses: in a namespace that it makes, or in one that is given.
pub(super) async fn lacking(client: &Client, namespace: &str, given: bool) -> Result<Vec<Lacking>> {
    // Who may do everything is asked for nothing more.
    if everything(client).await? {
        return Ok(Vec::new());
    }
    let not_used = if given { Without::NoNamespace } else { Without::GivenTold };
    let used = USED.iter().filter(|used| used.without != not_used);
    let each = used.map(|used| async move {
        let place = match used.place {
            Place::Ours => Some(namespace),
            Place::Namespace(name) => Some(name),
            Place::Cluster => None,
        };
        let asked = used.verbs.iter().map(|verb| allowed(client, verb, used.resource, place));
        let allowed = used.verbs.iter().zip(try_join_all(asked).await?);
        let verbs: Vec<String> =
            allowed.filter(|(_, allowed)| !allowed).map(|(verb, _)| (*verb).to_owned()).collect();
        Ok::<_, Error>(
            (!verbs.is_empty()).then(|| Lacking { right: right(used, verbs), without: used.without }),
        )
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

fn right(used: &Used, verbs: Vec<String>) -> Right {
    let claims = match used.without {
        Without::Claims(claims) => claims.iter().map(|claim| (*claim).to_owned()).collect(),
        _ => Vec::new(),
    };
    Right { verbs, resource: used.resource.to_owned(), purpose: used.purpose.to_owned(), claims }
}

/// Refuses to go on where something is lacking without which nothing can be run.
pub(super) fn check(lacking: &[Lacking]) -> Result<()> {
    let missing =
        lacking.iter().filter(|lacking| matches!(lacking.without, Without::Nothing | Without::NoNamespace));
    let missing: Vec<String> = missing.map(|lacking| format!("  {}", lacking.right)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "these credentials may not do what every run does: who administers the cluster applies what `steadfast rights` prints, \
         or another role that allows this in its namespaces:\n{}",
        missing.join("\n")
    );
    Err(Error::trouble(exit::FORBIDDEN, message))
}

/// Whether we may do this: `resource` is `statefulsets.apps` or `pods/proxy`.
async fn allowed(client: &Client, verb: &str, resource: &str, namespace: Option<&str>) -> Result<bool> {
    let (path, group) = resource.split_once('.').unwrap_or((resource, ""));
    let (name, subresource) = path.split_once('/').map_or((path, None), |(name, sub)| (name, Some(sub)));
    let attributes = ResourceAttributes {
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(name.to_owned()),
        subresource: subresource.map(str::to_owned),
        namespace: namespace.map(str::to_owned),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(attributes),
        ..SelfSubjectAccessReviewSpec::default()
    };
    let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let reviews = cluster_objects::<SelfSubjectAccessReview>(client).doing("reading which rights we have");
    let answer = reviews.create(&review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use camino::Utf8Path;

    use super::*;
    use crate::{claim, manifest::Manifest};

    #[test]
    fn what_nothing_can_be_run_without_is_named_and_all_else_is_not() {
        let named = |resource: &str| {
            let used = USED.iter().find(|used| used.resource == resource).unwrap();
            Lacking { right: right(used, vec![used.verbs[0].to_owned()]), without: used.without }
        };
        assert!(check(&[named("events"), named("nodes")]).is_ok());
        let error = check(&[named("events"), named("pods/proxy")]).unwrap_err();
        assert_eq!(error.exit_code(), exit::FORBIDDEN);
        let words = error.to_string();
        assert!(
            words.ends_with("\n  get pods/proxy: pods of ours are asked and told through the API server"),
            "{words}"
        );
    }

    #[test]
    fn a_claim_that_hangs_on_a_right_is_one_of_ours() {
        let known: BTreeSet<&str> = claim::ALL.iter().map(|claim| claim.id).collect();
        for used in USED {
            if let Without::Claims(claims) = used.without {
                assert!(claims.iter().all(|claim| known.contains(claim)), "{claims:?} of {}", used.resource);
            }
        }
    }

    type Granted = BTreeMap<(Place, String), BTreeSet<String>>;

    /// What the rules of a role grant, by resource: `statefulsets.apps`.
    fn granted(of: Place, role: &serde_json::Value, into: &mut Granted) {
        let list = |value: &serde_json::Value| -> Vec<String> {
            let texts = value.as_array().into_iter().flatten();
            texts.map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
        };
        for rule in role["rules"].as_array().into_iter().flatten() {
            for resource in list(&rule["resources"]) {
                for group in list(&rule["apiGroups"]) {
                    let (name, sub) = resource.split_once('/').unwrap_or((&resource, ""));
                    let group = if group.is_empty() { group } else { format!(".{group}") };
                    let sub = if sub.is_empty() { String::new() } else { format!("/{sub}") };
                    into.entry((of, format!("{name}{sub}{group}"))).or_default().extend(list(&rule["verbs"]));
                }
            }
        }
    }

    #[test]
    fn the_file_for_administrators_grants_what_is_used_and_no_more() {
        let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/rights");
        let manifest = Manifest::load(&folder).unwrap();
        let mut there = Granted::new();
        for role in manifest.objects.iter().filter(|object| object["rules"].is_array()) {
            let of = match (role["metadata"]["name"].as_str(), role["metadata"]["namespace"].as_str()) {
                (_, Some("kube-system")) => Place::Namespace("kube-system"),
                (_, Some("kube-node-lease")) => Place::Namespace("kube-node-lease"),
                (Some("steadfast-in-namespaces"), None) => Place::Ours,
                (Some("steadfast-in-the-cluster"), None) => Place::Cluster,
                other => panic!("{other:?}"),
            };
            granted(of, role, &mut there);
        }
        let mut used = Granted::new();
        for right in USED {
            let resource = (right.place, right.resource.to_owned());
            used.entry(resource).or_default().extend(right.verbs.iter().map(|verb| (*verb).to_owned()));
        }
        assert_eq!(there, used);
    }
}
