//! A Service that a container waits for and that no pod stands behind.

use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;

use super::At;
use crate::{Picture, cause::Cause, evidence::Evidence, labels::stands_for};

/// The Service that a container names, in its command or its log, and whose selector no pod matches.
pub(super) fn nobody<'a>(at: &At<'a>) -> Option<&'a Service> {
    let template = at.template()?;
    let mut texts: Vec<&str> =
        template.command.iter().chain(&template.args).flatten().map(String::as_str).collect();
    texts.extend(at.picture.log(at.pod, &at.container.name));
    let namespace = at.picture.namespace();
    let named = |service: &&Service| {
        let name = service.name_any();
        texts.iter().any(|text| names(text, &name, &namespace))
    };
    let services = at.picture.services.as_deref().ok()?;
    services.iter().filter(|service| stands_alone(at.picture, service)).find(named)
}

/// What is in the way of a container that waits for such a Service.
pub(super) fn blame(picture: &Picture, service: &Service, mut cause: Cause) -> Cause {
    let (name, selector) = (service.name_any(), selector(service));
    cause.seen.push_str(&format!(
        "; it names Service {name}, whose selector ({selector}) no pod of the namespace matches, so that nobody answers there"
    ));
    cause
        .by([Evidence::field(format!("service/{name}"), "spec.selector", &selector)])
        .likely(format!(
            "see that the Service has no address: {}",
            picture.kubectl(&format!("get endpointslices -l kubernetes.io/service-name={name}"))
        ))
        .advise(format!(
            "give Service {name} the labels of the pods that are to answer as its selector: {}",
            picture.kubectl("get pods --show-labels")
        ))
        .advise("or start those pods, if they are not there yet; the init container goes on by itself")
}

/// Whether a Service selects pods by labels, and there is none with them.
fn stands_alone(picture: &Picture, service: &Service) -> bool {
    !selector(service).is_empty() && !picture.pods.iter().any(|pod| stands_for(service, pod.labels()))
}

fn selector(service: &Service) -> String {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let pairs = selector.into_iter().flatten().map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join(", ")
}

/// Whether a text has a Service's name as a whole word: no file, no option, no variable, no host of elsewhere.
fn names(text: &str, service: &str, namespace: &str) -> bool {
    text.match_indices(service).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        let begins = before.ends_with("//")
            || !before.ends_with(|letter: char| letter.is_alphanumeric() || "-_./$\\".contains(letter));
        let ends = match after.strip_prefix('.') {
            Some(rest) => {
                rest.starts_with(namespace) || rest.starts_with(char::is_whitespace) || rest.is_empty()
            }
            None => !after.starts_with(|letter: char| letter.is_alphanumeric() || "-_=".contains(letter)),
        };
        begins && ends
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_service_is_named_by_a_whole_word() {
        for text in [
            "pg_isready -h db -p 5432",
            "db:5432 - no response",
            "curl http://db/",
            "nc -z db.shop 1",
            "no db.",
        ] {
            assert!(names(text, "db", "shop"), "{text}");
        }
        for text in [
            "cat /var/db",
            "echo $db",
            "db=1",
            "mydb-2",
            "the database",
            "sqlite3 x.db",
            "db.example.org",
            "db-1",
        ] {
            assert!(!names(text, "db", "shop"), "{text}");
        }
    }
}
