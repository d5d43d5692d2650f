//! An image's name, read as registries read it: `REGISTRY[:PORT]/PATH[:TAG][@DIGEST]`.

/// What an image is called by default.
const REGISTRY: &str = "docker.io";

/// An image's name in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// `docker.io`, `registry.example:5000`
    pub registry: String,
    /// `library/postgres`
    pub path: String,
    /// `17-alpine`; none where the name has none.
    pub tag: Option<String>,
    /// `sha256:…`; none where the name has none.
    pub digest: Option<String>,
}

impl ImageName {
    /// Reads a name.
    pub fn parse(text: &str) -> Self {
        let (text, digest) = match text.trim().split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (text.trim(), None),
        };
        // Only the first part can be a registry, and it is one where it looks like a host.
        let (registry, rest) = match text.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => (REGISTRY, text),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag.to_owned())),
            None => (rest, None),
        };
        let path = match (registry, path.contains('/')) {
            (REGISTRY, false) => format!("library/{path}"),
            _ => path.to_owned(),
        };
        Self { registry: registry.to_owned(), path, tag, digest }
    }

    /// The last part of the path: `postgres`.
    pub fn short(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Where it is kept, without a version: `docker.io/library/postgres`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }

    /// The name with all that it may leave out.
    pub fn whole(&self) -> String {
        let tag = match (&self.tag, &self.digest) {
            (Some(tag), _) => format!(":{tag}"),
            (None, None) => ":latest".to_owned(),
            (None, Some(_)) => String::new(),
        };
        let digest = self.digest.as_ref().map_or_else(String::new, |digest| format!("@{digest}"));
        format!("{}{tag}{digest}", self.repository())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found() {
        for (text, registry, path, tag, digest) in [
            ("postgres", "docker.io", "library/postgres", None, None),
            ("bitnami/postgresql:16.1.0", "docker.io", "bitnami/postgresql", Some("16.1.0"), None),
            (
                "r.example:5000/a/b/redis:7@sha256:1f",
                "r.example:5000",
                "a/b/redis",
                Some("7"),
                Some("sha256:1f"),
            ),
            ("r.example:5000/redis", "r.example:5000", "redis", None, None),
            ("localhost/redis@sha256:1f", "localhost", "redis", None, Some("sha256:1f")),
        ] {
            let name = ImageName::parse(text);
            assert_eq!(
                (name.registry.as_str(), name.path.as_str(), name.tag.as_deref(), name.digest.as_deref()),
                (registry, path, tag, digest),
                "{text}"
            );
        }
        assert_eq!(ImageName::parse("a/b-c/redis:7").short(), "redis");
    }

    #[test]
    fn a_name_is_made_whole() {
        for (short, whole) in [
            ("postgres", "docker.io/library/postgres:latest"),
            ("postgres:17", "docker.io/library/postgres:17"),
            ("dxflrs/garage:v2.5.0", "docker.io/dxflrs/garage:v2.5.0"),
            ("quay.io/a/b", "quay.io/a/b:latest"),
            ("localhost/a:1", "localhost/a:1"),
            ("r:5000/a@sha256:1", "r:5000/a@sha256:1"),
        ] {
            assert_eq!(ImageName::parse(short).whole(), whole);
        }
    }
}
