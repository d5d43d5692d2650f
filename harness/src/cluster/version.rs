//! Kubernetes versions, as far as they differ for us.

/// `1` and `35` of `1.35.4`, and of `v1.35.4-vendor.1`.
pub(super) fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.').map(|number| number.parse().ok());
    numbers.next().flatten().zip(numbers.next().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

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
