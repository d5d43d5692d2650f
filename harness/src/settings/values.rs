//! What can be set, and what holds when nothing is.

use std::{
    collections::BTreeMap, fmt, num::NonZeroUsize, str::FromStr, thread::available_parallelism,
    time::Duration,
};

use camino::Utf8PathBuf;

use super::FeatureGates;

/// Everything a user can choose. Read once, and passed on.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The Kubernetes version of our own clusters: `1.34`, or `1.34.4`.
    pub kubernetes_version: String,
    /// Feature gates of our own clusters.
    pub feature_gates: FeatureGates,
    /// Where images come from.
    pub image_source: ImageSource,
    /// The Garage version: `2.5.0`.
    pub garage_version: String,
    /// The PostgreSQL version: `17`.
    pub postgres_version: String,
    /// Workers beside the one control plane.
    pub nodes: u32,
    /// How much is run.
    pub profile: Profile,
    /// When the cluster and the namespaces stay after a run.
    pub keep: Keep,
    /// The context of an existing cluster to use instead of one of ours.
    pub context: Option<String>,
    /// The same name again: the user's explicit yes.
    pub allow_context: Option<String>,
    /// The storage class of all claims; none for the cluster's default one.
    pub storage_class: Option<String>,
    /// Where an existing cluster's nodes find our images: `registry.example/team`.
    pub image_registry: Option<String>,
    /// Whole references of single images, by their names, which take precedence: `garage`, `postgres`, `sentinel`.
    pub image_references: BTreeMap<&'static str, String>,
    /// The Secrets that pods name to pull images with; they are in an existing cluster's namespaces.
    pub pull_secrets: Vec<String>,
    /// A configuration file of Docker's, of which such a Secret is made in each namespace.
    pub pull_config: Option<Utf8PathBuf>,
    /// Namespaces of an existing cluster that are used, one a scenario, where we are to make none.
    pub namespaces: Vec<String>,
    /// Scenarios that run at once.
    pub parallel: NonZeroUsize,
    /// How long a run may take.
    pub run_deadline: Duration,
    /// Multiplies every scenario's deadline, for slow machines.
    pub scenario_deadline_factor: f64,
    /// Where results are written.
    pub results: Utf8PathBuf,
    /// Where images, tools and leases are kept between runs.
    pub cache: Utf8PathBuf,
    /// Where relative paths in settings begin: the repository's root, or the current directory where there is none.
    pub base: Utf8PathBuf,
    /// What somebody gave another value than the default, by key and as it was given.
    pub given: BTreeMap<&'static str, String>,
}

impl Settings {
    /// What holds when nothing is set. `cache` is where caches are on this machine.
    pub(super) fn defaults(base: Utf8PathBuf, cache: Utf8PathBuf) -> Self {
        Self {
            kubernetes_version: "1.34".to_owned(),
            feature_gates: FeatureGates::default(),
            image_source: ImageSource::Auto,
            garage_version: "2.5.0".to_owned(),
            postgres_version: "17".to_owned(),
            nodes: 2,
            profile: Profile::Quick,
            keep: Keep::Never,
            context: None,
            allow_context: None,
            storage_class: None,
            image_registry: None,
            image_references: BTreeMap::new(),
            pull_secrets: Vec::new(),
            pull_config: None,
            namespaces: Vec::new(),
            parallel: default_parallel(),
            run_deadline: Duration::from_secs(60 * 60),
            scenario_deadline_factor: 1.0,
            results: base.join("target/steadfast"),
            cache,
            base,
            given: BTreeMap::new(),
        }
    }
}

/// Scenarios wait for the cluster most of the time, so a core carries several.
fn default_parallel() -> NonZeroUsize {
    let cores = available_parallelism().map_or(2, NonZeroUsize::get);
    NonZeroUsize::new((cores * 5).min(16)).unwrap_or(NonZeroUsize::MIN)
}

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$choice_doc:meta])* $choice:ident = $text:literal),* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$choice_doc])* $choice),* }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(match self { $(Self::$choice => $text),* })
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$choice),)*
                    other => Err(format!("expected one of {}, got {other:?}", [$($text),*].join(", "))),
                }
            }
        }
    };
}

choices! {
    /// Where images come from.
    ImageSource {
        /// Pulled, and built only where no registry answers.
        Auto = "auto",
        /// From image registries.
        Pull = "pull",
        /// From package registries, by the recipes of this repository.
        Build = "build"
    }
}

choices! {
    /// How much is run.
    Profile {
        /// Every claim, and the controls that are fast: for a pull request.
        Quick = "quick",
        /// Everything: for the night.
        Full = "full"
    }
}

choices! {
    /// When the cluster and the namespaces stay after a run.
    Keep {
        /// Everything is removed.
        Never = "never",
        /// They stay when a scenario did not pass.
        Failed = "failed",
        /// They stay.
        Always = "always"
    }
}
