//! A port that somebody else listens on: all containers of a pod have one network, and with hostNetwork it is the node's.

use k8s_openapi::api::core::v1::Container;

use crate::{
    cause::{self, Cause, quote},
    container::At,
    log::given,
    picture::{sidecar, spec},
};

/// What programs say of a port that is taken, in small letters.
const TAKEN: &[&str] = &["address already in use", "address in use", "eaddrinuse", "port is already in use"];

/// A container that ended since its port is taken.
pub(super) fn examine(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let said = |line: &&&str| {
        let lower = line.to_lowercase();
        TAKEN.iter().any(|words| lower.contains(words))
    };
    let line = lines.iter().find(said)?;
    let others = beside(at);
    let set = at.picture.name();
    let new = |why: &str| {
        let seen = format!("ends, and its log says that its port is taken: {}; {why}", quote(line));
        at.cause(cause::PORTS_TAKEN, &seen)
    };
    if spec(at.pod).host_network == Some(true) {
        let node = spec(at.pod).node_name.as_deref().unwrap_or("NODE");
        let cause = new(&format!(
            "its network is that of node {node} (hostNetwork), which has each port once"
        ))
        .likely(format!("see who listens there, on node {node}: ss -ltnp"))
        .advise(format!("let it listen on another port, or without hostNetwork, in statefulset {set}"))
        .advise(
            "or keep pods that need the same port apart: name the port in ports, so that the scheduler does",
        );
        return Some(cause);
    }
    if others.is_empty() {
        return None;
    }
    let same = others.iter().find(|other| other.image.as_ref() == Some(&at.container.image));
    let which = same.map_or_else(
        || others.iter().map(|other| other.name.as_str()).collect::<Vec<_>>().join(", "),
        |same| same.name.clone(),
    );
    let why = format!(
        "all containers of a pod have one network, and each port is there once: beside it runs {which}{}",
        if same.is_some() { ", of the same image" } else { "" }
    );
    let cause = new(&why)
        .likely(given::whole_log(at))
        .advise(format!("let one of them listen on another port, in statefulset {set}"))
        .advise("an injected sidecar takes ports as well: see which its documentation names");
    Some(cause)
}

/// The other containers that run at the same time.
fn beside<'a>(at: &'a At<'_>) -> Vec<&'a Container> {
    let spec = spec(at.pod);
    let sidecars = spec.init_containers.iter().flatten().filter(|init| sidecar(init));
    sidecars.chain(&spec.containers).filter(|other| other.name != at.container.name).collect()
}
