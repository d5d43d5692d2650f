//! What pilots say of the nodes and the storage, in one message.

use std::collections::BTreeSet;

use super::{Pilot, outcome::Outcome};
use crate::error::{Error, Result, exit};

/// What the nodes can't run, or what keeps a pod from running there, in one message.
pub(super) fn verdict(pilots: &[Pilot], outcomes: &[Outcome], class: Option<&str>) -> Result<()> {
    let (mut images, mut volumes, mut pods) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (pilot, outcome) in pilots.iter().zip(outcomes) {
        let on = pilot.architecture.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
        match outcome {
            Outcome::Ran(_) => {}
            Outcome::Image(why) => images.push(format!("  {}{on}: {why}", pilot.image)),
            Outcome::Volume(why) => drop(volumes.insert(why.clone())),
            Outcome::Pod(why) => pods.push(format!("  {}{on}: {why}", pilot.image)),
        }
    }
    if !images.is_empty() {
        return Err(Error::trouble(
            exit::NO_VERSION,
            format!(
                "the nodes can't run these images:\n{}\n`steadfast images push REGISTRY` brings ours to a registry that they reach, built for \
                 the machine it runs on; STEADFAST_IMAGE_REGISTRY=REGISTRY then says where they are, and STEADFAST_PULL_SECRETS or \
                 STEADFAST_PULL_CONFIG who may pull them",
                images.join("\n")
            ),
        ));
    }
    if !volumes.is_empty() {
        let class = class.map_or_else(
            || "the default storage class".to_owned(),
            |name| format!("the storage class {name}"),
        );
        let why: Vec<_> = volumes.into_iter().collect();
        return Err(Error::trouble(
            exit::NO_STORAGE_CLASS,
            format!(
                "{class} gives no volume that can be used: {}: nothing can be judged of it",
                why.join("; ")
            ),
        ));
    }
    match pods.is_empty() {
        true => Ok(()),
        false => {
            Err(Error::environment(format!("no node takes a pod of these images:\n{}", pods.join("\n"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_says_which_images_and_how_to_bring_them() {
        let pilot = |image: &str, architecture: &str| Pilot {
            pod: String::new(),
            image: image.to_owned(),
            architecture: Some(architecture.to_owned()),
        };
        let pilots = [pilot("r.example/garage:1", "amd64"), pilot("r.example/garage:1", "arm64")];
        let (well, foreign) = (Outcome::Ran("1".into()), Outcome::Image("no match for platform".into()));
        assert!(verdict(&pilots, &[well.clone(), well.clone()], None).is_ok());
        let error = verdict(&pilots, &[well.clone(), foreign], None).unwrap_err();
        assert_eq!(error.exit_code(), exit::NO_VERSION);
        let words = error.to_string();
        assert!(words.contains("r.example/garage:1 on arm64: no match for platform"), "{words}");
        assert!(!words.contains("amd64") && words.contains("steadfast images push"), "{words}");
        let silent = Outcome::Volume("a claim is not bound".into());
        let error = verdict(&pilots, &[well, silent], Some("slow")).unwrap_err();
        assert_eq!(error.exit_code(), exit::NO_STORAGE_CLASS);
        assert!(
            error.to_string().starts_with("the storage class slow gives no volume that can be used: a claim")
        );
    }
}
