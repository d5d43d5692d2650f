//! The last lines of containers' logs, without what may be secret, and what they name.

pub(crate) mod given;
pub(crate) mod last_words;
pub(crate) mod needs;
mod ownership;
pub(crate) mod read_only;
mod space;
mod token;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use record::words;

use super::{Picture, evidence::Evidence, picture::spec};

/// Lines of a log that are shown.
const SHOWN: usize = 6;
/// Shorter values are in too many words.
const SHORTEST_SECRET: usize = 5;
/// What a variable's name has that holds a secret.
const SECRET_NAMES: &[&str] = &["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH", "COOKIE"];
/// What a line has before a secret.
const SECRET_WORDS: &[&str] = &["password", "passwd", "secret", "token", "apikey", "api_key", "access_key"];
const HIDDEN: &str = "***";

/// The last lines of a container's log, for the evidence.
pub(super) fn evidence(picture: &Picture, pod: &Pod, container: &str) -> Option<Evidence> {
    let lines = last(picture.log(pod, container)?);
    (!lines.is_empty()).then(|| Evidence::log(&pod.name_any(), container, &lines))
}

fn last(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

/// A log as it may be kept: on plain lines, without the values of the pod's own secret variables, and without what looks
/// like one.
pub(super) fn without_secrets(pod: &Pod, text: &str) -> String {
    let spec = spec(pod);
    let variables = spec.init_containers.iter().flatten().chain(&spec.containers);
    let variables = variables.flat_map(|container| container.env.iter().flatten());
    let secret = variables.filter(|variable| {
        let name = variable.name.to_uppercase();
        SECRET_NAMES.iter().any(|word| name.contains(word))
    });
    let values = secret.filter_map(|variable| variable.value.as_deref());
    let values: Vec<&str> = values.filter(|value| value.len() >= SHORTEST_SECRET).collect();
    let hide = |line: &str| {
        let known = values.iter().fold(words::plain(line), |line, value| line.replace(value, HIDDEN));
        in_addresses(&after_words(&known))
    };
    text.lines().map(hide).collect::<Vec<_>>().join("\n")
}

/// `password=hunter2`, `"token": "abc"`
fn after_words(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut cut = None;
    for word in SECRET_WORDS {
        for (at, _) in lower.match_indices(word) {
            let rest = &line[at + word.len()..];
            let value = rest.trim_start_matches(['"', '\'', ' ']);
            if let Some(value) = value.strip_prefix(['=', ':']).filter(|_| !ends_path(&line[..at], rest)) {
                let begin = line.len() - value.trim_start_matches([' ', '"', '\'']).len();
                cut = Some(cut.map_or(begin, |known: usize| known.min(begin)));
            }
        }
    }
    cut.map_or_else(|| line.to_owned(), |cut| format!("{}{HIDDEN}", &line[..cut]))
}

/// Whether a word is the last part of a path, of which something is said, and not what it holds:
/// `/run/token: No such file or directory`
fn ends_path(before: &str, after: &str) -> bool {
    let begun = before.rsplit([' ', '"', '\'', '(']).next().unwrap_or_default();
    let said = after.trim_start_matches(['"', '\'']);
    let sentence = said.strip_prefix(": ").is_some_and(|said| said.trim().contains(' '));
    begun.starts_with('/') && !begun.contains(['=', '?', ':']) && sentence
}

/// `postgres://user:hunter2@host`
fn in_addresses(line: &str) -> String {
    let hide = |word: &str| {
        let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
        match rest.split_once('@') {
            Some((who, host)) if who.contains(':') => {
                let user = who.split(':').next().unwrap_or_default();
                format!("{scheme}://{user}:{HIDDEN}@{host}")
            }
            _ => word.to_owned(),
        }
    };
    line.split(' ').map(hide).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pod() -> Pod {
        serde_json::from_value(json!({"spec": {"containers": [{"name": "main", "env": [
            {"name": "POSTGRES_PASSWORD", "value": "hunter22"}, {"name": "MODE", "value": "primary"}]}]}}))
        .unwrap()
    }

    #[test]
    fn what_may_be_secret_is_hidden() {
        let shown = |line: &str| without_secrets(&pod(), line);
        assert_eq!(shown("role app with hunter22 as primary"), "role app with *** as primary");
        assert_eq!(shown("connect host=db password=abc user=x"), "connect host=db password=***");
        assert_eq!(shown("{\"Token\": \"abc\"}"), "{\"Token\": \"***");
        assert_eq!(shown("GET /login?token: abc"), "GET /login?token: ***");
        assert_eq!(shown("/run/token: abc"), "/run/token: ***");
        assert_eq!(shown("dial amqp://me:abc@queue:5672/"), "dial amqp://me:***@queue:5672/");
        assert_eq!(
            shown("password authentication failed for user"),
            "password authentication failed for user"
        );
    }

    #[test]
    fn the_last_part_of_a_path_is_no_name_of_a_secret() {
        let lines = [
            "cat: /var/run/secrets/kubernetes.io/serviceaccount/token: No such file or directory",
            "open '/run/secrets/db-password': Permission denied",
        ];
        for line in lines {
            assert_eq!(without_secrets(&pod(), line), line);
        }
    }

    proptest! {
        #[test]
        fn any_log_is_taken_and_tells_no_secret(before in "\\PC{0,40}", after in "\\PC{0,40}") {
            let shown = without_secrets(&pod(), &format!("{before} hunter22 {after}"));
            prop_assert!(!shown.contains("hunter22"));
        }
    }
}
