//! What `steadfast upgrade` is asked.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use harness::chart::Way;

/// How to write the answer.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
}

/// How the charts get to the cluster, as it is asked for.
#[derive(Clone, Copy, ValueEnum)]
pub enum By {
    /// Helm 4: a server-side apply; a field that another manager owns is a conflict
    #[value(alias = "helm")]
    Helm4,
    /// Helm 3, and releases that it made: a three-way patch
    Helm3,
    /// `helm template | kubectl apply`: lookups find nothing, hooks are plain objects, nothing is deleted
    Apply,
    /// Argo CD: as kubectl applies, with hooks run and what is gone pruned
    Argo,
    /// Flux's Helm controller
    Flux,
}

impl From<By> for Way {
    fn from(by: By) -> Self {
        match by {
            By::Helm4 => Self::Helm4,
            By::Helm3 => Self::Helm3,
            By::Apply => Self::Apply,
            By::Argo => Self::Argo,
            By::Flux => Self::Flux,
        }
    }
}

/// What to upgrade.
#[derive(Args)]
pub struct Arguments {
    /// The release's name [an Application or HelmRelease has one]
    #[arg(long)]
    pub release: Option<String>,
    /// Its namespace [an Application or HelmRelease may have one]
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// The chart that it comes from: a folder, a packaged chart, oci://REGISTRY/CHART:VERSION, REPOSITORY/CHART@VERSION, or a
    /// file with an Application of Argo CD or a HelmRelease of Flux [with --context: what the release holds]
    #[arg(long, value_name = "CHART", required_unless_present = "context")]
    pub from: Option<String>,
    /// The values that are given to it
    #[arg(long, value_name = "FILE")]
    pub from_values: Option<Utf8PathBuf>,
    /// The chart that it goes to
    #[arg(long, value_name = "CHART", required_unless_present = "values_only")]
    pub to: Option<String>,
    /// The values that are given to it [default: those of --from-values, or those of a live release]
    #[arg(long, value_name = "FILE")]
    pub to_values: Option<Utf8PathBuf>,
    /// The chart stays, and only its values change: it is named once, by --from or --to
    #[arg(long, requires = "to_values")]
    pub values_only: bool,
    /// How the charts get to the cluster [default: as the live release was made, otherwise helm4]
    #[arg(long, value_enum)]
    pub with: Option<By>,
    /// The version of Kubernetes that the cluster is to have, for what goes until then: 1.36 [default: the cluster's]
    #[arg(long, value_name = "VERSION")]
    pub kubernetes: Option<String>,
    /// Only look, at a live release in this context of the kubeconfig, and change nothing
    #[arg(long)]
    pub context: Option<String>,
    /// The kubeconfig file of --context [default: KUBECONFIG or ~/.kube/config]
    #[arg(long, requires = "context", value_name = "FILE")]
    pub kubeconfig: Option<Utf8PathBuf>,
    /// Which pods speak S3 or PostgreSQL [default: steadfast-chart.yaml in the old chart, or what their images tell]
    #[arg(long, value_name = "FILE")]
    pub stores: Option<Utf8PathBuf>,
    /// How long a roll may take, in seconds
    #[arg(long, default_value_t = 300)]
    pub patience: u64,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

impl Arguments {
    /// Whether nothing is to be changed.
    pub fn only_looks(&self) -> bool {
        self.context.is_some()
    }
}
