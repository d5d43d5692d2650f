//! `steadfast upgrade`.

use std::{process::ExitCode, time::Duration};

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use harness::{
    Error, Result,
    chart::{Chart, Helm, Release, Way, account::Account, answer::Answer, preflight},
    cluster,
    error::exit,
    settings::Settings,
    upgrade::{self, Facts, Source, Upgrade},
};

use super::say;

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
    /// `helm install`, `helm upgrade`
    Helm,
    /// `helm template | kubectl apply`: what GitOps tools do; lookups find nothing, hooks are plain objects
    Apply,
}

impl From<By> for Way {
    fn from(by: By) -> Self {
        match by {
            By::Helm => Self::Helm,
            By::Apply => Self::Apply,
        }
    }
}

/// What to upgrade.
#[derive(Args)]
pub struct Arguments {
    /// The release's name
    #[arg(long)]
    release: String,
    /// Its namespace
    #[arg(short, long)]
    namespace: String,
    /// The chart that it comes from: a folder, a packaged chart, oci://REGISTRY/CHART:VERSION, REPOSITORY/CHART@VERSION
    /// [with --context: what the release holds]
    #[arg(long, value_name = "CHART", required_unless_present = "context")]
    from: Option<String>,
    /// The values that are given to it
    #[arg(long, value_name = "FILE")]
    from_values: Option<Utf8PathBuf>,
    /// The chart that it goes to
    #[arg(long, value_name = "CHART")]
    to: String,
    /// The values that are given to it [default: those of --from-values]
    #[arg(long, value_name = "FILE")]
    to_values: Option<Utf8PathBuf>,
    /// How the charts get to the cluster
    #[arg(long, value_enum, default_value = "helm")]
    with: By,
    /// Only look, at a live release in this context of the kubeconfig, and change nothing
    #[arg(long)]
    context: Option<String>,
    /// The kubeconfig file of --context [default: KUBECONFIG or ~/.kube/config]
    #[arg(long, requires = "context", value_name = "FILE")]
    kubeconfig: Option<Utf8PathBuf>,
    /// Which pods speak S3 or PostgreSQL [default: steadfast-chart.yaml in the old chart, or what their images tell]
    #[arg(long, value_name = "FILE")]
    stores: Option<Utf8PathBuf>,
    /// How long a roll may take, in seconds
    #[arg(long, default_value_t = 300)]
    patience: u64,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Arguments {
    /// Whether nothing is to be changed.
    pub fn only_looks(&self) -> bool {
        self.context.is_some()
    }

    fn to_values(&self) -> Option<Utf8PathBuf> {
        self.to_values.clone().or_else(|| self.from_values.clone())
    }
}

/// Looks at a live release, and changes nothing.
pub async fn look(settings: &Settings, arguments: &Arguments) -> Result<ExitCode> {
    let client = cluster::reader(arguments.kubeconfig.as_deref(), arguments.context.as_deref()).await?;
    let helm = Helm::find(&settings.cache, arguments.kubeconfig.as_deref(), arguments.context.as_deref())?;
    let release = Release { name: arguments.release.clone(), namespace: arguments.namespace.clone() };
    let scratch = Scratch::new(settings)?;
    let from = match &arguments.from {
        Some(reference) => Some(
            Chart::get(&helm, &reference.parse()?, arguments.from_values.as_deref(), &scratch.0.join("from"))
                .await?,
        ),
        None => None,
    };
    let to =
        Chart::get(&helm, &arguments.to.parse()?, arguments.to_values().as_deref(), &scratch.0.join("to"))
            .await?;
    let state = match arguments.with {
        By::Helm => helm.state(&release).await?,
        By::Apply => "deployed".to_owned(),
    };
    if state != "deployed" {
        let message = format!(
            "release {} is {state}: its last change did not come to its end, and nothing can be said from there; roll it back first: helm rollback {} -n {}",
            release.name, release.name, release.namespace
        );
        return Err(Error::trouble(exit::NO_RELEASE, message));
    }
    let question = preflight::Question {
        release: &release,
        way: arguments.with.into(),
        from: from.as_ref(),
        to: &to,
        images: &[],
    };
    let picture = preflight::read(&client, &helm, question).await?;
    let from = from.map_or_else(|| "what is there".to_owned(), |chart| chart.title());
    let account = Account::preflight(Facts {
        findings: preflight::judge(&picture),
        differences: preflight::differences(&picture),
        ..Facts::new(&release.name, arguments.with.into(), from, to.title())
    });
    print(&account, arguments.format)
}

/// Tries the upgrade in a cluster of our own.
pub fn run(settings: Settings, arguments: &Arguments) -> Result<ExitCode> {
    let Some(from) = &arguments.from else {
        return Err(Error::trouble(exit::SETTINGS, "name the old chart with --from"));
    };
    let upgrade = Upgrade {
        release: arguments.release.clone(),
        way: arguments.with.into(),
        from: Source { reference: from.parse()?, values: arguments.from_values.clone() },
        to: Source { reference: arguments.to.parse()?, values: arguments.to_values() },
        stores: arguments.stores.clone(),
        patience: Duration::from_secs(arguments.patience),
    };
    let line = std::env::args().collect::<Vec<_>>().join(" ");
    let single = upgrade::try_upgrade(settings, upgrade, &arguments.namespace, line)?;
    let code = single.code;
    let account = Account::run(single.result, single.directory.join("report.html"));
    if let Some(kubeconfig) = single.kept {
        super::complain(&format!(
            "The cluster stays: export KUBECONFIG={kubeconfig}; `steadfast down` removes it."
        ));
    }
    let answer = print(&account, arguments.format)?;
    Ok(if account.answer == Answer::Unknown { ExitCode::from(code) } else { answer })
}

fn print(account: &Account, format: Format) -> Result<ExitCode> {
    match format {
        Format::Text => say(&account.text()),
        Format::Markdown => say(&account.markdown()),
        Format::Json => {
            let json = serde_json::to_string_pretty(account);
            say(&json.map_err(|error| Error::bug(format!("an answer as JSON: {error}")))?);
        }
    }
    Ok(ExitCode::from(account.answer.exit_code().unwrap_or(exit::OLD_NOT_READY)))
}

/// A folder for unpacked charts, for as long as it is needed.
struct Scratch(Utf8PathBuf);

impl Scratch {
    fn new(settings: &Settings) -> Result<Self> {
        let folder = settings.cache.join(format!("charts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(Error::io(format!("making the folder {folder}")))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is a copy of what the user has.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
