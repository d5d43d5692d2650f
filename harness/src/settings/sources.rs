//! From the environment and the file to settings. Whatever is not known is refused: a misspelt setting that is
//! silently ignored would prove something else than the user thinks.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    file::{self, Entry},
    table::{Setting, table},
    values::Settings,
};
use crate::error::{Error, Result, exit};

/// What the names of our environment variables begin with.
pub const PREFIX: &str = "STEADFAST_";
/// The environment variable that names another file than `steadfast.toml`.
pub const CONFIG: &str = "STEADFAST_CONFIG";

/// What says how an existing cluster is to be used, and nothing of one of ours.
const OF_EXISTING: [&str; 7] = [
    "image_registry",
    "garage_image",
    "postgres_image",
    "sentinel_image",
    "pull_secrets",
    "pull_config",
    "namespaces",
];

const FILE: &str = "steadfast.toml";

impl Settings {
    /// Reads the process's environment, and `steadfast.toml` in the current directory or in `base`, where relative paths begin.
    ///
    /// # Errors
    /// A file that cannot be read, and any key or value that is not known.
    pub fn load(base: &Utf8Path) -> Result<Self> {
        // A variable that is no Unicode is none of ours, unless its name says so: then its value is refused.
        let environment = std::env::vars_os()
            .map(|(key, value)| (key.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        let environment: Vec<_> = environment.collect();
        let chosen = environment.iter().find(|(key, _)| key == CONFIG).map(|(_, value)| value.as_str());
        let file = read(base, chosen)?;
        let file = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
        let environment = environment.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Self::from_sources(base, environment, file)
    }

    /// Settings from these environment variables over this file.
    ///
    /// # Errors
    /// Any key or value that is not known.
    pub fn from_sources<'a>(
        base: &Utf8Path,
        environment: impl IntoIterator<Item = (&'a str, &'a str)> + Clone,
        file: Option<(&Utf8Path, &str)>,
    ) -> Result<Self> {
        let mut settings = Self::defaults(base.to_owned(), default_cache(base, environment.clone()));
        if let Some((path, text)) = file {
            settings.read_file(path, text)?;
        }
        for (variable, value) in environment {
            // An empty variable is one that was taken back.
            let ours = variable.starts_with(PREFIX) && variable != CONFIG && !value.is_empty();
            if !ours {
                continue;
            }
            let setting = find(|setting| setting.variable() == variable).ok_or_else(|| {
                let nearest = nearest(variable, table().iter().map(Setting::variable));
                refused(format!("environment variable {variable} is not a setting; the nearest is {nearest}"))
            })?;
            settings
                .give(setting, value)
                .map_err(|wrong| refused(format!("environment variable {variable}: {wrong}")))?;
        }
        Ok(settings)
    }

    /// Refuses what says how an existing cluster is to be used: there, one of ours is meant.
    ///
    /// # Errors
    /// Such a setting is given.
    pub fn are_for_a_cluster_of_ours(&self) -> Result<()> {
        match OF_EXISTING.iter().find(|key| self.given.contains_key(*key)) {
            Some(key) => Err(refused(format!(
                "the setting {key} is for an existing cluster: name its context as well, by the setting context"
            ))),
            None => Ok(()),
        }
    }

    fn give(&mut self, setting: &'static Setting, value: &str) -> Result<(), String> {
        (setting.set)(self, value)?;
        // The environment may take back what the file says.
        self.given.remove(setting.key);
        if value != setting.default {
            self.given.insert(setting.key, value.to_owned());
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Utf8Path, text: &str) -> Result<()> {
        let entries =
            file::entries(text).map_err(|(line, wrong)| refused(format!("{path}, line {line}: {wrong}")))?;
        for Entry { key, value, line } in entries {
            let setting = find(|setting| setting.key == key).ok_or_else(|| {
                let nearest = nearest(&key, table().iter().map(|setting| setting.key.to_owned()));
                refused(format!("{path}, line {line}: {key} is not a setting; the nearest is {nearest}"))
            })?;
            self.give(setting, &value)
                .map_err(|wrong| refused(format!("{path}, line {line}: {key}: {wrong}")))?;
        }
        Ok(())
    }
}

fn find(is: impl Fn(&Setting) -> bool) -> Option<&'static Setting> {
    table().iter().find(|setting| is(setting))
}

fn refused(message: String) -> Error {
    Error::trouble(exit::SETTINGS, message)
}

fn read(base: &Utf8Path, chosen: Option<&str>) -> Result<Option<(Utf8PathBuf, String)>> {
    // `cargo test` runs in the package's folder, so a relative path may also begin at the root.
    let name = chosen.unwrap_or(FILE);
    for path in [Utf8PathBuf::from(name), base.join(name)] {
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(format!("cannot read {path}: {error}"))),
        }
    }
    match chosen {
        Some(path) => Err(refused(format!("there is no file {path}, which {CONFIG} names"))),
        None => Ok(None),
    }
}

fn default_cache<'a>(
    base: &Utf8Path,
    environment: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Utf8PathBuf {
    let (mut caches, mut home) = (None, None);
    for (variable, value) in environment {
        match variable {
            "XDG_CACHE_HOME" if !value.is_empty() => caches = Some(Utf8PathBuf::from(value)),
            "HOME" if !value.is_empty() => home = Some(Utf8PathBuf::from(value)),
            _ => {}
        }
    }
    let caches = caches.or_else(|| home.map(|home| home.join(".cache")));
    caches.unwrap_or_else(|| base.join("target")).join("steadfast")
}

fn nearest(to: &str, names: impl Iterator<Item = String>) -> String {
    names.min_by_key(|name| distance(to, name)).unwrap_or_default()
}

/// How many letters must be changed, added or removed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for column in 0..to.len() {
            let changed = diagonal + usize::from(to[column] != letter);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ImageSource, Keep};

    fn from(environment: &[(&str, &str)], file: Option<&str>) -> Result<Settings> {
        let file = file.map(|text| (Utf8Path::new("steadfast.toml"), text));
        Settings::from_sources(Utf8Path::new("/base"), environment.iter().copied(), file)
    }

    fn refusal(environment: &[(&str, &str)], file: Option<&str>) -> String {
        let error = from(environment, file).unwrap_err();
        assert_eq!(error.exit_code(), exit::SETTINGS);
        error.to_string()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = "nodes = 3\nkeep = \"failed\"\nkubernetes_version = \"v1.37.2\"\n";
        let environment = [
            ("STEADFAST_NODES", "1"),
            ("STEADFAST_IMAGE_SOURCE", "build"),
            ("HOME", "/home/someone"),
            ("PATH", "/bin"),
        ];
        let settings = from(&environment, Some(file)).unwrap();
        assert_eq!((settings.nodes, settings.keep), (1, Keep::Failed));
        assert_eq!(settings.image_source, ImageSource::Build);
        assert_eq!(settings.kubernetes_version, "1.37.2");
        let minor = from(&[("STEADFAST_KUBERNETES_VERSION", "1.37")], None).unwrap();
        assert_eq!(minor.kubernetes_version, "1.37");
        assert_eq!(settings.garage_version, "2.5.0");
        let gates =
            from(&[("STEADFAST_FEATURE_GATES", "B=false")], Some("feature_gates = \"A=true\"")).unwrap();
        assert_eq!(gates.feature_gates.to_string(), "B=false");
        assert_eq!(settings.cache, "/home/someone/.cache/steadfast");
    }

    #[test]
    fn what_is_given_is_known_as_far_as_it_is_not_the_default() {
        let file = Some("nodes = 3\nkeep = \"failed\"\nprofile = \"quick\"\n");
        let settings = from(&[("STEADFAST_NODES", "2"), ("STEADFAST_PARALLEL", "4")], file).unwrap();
        let given: Vec<_> = settings.given.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(given, [("keep", "failed"), ("parallel", "4")]);
    }

    #[test]
    fn what_is_not_known_is_refused_with_the_nearest_name() {
        assert_eq!(
            refusal(&[("STEADFAST_KUBERNETES_VERSON", "1.34.4")], None),
            "environment variable STEADFAST_KUBERNETES_VERSON is not a setting; the nearest is STEADFAST_KUBERNETES_VERSION"
        );
        assert_eq!(
            refusal(&[], Some("keep = \"always\"\nnode = 3\n")),
            "steadfast.toml, line 2: node is not a setting; the nearest is nodes"
        );
    }

    #[test]
    fn a_wrong_value_names_its_place() {
        assert_eq!(
            refusal(&[], Some("\nnodes = 30\n")),
            "steadfast.toml, line 2: nodes: expected a number from 0 to 9, got \"30\""
        );
        assert_eq!(
            refusal(&[("STEADFAST_KEEP", "yes")], None),
            "environment variable STEADFAST_KEEP: expected one of never, failed, always, got \"yes\""
        );
        for (variable, wrong) in [
            ("STEADFAST_KUBERNETES_VERSION", "1"),
            ("STEADFAST_KUBERNETES_VERSION", "1.34.x"),
            ("STEADFAST_GARAGE_VERSION", "2.5"),
            ("STEADFAST_PARALLEL", "0"),
            ("STEADFAST_SCENARIO_DEADLINE_FACTOR", "NaN"),
            ("STEADFAST_POSTGRES_VERSION", "latest"),
            ("STEADFAST_FEATURE_GATES", "StatefulSetRecreateStrategy"),
        ] {
            assert!(refusal(&[(variable, wrong)], None).contains(wrong), "{variable}");
        }
        assert!(refusal(&[], Some("nodes 3")).starts_with("steadfast.toml, line 1: "));
    }

    #[test]
    fn the_defaults_are_those_that_the_table_shows() {
        let defaults = from(&[("HOME", "/home/someone")], None).unwrap();
        let described = ["feature_gates", "parallel", "cache"];
        let shown = |setting: &&Setting| setting.default != "none" && !described.contains(&setting.key);
        for setting in table().iter().filter(shown) {
            let mut settings = defaults.clone();
            (setting.set)(&mut settings, setting.default).unwrap();
            assert_eq!(settings, defaults, "{}", setting.key);
        }
    }

    #[test]
    fn what_is_for_an_existing_cluster_needs_its_context() {
        let registry = ("STEADFAST_IMAGE_REGISTRY", "registry.example/team");
        let ours = from(&[registry], None).unwrap().are_for_a_cluster_of_ours();
        assert_eq!(
            ours.unwrap_err().to_string(),
            "the setting image_registry is for an existing cluster: name its context as well, by the setting context"
        );
        let given = [registry, ("STEADFAST_CONTEXT", "a"), ("STEADFAST_NAMESPACES", "b, a,b")];
        let settings = from(&given, Some("garage_image = \"r.example/garage:1\"")).unwrap();
        assert_eq!(settings.namespaces, ["a", "b"]);
        assert_eq!(settings.image_references["garage"], "r.example/garage:1");
        assert!(refusal(&[("STEADFAST_NAMESPACES", "a,,b")], None).contains("commas between"));
        assert_eq!(
            from(&[("STEADFAST_STORAGE_CLASS", "fast")], None).unwrap().storage_class.unwrap(),
            "fast"
        );
    }

    #[test]
    fn an_empty_variable_is_unset_and_relative_paths_begin_at_the_base() {
        let settings = from(&[("STEADFAST_KEEP", ""), ("STEADFAST_RESULTS", "out")], None).unwrap();
        assert_eq!(settings.keep, Keep::Never);
        assert_eq!(settings.results, "/base/out");
    }

    #[test]
    fn every_key_is_there_once() {
        let mut keys: Vec<_> = table().iter().map(|setting| setting.key).collect();
        assert!(OF_EXISTING.iter().all(|key| keys.contains(key)));
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), table().len());
    }
}
