//! Variables that Kubernetes gives each container for the Services of its namespace, and a program takes for its own
//! settings: Service `app-db` sets `APP_DB_PORT=tcp://10.96.190.238:5432`.

use kube::ResourceExt;

use crate::{
    cause::{self, Cause, quote},
    container::At,
    evidence::Evidence,
    picture::spec,
};

/// What a program says of a value that it can't read, in small letters.
const UNREADABLE: &[&str] = &[
    "invalid",
    "pars",
    "numberformat",
    "not a number",
    "not an integer",
    "valueerror",
    "cannot convert",
    "illegal",
];

/// A container that can't read the address of a Service as a setting.
pub(super) fn examine(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    if spec(at.pod).enable_service_links == Some(false) {
        return None;
    }
    let (line, address) = lines.iter().find_map(|line| Some((*line, address(line)?)))?;
    let host = address.trim_start_matches("tcp://").split(':').next().unwrap_or_default();
    // Only the address of a Service is one that Kubernetes has put there.
    let services = at.picture.services.as_deref().ok()?.iter();
    let mut services = services
        .filter(|service| service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref()) == Some(host));
    let service = services.next()?.name_any();
    let variable = format!("{}_PORT", service.to_uppercase().replace('-', "_"));
    let named = line.contains(&variable);
    let (set, pod) = (at.picture.name(), at.pod.name_any());
    let seen = format!(
        "ends, and its log has an address where it expects a setting: {}; Kubernetes gives each container variables with the addresses of all Services (enableServiceLinks), and Service {service} sets {variable} and others like it",
        quote(line)
    );
    let cause = at
        .cause(cause::SETTING_WRONG, &seen)
        .by([Evidence::field(format!("pod/{pod}"), "spec.enableServiceLinks", "true")])
        .advise(format!(
            "leave these variables out: enableServiceLinks: false in the pod template of statefulset {set}"
        ))
        .advise("or set the variable in env, which counts for more; or give the Service another name");
    let sure =
        format!("see whether {variable}, or one like it, is a setting of image {}", at.container.image);
    Some(if named { cause } else { cause.likely(sure) })
}

/// `tcp://10.96.190.238:5432` in a line that says that a value can't be read.
fn address(line: &str) -> Option<&str> {
    let lower = line.to_lowercase();
    if !UNREADABLE.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let from = &line[line.find("tcp://")?..];
    let end = from["tcp://".len()..].find(|letter: char| !letter.is_ascii_digit() && !".:".contains(letter));
    let address = end.map_or(from, |end| &from[..end + "tcp://".len()]).trim_end_matches([':', '.']);
    // An address with its port, and no name.
    let host = address.trim_start_matches("tcp://").rsplit_once(':')?.0;
    host.parse::<std::net::Ipv4Addr>().is_ok().then_some(address)
}
