//! Kubernetes versions, as far as they differ for us.

/// `1` and `35` of `1.35.4`, and of `v1.35.4-vendor.1`.
pub(super) fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.').map(|number| number.parse().ok());
    numbers.next().flatten().zip(numbers.next().flatten())
}

/// `1.34.4` of the node image `kindest/node:v1.34.4@sha256:…`.
pub(super) fn of_node_image(reference: &str) -> Option<&str> {
    let (named, _) = reference.split_once('@').unwrap_or((reference, ""));
    named.rsplit_once(":v").map(|(_, version)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_image_names_its_version() {
        assert_eq!(of_node_image("kindest/node:v1.34.4"), Some("1.34.4"));
        assert_eq!(of_node_image("mirror:5000/kindest/node:v1.37.0@sha256:1"), Some("1.37.0"));
        assert_eq!(of_node_image("kindest/node@sha256:1"), None);
    }

    #[test]
    fn versions_are_told_apart() {
        for (version, older) in [
            ("1.33.13", true),
            ("v1.33.13", true),
            ("v1.33.5-vendor.1", true),
            ("v1.34.0", false),
            ("v1.34.1-vendor.1", false),
            ("v2.0.0", false),
            ("", false),
        ] {
            assert_eq!(release(version).is_some_and(|release| release < (1, 34)), older, "{version}");
        }
    }
}
