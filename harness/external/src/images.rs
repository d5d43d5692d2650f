//! Whether an image can be had.

use crate::{
    docker::{QUICK, docker},
    error::{Error, Result, exit},
};

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
pub fn absence(error: &Error) -> Absence {
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
}
