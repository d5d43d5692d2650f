//! Clients that come through a service.

use history::operation::SERVICE;

/// How the endpoint of clients is called that come through a service.
pub fn service(name: &str) -> String {
    format!("{SERVICE}{name}")
}

/// The service that an endpoint is; none of a pod.
pub(crate) fn service_of(endpoint: &str) -> Option<&str> {
    endpoint.strip_prefix(SERVICE)
}
