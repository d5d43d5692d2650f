//! Images: `scripts/images/provide` sees to it that the engine has them, pulled or built.

use std::time::Duration;

use external::{
    Reporter,
    docker::{QUICK, docker},
};

use super::{namespaces::PULL_SECRET, scripts};
use crate::{
    error::{Error, Result, exit},
    manifest::Local,
    report::result::ImageFacts,
    settings::Settings,
};

/// What a cluster of ours is made of.
pub const NODE: &str = "node";
/// What runs in a cluster.
pub(super) const WORKLOADS: [&str; 3] = ["garage", "postgres", "sentinel"];

/// The repositories that manifests name, by the images' names. Each is its maker's own, or one that nobody can have.
const REPOSITORIES: [(&str, &str); 3] =
    [("garage", "dxflrs/garage"), ("postgres", "postgres"), ("sentinel", "steadfast.invalid/sentinel")];
/// The version of our own program's image: its recipe is what tells one from another.
const SENTINEL: &str = "1";
/// What the nodes of a cluster that is not ours have, or pull themselves.
const NODES: &str = "nodes";

/// An image over a slow line.
const PUSH: Duration = Duration::from_secs(1800);

const SCRIPT: &str = "images/provide";

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
    let images = parse(&scripts::run(settings, SCRIPT, names, scripts::DEADLINE, progress).await?)?;
    match names.iter().find(|name| !images.iter().any(|image| image.name == **name)) {
        Some(missing) => Err(Error::bug(format!("scripts/images/provide did not name the image {missing}"))),
        None => Ok(images),
    }
}

/// The images by the names under which the nodes of an existing cluster find them.
pub fn of_nodes(settings: &Settings) -> Vec<Image> {
    let image = |(name, repository): (&'static str, &'static str)| {
        let tag = tag(settings, name);
        let reference = match (settings.image_references.get(name), &settings.image_registry) {
            (Some(whole), _) => whole.clone(),
            (None, Some(registry)) => in_registry(registry, name, &tag),
            (None, None) => format!("{repository}:{tag}"),
        };
        Image {
            name: name.to_owned(),
            facts: ImageFacts { reference, source: NODES.to_owned(), id: String::new() },
        }
    };
    REPOSITORIES.map(image).into()
}

/// Whether the settings say where the nodes find images.
pub(super) fn are_chosen(settings: &Settings) -> bool {
    settings.image_registry.is_some() || !settings.image_references.is_empty()
}

/// What the settings and these images make of manifests.
pub(super) fn local(settings: &Settings, images: &[Image]) -> Local {
    let own = |(name, repository): (&str, &'static str)| {
        let image = images.iter().find(|image| image.name == name)?;
        Some((repository, image.facts.reference.clone()))
    };
    let mut pull_secrets = settings.pull_secrets.clone();
    pull_secrets.extend(settings.pull_config.as_ref().map(|_| PULL_SECRET.to_owned()));
    Local {
        images: REPOSITORIES.into_iter().filter_map(own).collect(),
        pull_secrets,
        storage_class: settings.storage_class.clone(),
        several_systems: false,
    }
}

/// Brings the images of workloads to a registry, and gives the names that they have there.
///
/// # Errors
/// An image can't be had, or the registry does not take it.
pub async fn push(settings: &Settings, registry: &str, progress: &Reporter) -> Result<Vec<String>> {
    let registry = registry.trim_end_matches('/');
    let mut pushed = Vec::new();
    for image in provide(settings, &WORKLOADS, progress).await? {
        let there = in_registry(registry, &image.name, &tag(settings, &image.name));
        docker(&["tag", &image.facts.reference, &there], QUICK).await?;
        progress.say(format!("==> pushing {there}"));
        docker(&["push", "--quiet", &there], PUSH).await.map_err(|error| {
            let hint = "who may write there logs in by docker login; a registry without TLS is one of the engine's insecure-registries";
            Error::trouble(exit::NO_REGISTRY, format!("{registry} does not take {there}: {error}\n{hint}"))
        })?;
        pushed.push(there);
    }
    Ok(pushed)
}

fn in_registry(registry: &str, name: &str, tag: &str) -> String {
    format!("{}/{name}:{tag}", registry.trim_end_matches('/'))
}

fn tag(settings: &Settings, name: &str) -> String {
    match name {
        "garage" => format!("v{}", settings.garage_version),
        "postgres" => settings.postgres_version.clone(),
        _ => SENTINEL.to_owned(),
    }
}

/// The images of a run that the engine has already, and the names of those that it lacks; nothing is pulled or built.
///
/// # Errors
/// The script's own, with its exit code.
pub async fn present(settings: &Settings) -> Result<(Vec<Image>, Vec<&'static str>)> {
    let names = [&[NODE], &WORKLOADS[..]].concat();
    let arguments = [&["--present"], &names[..]].concat();
    let images = parse(&scripts::run(settings, SCRIPT, &arguments, QUICK, &Reporter::silent()).await?)?;
    let absent = names.into_iter().filter(|name| !images.iter().any(|image| image.name == *name));
    let absent = absent.collect();
    Ok((images, absent))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(environment: &[(&str, &str)]) -> Settings {
        Settings::from_sources("/base".into(), environment.iter().copied(), None).unwrap()
    }

    #[test]
    fn nodes_find_images_under_their_own_names_in_a_registry_or_by_whole_references() {
        let of_nodes = |environment: &[(&str, &str)]| {
            let images = of_nodes(&settings(environment));
            images.into_iter().map(|image| image.facts.reference).collect::<Vec<_>>()
        };
        assert_eq!(of_nodes(&[]), ["dxflrs/garage:v2.5.0", "postgres:17", "steadfast.invalid/sentinel:1"]);
        let registry = ("STEADFAST_IMAGE_REGISTRY", "r.example:5000/team/");
        let whole = ("STEADFAST_POSTGRES_IMAGE", "other.example/postgres@sha256:1");
        assert_eq!(
            of_nodes(&[registry, whole]),
            [
                "r.example:5000/team/garage:v2.5.0",
                "other.example/postgres@sha256:1",
                "r.example:5000/team/sentinel:1"
            ]
        );
    }

    #[test]
    fn manifests_take_the_images_by_the_repositories_that_they_name() {
        let settings = settings(&[
            ("STEADFAST_IMAGE_REGISTRY", "r.example"),
            ("STEADFAST_PULL_SECRETS", "ours"),
            ("STEADFAST_PULL_CONFIG", "config.json"),
        ]);
        let local = local(&settings, &of_nodes(&settings));
        assert_eq!(local.image("dxflrs/garage:v0.8.0"), "r.example/garage:v2.5.0");
        assert_eq!(local.image("steadfast.invalid/sentinel:1"), "r.example/sentinel:1");
        assert_eq!(local.image("example.invalid/no-such-image:1"), "example.invalid/no-such-image:1");
        assert_eq!(local.pull_secrets, ["ours", PULL_SECRET]);
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
}
