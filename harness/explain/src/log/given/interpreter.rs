//! A command that is there and can't be run, since what its first line names is not.

use crate::{
    cause::{self, Cause, quote},
    container::{At, mounted},
};

/// `exec /scripts/start.sh: no such file or directory`, as the runtime's own process says it after it has found the file.
pub(super) fn examine(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let (line, path) = lines.iter().find_map(|line| Some((*line, path(line)?)))?;
    let template = at.template()?;
    // Without a command it is the image's own.
    if template.command.as_ref().and_then(|command| command.first()).is_some_and(|first| first != path) {
        return None;
    }
    let seen = format!(
        "can't run its command: {}; the file is there, or it would not have come to this: what its first line names (#!) is not, or, of a compiled program, the loader and C library that it was linked for",
        quote(line)
    );
    let set = at.picture.name();
    let cause = at.cause(cause::CONTAINER_CANNOT_START, &seen);
    let from = mounted::spoken_of(at, path).and_then(|(_, volume)| {
        let map = volume.config_map.as_ref().map(|map| format!("ConfigMap {}", map.name));
        map.or_else(|| Some(format!("Secret {}", volume.secret.as_ref()?.secret_name.as_ref()?)))
    });
    let place = from.unwrap_or_else(|| format!("image {}", at.container.image));
    Some(
        cause
            .advise(format!("see whether lines of {path} in {place} end with a carriage return (CRLF, as Windows writes them): the kernel then looks for an interpreter whose name ends with one; write it with LF alone (dos2unix)"))
            .advise(format!("or name an interpreter that image {} has (#!/bin/sh where it has no bash), or run the file by it: command: [\"sh\", \"{path}\"] in statefulset {set}", at.container.image)),
    )
}

fn path(line: &str) -> Option<&str> {
    let path = line.trim().strip_prefix("exec ")?.strip_suffix(": no such file or directory")?;
    (path.starts_with('/') && !path.contains(' ')).then_some(path)
}
