//! Images: `scripts/images/provide` sees to it that the engine has them, pulled or built.

use std::time::Duration;

use camino::Utf8PathBuf;

use external::{Program, Reporter, docker::QUICK};

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
pub async fn provide(settings: &Settings, names: &[&str], progress: &Reporter) -> Result<Vec<Image>> {
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
    let images = run_script(settings, &arguments, QUICK, &Reporter::silent()).await?;
    let absent = names.into_iter().filter(|name| !images.iter().any(|image| image.name == *name));
    let absent = absent.collect();
    Ok((images, absent))
}

async fn run_script(
    settings: &Settings,
    arguments: &[&str],
    deadline: Duration,
    progress: &Reporter,
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
        _ => external::docker::trouble("scripts/images/provide", said)
            .unwrap_or_else(|| Error::environment(format!("scripts/images/provide failed: {said}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
