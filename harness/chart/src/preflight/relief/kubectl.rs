//! What a command deletes, as kubectl takes it.

use super::{
    deleted::{Labels, Relief, Which},
    shell::{Variable, expanded},
};

/// The kinds that are told apart, by the words that kubectl takes.
const KINDS: &[(&str, &[&str])] = &[
    ("StatefulSet", &["statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps"]),
    ("Deployment", &["deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"]),
    ("DaemonSet", &["daemonset", "daemonsets", "ds", "daemonset.apps", "daemonsets.apps"]),
    ("Service", &["service", "services", "svc"]),
    ("Job", &["job", "jobs", "job.batch", "jobs.batch"]),
    ("PersistentVolumeClaim", &["persistentvolumeclaim", "persistentvolumeclaims", "pvc"]),
    ("Secret", &["secret", "secrets"]),
    ("ConfigMap", &["configmap", "configmaps", "cm"]),
];

/// What a command deletes, if it is kubectl's.
pub(super) fn deletion(command: &[String], known: &[Variable], hook: &str) -> Vec<Relief> {
    let is_kubectl = |word: &String| word.rsplit('/').next() == Some("kubectl");
    let Some(at) = command.iter().position(is_kubectl) else { return Vec::new() };
    let words: Vec<String> = command[at + 1..].iter().flat_map(|word| expanded(word, known)).collect();
    let orphans = words.iter().any(|word| word == "--cascade=orphan" || word == "--cascade=false")
        || words
            .windows(2)
            .any(|pair| pair[0] == "--cascade" && ["orphan", "false"].contains(&pair[1].as_str()));
    if words.iter().any(|word| word.starts_with("--dry-run") && word != "--dry-run=none") {
        return Vec::new();
    }
    let (plain, labels) = arguments(&words);
    let Some(("delete", rest)) = plain.split_first().map(|(first, rest)| (*first, rest)) else {
        return Vec::new();
    };
    let all = words.iter().any(|word| word == "--all");
    let relief = |kind, which| Relief { hook: hook.to_owned(), kind, which, orphans };
    let mut reliefs = Vec::new();
    if let Some(kinds) = rest.first().map(|kinds| kinds.split(',').filter_map(kind_of).collect::<Vec<_>>()) {
        for kind in kinds {
            match (&labels, all) {
                (Some(labels), _) => reliefs.push(relief(kind, Which::Labelled(labels.clone()))),
                (None, true) => reliefs.push(relief(kind, Which::All)),
                (None, false) => {
                    reliefs
                        .extend(rest[1..].iter().map(|name| relief(kind, Which::Named((*name).to_owned()))));
                }
            }
        }
    }
    for (kind, name) in rest.iter().filter_map(|word| word.split_once('/')) {
        reliefs.extend(kind_of(kind).map(|kind| relief(kind, Which::Named(name.to_owned()))));
    }
    reliefs
}

/// The words of a command that are no options, and the labels that it selects by.
fn arguments(words: &[String]) -> (Vec<&str>, Option<Labels>) {
    const TAKE_ONE: &[&str] = &[
        "-n",
        "--namespace",
        "--context",
        "--kubeconfig",
        "--cascade",
        "--timeout",
        "--grace-period",
        "--wait",
        "-o",
    ];
    let (mut plain, mut labels) = (Vec::new(), None);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let selector = match word {
            "-l" | "--selector" => words.next(),
            word => word.strip_prefix("--selector=").or_else(|| word.strip_prefix("-l=")),
        };
        if let Some(selector) = selector {
            let pairs = selector.trim_matches(['"', '\'']).split(',').filter_map(|pair| pair.split_once('='));
            labels = Some(
                pairs
                    .map(|(label, value)| (label.to_owned(), value.trim_start_matches('=').to_owned()))
                    .collect(),
            );
        } else if TAKE_ONE.contains(&word) {
            words.next();
        } else if !word.starts_with('-') && !word.contains(">") {
            plain.push(word);
        }
    }
    (plain, labels)
}

fn kind_of(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    KINDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(kind, _)| *kind)
}
