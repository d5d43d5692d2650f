//! Images: `scripts/images/provide` sees to it that the engine has them, pulled or built.

use external::{Reporter, docker::QUICK};

use super::scripts;
use crate::{
    error::{Error, Result},
    report::result::ImageFacts,
    settings::Settings,
};

/// What a cluster of ours is made of.
pub const NODE: &str = "node";
/// What runs in a cluster.
pub(super) const WORKLOADS: [&str; 3] = ["garage", "postgres", "sentinel"];

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
