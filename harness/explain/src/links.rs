//! Variables that Kubernetes gives each container for the Services of its namespace, and a program takes for its own
//! settings: Service `app-db` sets `APP_DB_PORT=tcp://10.96.190.238:5432`.

use kube::ResourceExt;

use super::{
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
    let services = at.picture.services.as_deref().unwrap_or_default();
    let service = services
        .iter()
        .find(|service| service.spec.as_ref().and_then(|spec| spec.cluster_ip.as_deref()) == Some(host));
    let service = service.map(ResourceExt::name_any);
    let variable = service.as_ref().map(|name| format!("{}_PORT", name.to_uppercase().replace('-', "_")));
    let named = variable.as_ref().is_some_and(|variable| line.contains(variable));
    let whose = match (&service, &variable) {
        (Some(service), Some(variable)) => {
            format!("it is that of Service {service}, which sets {variable} and others like it")
        }
        _ => "a Service of the namespace sets NAME_PORT and others like it".to_owned(),
    };
    let (set, pod) = (at.picture.name(), at.pod.name_any());
    let seen = format!(
        "ends, and its log has an address where it expects a setting: {}; Kubernetes gives each container variables with the addresses of all Services (enableServiceLinks), and {whose}",
        quote(line)
    );
    let cause = at
        .cause(cause::SETTING_WRONG, &seen)
        .by([Evidence::field(format!("pod/{pod}"), "spec.enableServiceLinks", "true")])
        .advise(format!(
            "leave these variables out: enableServiceLinks: false in the pod template of statefulset {set}"
        ))
        .advise("or set the variable in env, which counts for more; or give the Service another name");
    let all = at.picture.kubectl("get services");
    let sure = format!(
        "see whether a Service has the address {host}, and whether its variable is the setting: {all}"
    );
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
