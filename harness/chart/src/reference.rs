//! What a user may write for a chart.

use std::{fmt, str::FromStr};

use camino::{Utf8Path, Utf8PathBuf};
use external::error::{Error, exit};

/// Where a chart comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A folder with a Chart.yaml.
    Folder(Utf8PathBuf),
    /// A packaged chart, on this machine or behind a URL.
    Archive(String),
    /// A chart in an OCI registry, without its version.
    Registry {
        /// `oci://registry.example/charts/garage`
        chart: String,
        /// `1.0.0`
        version: String,
    },
    /// A chart in a repository.
    Repository {
        /// A URL, or the name under which Helm knows the repository.
        repository: String,
        /// `garage`
        chart: String,
        /// `1.0.0`
        version: String,
    },
}

/// How a chart is written, for messages.
pub const FORMS: &str = "a folder with a Chart.yaml, a packaged chart (.tgz, also by URL), oci://REGISTRY/CHART:VERSION, \
     REPOSITORY/CHART@VERSION with a repository that Helm knows, or https://REPOSITORY/CHART@VERSION";

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong =
            |why: &str| Error::trouble(exit::NO_CHART, format!("chart {text:?}: {why}; expected {FORMS}"));
        if let Some(rest) = text.strip_prefix("oci://") {
            // A port may stand before the path, so the version is looked for in the last part alone.
            let (place, last) = rest.rsplit_once('/').ok_or_else(|| wrong("it names no chart"))?;
            let (chart, version) = last
                .split_once([':', '@'])
                .filter(|(chart, version)| !chart.is_empty() && !version.is_empty())
                .ok_or_else(|| wrong("it has no version"))?;
            return Ok(Self::Registry {
                chart: format!("oci://{place}/{chart}"),
                version: version.to_owned(),
            });
        }
        let url = text.starts_with("https://") || text.starts_with("http://");
        if url && (text.ends_with(".tgz") || text.ends_with(".tar.gz")) {
            return Ok(Self::Archive(text.to_owned()));
        }
        let path = Utf8Path::new(text);
        if !url && path.is_dir() {
            let chart = path.join("Chart.yaml").is_file();
            return if chart {
                Ok(Self::Folder(path.to_owned()))
            } else {
                Err(wrong("the folder has no Chart.yaml"))
            };
        }
        if !url && path.is_file() {
            return Ok(Self::Archive(text.to_owned()));
        }
        let Some((place, version)) = text.rsplit_once('@') else {
            return Err(wrong("there is no such file or folder"));
        };
        match place.rsplit_once('/') {
            Some((repository, chart))
                if !repository.is_empty() && !chart.is_empty() && !version.is_empty() =>
            {
                Ok(Self::Repository {
                    repository: repository.to_owned(),
                    chart: chart.to_owned(),
                    version: version.to_owned(),
                })
            }
            _ => Err(wrong("it names no chart in a repository")),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(formatter, "{path}"),
            Self::Archive(place) => formatter.write_str(place),
            Self::Registry { chart, version } => write!(formatter, "{chart}:{version}"),
            Self::Repository { repository, chart, version } => {
                write!(formatter, "{repository}/{chart}@{version}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood() {
        let registry = |chart: &str| Reference::Registry { chart: chart.into(), version: "1.2.3".into() };
        assert_eq!(
            Reference::from_str("oci://r:5000/c/garage:1.2.3").unwrap(),
            registry("oci://r:5000/c/garage")
        );
        assert_eq!(Reference::from_str("oci://r/garage@1.2.3").unwrap(), registry("oci://r/garage"));
        for (text, repository) in [
            ("mine/garage@1.2.3", "mine"),
            ("https://charts.example/a/garage@1.2.3", "https://charts.example/a"),
        ] {
            let expected = Reference::Repository {
                repository: repository.into(),
                chart: "garage".into(),
                version: "1.2.3".into(),
            };
            assert_eq!(Reference::from_str(text).unwrap(), expected, "{text}");
            assert_eq!(expected.to_string(), text);
        }
        assert!(matches!(
            Reference::from_str("https://a.example/garage-1.tgz").unwrap(),
            Reference::Archive(_)
        ));
    }

    #[test]
    fn what_is_no_chart_is_refused_with_what_would_be_one() {
        for text in [
            "nowhere",
            "nowhere.tgz",
            "oci://r/garage",
            "oci://garage:1",
            "/@1",
            "garage@1",
            env!("CARGO_MANIFEST_DIR"),
        ] {
            let error = Reference::from_str(text).unwrap_err();
            assert_eq!(error.exit_code(), exit::NO_CHART, "{text}");
            assert!(error.to_string().contains("oci://REGISTRY"), "{error}");
        }
    }
}
