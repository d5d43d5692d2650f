//! Versions, as tags of images have them.

use std::cmp::Ordering;

/// The numbers of a version, as far as the tag tells them: `17.2-alpine` is 17 and 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub Vec<u32>);

impl Version {
    /// The numbers that a tag begins with; a `v` or a word with a date (`RELEASE.2023-01-02T…`) may stand before them.
    pub fn of_tag(tag: &str) -> Self {
        if let Some(date) = tag.strip_prefix("RELEASE.") {
            return Self(date.split(['-', 'T']).take(3).map_while(|part| part.parse().ok()).collect());
        }
        let tag = tag.strip_prefix('v').unwrap_or(tag);
        let mut numbers = Vec::new();
        for part in tag.split(['-', '+', '_']).next().unwrap_or_default().split('.') {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            let Ok(number) = digits.parse() else { break };
            numbers.push(number);
            // `17beta1` is 17.
            if digits.len() < part.len() {
                break;
            }
        }
        Self(numbers)
    }

    /// A number of it, from 0.
    pub fn number(&self, place: usize) -> Option<u32> {
        self.0.get(place).copied()
    }

    /// The order of two versions, as far as both are known: 17 and 17.2 are equal.
    pub fn compare(&self, other: &Self) -> Ordering {
        let known = self.0.len().min(other.0.len());
        self.0.iter().take(known).cmp(other.0.iter().take(known))
    }

    /// Whether this is at least another; what is not known is taken as reached.
    pub fn at_least(&self, other: &[u32]) -> bool {
        self.compare(&Self(other.to_vec())) != Ordering::Less
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (tag, numbers) in [
            ("17.2-alpine", vec![17, 2]),
            ("v2.5.0", vec![2, 5, 0]),
            ("8.0.36-oraclelinux9", vec![8, 0, 36]),
            ("7.2.4-debian-12-r9", vec![7, 2, 4]),
            ("RELEASE.2022-05-26T05-48-41Z", vec![2022, 5, 26]),
            ("18beta1", vec![18]),
            ("23.8.8.21.altinitystable", vec![23, 8, 8, 21]),
            ("2024.1.2", vec![2024, 1, 2]),
            ("management", vec![]),
            ("latest", vec![]),
        ] {
            assert_eq!(Version::of_tag(tag).0, numbers, "{tag}");
        }
    }

    #[test]
    fn what_is_not_known_makes_no_difference() {
        let version = |tag| Version::of_tag(tag);
        assert_eq!(version("17").compare(&version("17.2")), Ordering::Equal);
        assert_eq!(version("3.9").compare(&version("3.12")), Ordering::Less);
        assert!(version("7.17.3").at_least(&[7, 17]) && !version("7.16").at_least(&[7, 17]));
    }
}
