//! Which charts are meant, with which values: by options, or by the file that a GitOps tool is given.

use camino::{Utf8Path, Utf8PathBuf};
use harness::{
    Error, Result,
    chart::{Application, Forecast, Reference, Scratch, Severity, Way},
    error::exit,
    upgrade::Source,
};

use super::arguments::Arguments;

/// What is to be upgraded.
pub struct Asked {
    pub release: String,
    pub namespace: String,
    /// None where the live release says it.
    pub way: Option<Way>,
    pub from: Option<Source>,
    pub to: Source,
    /// Where values come from that are not read.
    pub unread: Vec<String>,
}

impl Asked {
    /// Reads it off the arguments; what has to be written down goes into `scratch`. `stored` is the chart of a live release,
    /// for the values alone.
    pub fn of(arguments: &Arguments, scratch: &Scratch, stored: Option<&str>) -> Result<Self> {
        let to =
            arguments.to.clone().or_else(|| arguments.from.is_none().then(|| stored.map(str::to_owned))?);
        let (from, to) = match (&arguments.from, &to) {
            (from, Some(to)) => (from.as_ref(), to),
            // Only the values change.
            (Some(from), None) => (Some(from), from),
            (None, None) => {
                return Err(settings(
                    "--values-only needs the chart once, by --from or --to: what Helm stores of a release lacks the charts that it depends on",
                ));
            }
        };
        if arguments.values_only && from.is_some_and(|from| from != to) {
            return Err(settings("--values-only: --from and --to name different charts"));
        }
        let from =
            from.map(|from| Side::of(from, arguments.from_values.as_deref(), scratch, "from")).transpose()?;
        let to_values = arguments.to_values.as_deref().or(arguments.from_values.as_deref());
        let to = Side::of(to, to_values, scratch, "to")?;
        let told =
            [Some(&to), from.as_ref()].into_iter().flatten().filter_map(|side| side.application.as_ref());
        let told: Vec<&Application> = told.collect();
        let release = arguments.release.clone().or_else(|| told.first().map(|told| told.release.clone()));
        let namespace =
            arguments.namespace.clone().or_else(|| told.iter().find_map(|told| told.namespace.clone()));
        let way = arguments.with.map(Way::from).or_else(|| told.first().map(|told| told.way));
        let unread = to.application.iter().flat_map(|told| told.unread.clone()).collect();
        Ok(Self {
            release: release.ok_or_else(|| settings("name the release with --release"))?,
            namespace: namespace.ok_or_else(|| settings("name the namespace with --namespace"))?,
            way,
            from: from.map(|side| side.source),
            to: to.source,
            unread,
        })
    }

    /// What could not be read, as notes.
    pub fn notes(&self) -> impl Iterator<Item = Forecast> {
        self.unread.iter().map(|place| Forecast {
            cause: "values-not-read".to_owned(),
            claim: "U1".to_owned(),
            severity: Severity::Note,
            object: format!("release {}", self.release),
            message: format!("not judged: the values of {place} are not read"),
            place: None,
            remedy: "give all values with --to-values".to_owned(),
        })
    }
}

/// A chart as it is asked for.
struct Side {
    source: Source,
    application: Option<Application>,
}

impl Side {
    fn of(text: &str, values: Option<&Utf8Path>, scratch: &Scratch, name: &str) -> Result<Self> {
        let given = values.map(Utf8Path::to_owned);
        let Some(application) = Application::read(Utf8Path::new(text))? else {
            let reference: Reference = text.parse()?;
            return Ok(Self { source: Source { reference, values: given }, application: None });
        };
        let values: Utf8PathBuf = match given {
            Some(given) => given,
            // JSON is YAML as well.
            None => scratch.write(&format!("{name}-values.yaml"), &application.values.to_string())?,
        };
        let source = Source { reference: application.chart.clone(), values: Some(values) };
        Ok(Self { source, application: Some(application) })
    }
}

fn settings(why: &str) -> Error {
    Error::trouble(exit::SETTINGS, why)
}
