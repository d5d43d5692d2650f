//! Images: `scripts/images/provide` sees to it that the engine has them, pulled or built.

use std::time::Duration;

use camino::Utf8PathBuf;

use super::{
    Progress,
    docker::{QUICK, docker},
    process::Program,
};
use crate::{
    error::{Error, Result, exit},
    report::result::ImageFacts,
    settings::{Settings, repository},
};

/// The folder of the scripts, in this repository.
pub const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts");

/// What a cluster of ours is made of.
pub const NODE: &str = "node";
/// What runs in a cluster.
pub(super) const WORKLOADS: [&str; 3] = ["garage", "postgres", "sentinel"];

// Everything built from source, on a slow machine.
const DEADLINE: Duration = Duration::from_secs(90 * 60);

/// An image that the engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `node`, `garage`, `postgres` or `sentinel`.
    pub name: String,
    /// What results tell about it.
    pub facts: ImageFacts,
}

/// Makes sure that the engine has these images.
///
/// # Errors
/// The script's own, with its exit code.
pub async fn provide(settings: &Settings, names: &[&str], progress: &Progress) -> Result<Vec<Image>> {
    let images = run_script(settings, names, DEADLINE, progress).await?;
    match names.iter().find(|name| !images.iter().any(|image| image.name == **name)) {
        Some(missing) => Err(Error::bug(format!("scripts/images/provide did not name the image {missing}"))),
        None => Ok(images),
    }
}

/// The images of a run that the engine has already, and the names of those that it lacks; nothing is pulled or built.
///
/// # Errors
/// The script's own, with its exit code.
pub async fn present(settings: &Settings) -> Result<(Vec<Image>, Vec<&'static str>)> {
    let names = [&[NODE], &WORKLOADS[..]].concat();
    let arguments = [&["--present"], &names[..]].concat();
    let images = run_script(settings, &arguments, QUICK, &Progress::silent()).await?;
    let absent = names.into_iter().filter(|name| !images.iter().any(|image| image.name == *name));
    let absent = absent.collect();
    Ok((images, absent))
}

async fn run_script(
    settings: &Settings,
    arguments: &[&str],
    deadline: Duration,
    progress: &Progress,
) -> Result<Vec<Image>> {
    let script: Utf8PathBuf = repository().join("scripts/images/provide");
    let finished = Program::new(&script, arguments, deadline)
        .variable("STEADFAST_IMAGE_SOURCE", settings.image_source.to_string())
        .variable("STEADFAST_KUBERNETES_VERSION", &settings.kubernetes_version)
        .variable("STEADFAST_GARAGE_VERSION", &settings.garage_version)
        .variable("STEADFAST_POSTGRES_VERSION", &settings.postgres_version)
        .variable("STEADFAST_CACHE", &settings.cache)
        .reporting(progress)
        .finish()
        .await?;
    if !finished.status.success() {
        return Err(refusal(finished.status.code(), &finished.reason()));
    }
    parse(&finished.stdout)
}

/// An image that is not to be had from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Why.
    pub why: String,
    /// Whether its registry says so; otherwise nobody answers here, and a cluster elsewhere may have more luck.
    pub sure: bool,
}

/// Why an image can't be had, if so: neither our engine has it, nor does a registry give it.
///
/// # Errors
/// There is no engine to ask.
pub async fn image_missing(reference: &str) -> Result<Option<Absence>> {
    if docker(&["image", "inspect", "--format", "{{.Id}}", reference], QUICK).await.is_ok() {
        return Ok(None);
    }
    match docker(&["manifest", "inspect", reference], QUICK).await {
        Ok(_) => Ok(None),
        Err(error @ Error::Environment { code: exit::NO_ENGINE, .. }) => Err(error),
        Err(error) => Ok(Some(absence(&error))),
    }
}

/// What the engine says of an image that it can't get.
pub(crate) fn absence(error: &Error) -> Absence {
    let said = error.to_string();
    let line = said.lines().last().unwrap_or_default();
    let why = line.rsplit_once("exit status: 1: ").map_or(line, |(_, why)| why).trim().to_owned();
    let known = ["manifest unknown", "no such manifest", "not found", "denied", "unauthorized"];
    Absence { sure: known.iter().any(|words| why.contains(words)), why }
}

/// An image's name with all that it leaves out: `postgres:17` is `docker.io/library/postgres:17`.
pub fn whole_name(reference: &str) -> String {
    let (first, rest) = reference.split_once('/').unwrap_or(("", reference));
    let registry = first.contains(['.', ':']) || first == "localhost";
    let path = match (registry, first.is_empty()) {
        (true, _) => reference.to_owned(),
        (false, true) => format!("docker.io/library/{rest}"),
        (false, false) => format!("docker.io/{reference}"),
    };
    let tagged = path.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    if tagged { path } else { format!("{path}:latest") }
}

/// Lines of `NAME REFERENCE SOURCE ID`.
fn parse(text: &str) -> Result<Vec<Image>> {
    let line = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [name, reference, source, id] => Ok(Image {
            name: name.to_owned(),
            facts: ImageFacts {
                reference: reference.to_owned(),
                source: source.to_owned(),
                id: id.to_owned(),
            },
        }),
        _ => Err(Error::bug(format!(
            "scripts/images/provide: expected NAME REFERENCE SOURCE ID, got {line:?}"
        ))),
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(line).collect()
}

fn refusal(code: Option<i32>, said: &str) -> Error {
    let error = said.lines().rev().find_map(|line| line.trim().strip_prefix("error: ")).unwrap_or(said);
    let known = exit::NO_ENGINE..=exit::TOO_SMALL;
    match code.and_then(|code| u8::try_from(code).ok()) {
        Some(code) if known.contains(&code) => Error::trouble(code, error),
        _ => super::docker::trouble("scripts/images/provide", said)
            .unwrap_or_else(|| Error::environment(format!("scripts/images/provide failed: {said}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_whole() {
        for (short, whole) in [
            ("postgres", "docker.io/library/postgres:latest"),
            ("postgres:17", "docker.io/library/postgres:17"),
            ("dxflrs/garage:v2.5.0", "docker.io/dxflrs/garage:v2.5.0"),
            ("quay.io/a/b", "quay.io/a/b:latest"),
            ("localhost/a:1", "localhost/a:1"),
            ("r:5000/a@sha256:1", "r:5000/a@sha256:1"),
        ] {
            assert_eq!(whole_name(short), whole);
        }
    }

    #[test]
    fn lines_become_images() {
        let images =
            parse("node kindest/node:v1.34.4 build sha256:1\ngarage dxflrs/garage:v2.5.0 pull sha256:2\n");
        let images = images.unwrap();
        assert_eq!(images[0].name, "node");
        assert_eq!(images[0].facts.reference, "kindest/node:v1.34.4");
        assert_eq!((images[1].facts.source.as_str(), images[1].facts.id.as_str()), ("pull", "sha256:2"));
        assert!(parse("node kindest/node:v1.34.4\n").is_err());
    }

    #[test]
    fn exit_codes_are_kept_with_the_reason() {
        let said = "==> building\nerror: Kubernetes 1.99.0 is not to be had\n    building: failed after 1.000 s (exit code 14)";
        let error = refusal(Some(14), said);
        assert_eq!(
            (error.exit_code(), error.to_string().as_str()),
            (14, "Kubernetes 1.99.0 is not to be had")
        );
        assert_eq!(refusal(Some(1), "cp: no space left on device").exit_code(), exit::TOO_SMALL);
        assert_eq!(refusal(Some(1), "what?").exit_code(), 3);
        assert_eq!(refusal(None, "killed").exit_code(), 3);
    }
}
