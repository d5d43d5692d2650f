//! The port that a probe asks: by a name that its container does not have, or in a protocol that it does not speak.

use k8s_openapi::{
    api::core::v1::{Container, Pod, Probe},
    apimachinery::pkg::util::intstr::IntOrString,
};
use kube::ResourceExt;

use crate::{Picture, cause::Cause, evidence::Evidence};

/// How HTTP ends at a port that speaks something else, in small letters.
const CUT_OFF: &[&str] = &["\": eof", "connection reset", "malformed http"];
/// The first bytes of TLS, as Go shows them.
const TLS: &str = "\\x15\\x03";

/// A port that a probe asks for by a name which its container does not have.
pub(super) fn unnamed<'a>(container: &Container, probe: &'a Probe) -> Option<&'a str> {
    let http = probe.http_get.as_ref().map(|get| &get.port);
    let port = http.or_else(|| probe.tcp_socket.as_ref().map(|socket| &socket.port))?;
    let IntOrString::String(name) = port else { return None };
    let mut ports = container.ports.iter().flatten();
    let known = ports.any(|port| port.name.as_ref() == Some(name)) || name.parse::<u16>().is_ok();
    (!known).then_some(name)
}

/// What is to be done about such a port: the spec alone says that the probe can never pass.
pub(super) fn correct(
    picture: &Picture,
    pod: &Pod,
    container: &Container,
    kind: &str,
    port: &str,
    mut cause: Cause,
) -> Cause {
    let named = container.ports.iter().flatten().filter_map(|port| Some((port.name.as_ref()?, port)));
    let named: Vec<String> = named.map(|(name, port)| format!("{name} ({})", port.container_port)).collect();
    let has = if named.is_empty() {
        "no port of it has a name".to_owned()
    } else {
        format!("it has {}", named.join(", "))
    };
    let name = &container.name;
    cause.seen.push_str(&format!(
        "; it asks for port {port:?} by name, and container {name} has no port of that name ({has}), so that it can never pass"
    ));
    let path = format!("spec.containers[{name}].{kind}Probe.port");
    cause.by([Evidence::field(format!("pod/{}", pod.name_any()), path, port)]).advise(format!(
        "name a port that container {name} has, or give the port's number, in {kind}Probe of statefulset {}; or give that name to its port: ports[].name",
        picture.name()
    ))
}

/// What helps where a probe asks in HTTP, or in TLS, and the port speaks something else.
pub(super) fn other_protocol(answer: &str) -> Option<&'static str> {
    let (_, request) = answer.split_once("get \"http")?;
    if !CUT_OFF.iter().any(|words| request.contains(words)) {
        return None;
    }
    if request.starts_with("s://") {
        return Some(
            "the port that it asks ends the connection when TLS begins: it speaks no TLS there, or not from the first byte on, as databases do; ask by tcpSocket or the server's own tool (exec: pg_isready …), or by scheme: HTTP if it speaks that",
        );
    }
    (!request.contains(TLS)).then_some(
        "the port that it asks does not answer in HTTP: where the server speaks a protocol of its own there, as databases do, ask by tcpSocket or the server's own tool (exec: pg_isready, redis-cli ping …), or name its port for HTTP",
    )
}
