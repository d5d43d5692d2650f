//! A program that the container runtime does not find: what the pod's spec says of why it is not there.

use kube::ResourceExt;

use super::At;
use crate::{cause::Cause, evidence::Evidence, log};

/// Folders that images have their programs in, or that hold these.
const FOLDERS: &[&str] =
    &["/bin", "/sbin", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin"];
const NOT_FOUND: &[&str] = &["executable file not found", "no such file or directory"];

/// With what helps; nothing where the words are not of a program that is not found.
pub(super) fn not_found(at: &At<'_>, cause: &Cause, told: &str) -> Option<Cause> {
    let program = program(told).filter(|_| NOT_FOUND.iter().any(|words| told.contains(words)))?;
    let cause = cause.clone().by(asked(at, program));
    let (set, image) = (at.picture.name(), &at.container.image);
    if let Some(sentence) = one_string(at, program) {
        return Some(cause.advise(format!(
            "{sentence}, in statefulset {set}: the whole of {program:?} is taken for the name of one program"
        )));
    }
    if let Some((volume, path)) = hidden(at, program) {
        let place = format!("spec.containers[{}].volumeMounts[{volume}].mountPath", at.container.name);
        return Some(
            cause
                .by([Evidence::field(format!("pod/{}", at.pod.name_any()), place, &path)])
                .advise(format!("volume {volume} is mounted over {path} and hides what image {image} has there, its programs too: mount it at another path in statefulset {set}"))
                .advise("to add one file to that folder, mount that file alone: subPath in the volumeMount"),
        );
    }
    Some(cause.advise(format!("image {image} has no program {program} where it is looked for: correct command or args in statefulset {set}, or take an image that has it; many images have no shell (bash, or any)")))
}

/// `exec: "sleep": executable file not found in $PATH`
fn program(told: &str) -> Option<&str> {
    let (_, rest) = told.split_once("exec: \"")?;
    rest.split_once("\": ").map(|(program, _)| program)
}

/// The field of the container's template that names the program first, with its words.
fn field<'a>(at: &'a At<'_>, program: &str) -> Option<(&'static str, &'a [String])> {
    let template = at.template()?;
    let fields = [("command", &template.command), ("args", &template.args)];
    let mut named = fields.into_iter().filter_map(|(name, words)| Some((name, words.as_deref()?)));
    named.find(|(_, words)| words.first().is_some_and(|first| first == program))
}

fn asked(at: &At<'_>, program: &str) -> Option<Evidence> {
    let (name, words) = field(at, program)?;
    let text = log::without_secrets(at.pod, &words.join(" "));
    let path = format!("spec.containers[{}].{name}", at.container.name);
    Some(Evidence::field(format!("pod/{}", at.pod.name_any()), path, &text))
}

/// How a line of several words is to be written that stands as the name of a program.
fn one_string(at: &At<'_>, program: &str) -> Option<String> {
    let words: Vec<String> = program.split_whitespace().map(|word| format!("{word:?}")).collect();
    let (name, _) = field(at, program).filter(|_| words.len() > 1)?;
    Some(format!(
        "write {name} as a list of words ({name}: [{}]), or let a shell take the line apart ([\"sh\", \"-c\", {program:?}])",
        words.join(", ")
    ))
}

/// The mount that lies over the folder in which the program would be.
fn hidden(at: &At<'_>, program: &str) -> Option<(String, String)> {
    let template = at.template()?;
    let mounts = template.volume_mounts.iter().flatten();
    let mut mounts =
        mounts.map(|mount| (mount.name.clone(), mount.mount_path.trim_end_matches('/').to_owned()));
    mounts.find(|(_, path)| {
        if program.starts_with('/') {
            !path.is_empty() && program.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))
        } else {
            !program.contains('/') && FOLDERS.contains(&path.as_str())
        }
    })
}
