//! `steadfast explain`.

use std::{fmt::Display, process::ExitCode};

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use harness::{
    Error, Result, cluster,
    error::exit,
    explain::{self, State},
};
use serde::Serialize;

use super::say;

/// How to write the answer.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What to look at.
#[derive(Args)]
pub struct Explain {
    /// The set: statefulset/NAME or NAME; or one of its pods, there or not: pod/NAME-0 [default: all sets of the namespace]
    target: Option<String>,
    /// The namespace [default: that of the context]
    #[arg(short, long)]
    namespace: Option<String>,
    /// All sets of all namespaces, those that are stuck first
    #[arg(short = 'A', long, conflicts_with_all = ["namespace", "target"])]
    all_namespaces: bool,
    /// The kubeconfig's context [default: the current one]
    #[arg(long)]
    context: Option<String>,
    /// The kubeconfig file [default: KUBECONFIG or ~/.kube/config]
    #[arg(long)]
    kubeconfig: Option<Utf8PathBuf>,
    /// How to write the answer
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub async fn explain(arguments: &Explain) -> Result<ExitCode> {
    let set = arguments.target.as_deref().map(set_of).transpose()?;
    let client = cluster::reader(arguments.kubeconfig.as_deref(), arguments.context.as_deref()).await?;
    let namespace = arguments.namespace.as_deref().unwrap_or(client.default_namespace()).to_owned();
    let state = if let Some(set) = set {
        let diagnosis = explain::explain(&client, &namespace, &set).await?;
        tell(arguments.format, &diagnosis)?;
        diagnosis.state
    } else {
        let namespace = (!arguments.all_namespaces).then_some(namespace.as_str());
        let survey = explain::explain_all(&client, namespace).await?;
        tell(arguments.format, &survey)?;
        survey.state()
    };
    Ok(ExitCode::from(match state {
        State::Healthy => 0,
        State::Stuck | State::Unstable => 1,
        State::Moving => exit::NO_CAUSE,
    }))
}

fn tell<T: Display + Serialize>(format: Format, answer: &T) -> Result<()> {
    let json = || {
        serde_json::to_string_pretty(answer)
            .map_err(|error| Error::bug(format!("a diagnosis as JSON: {error}")))
    };
    match format {
        Format::Text => say(&answer.to_string()),
        Format::Json => say(&json()?),
    }
    Ok(())
}

/// The set that a target names: itself, or by one of its pods.
fn set_of(target: &str) -> Result<String> {
    let wrong = || {
        let message = format!("expected statefulset/NAME, or pod/NAME-ORDINAL, got {target:?}");
        Error::trouble(exit::SETTINGS, message)
    };
    let (kind, name) = target.split_once('/').unwrap_or(("statefulset", target));
    let set = match kind {
        "statefulset" | "statefulsets" | "sts" | "statefulset.apps" | "statefulsets.apps" => Some(name),
        "pod" | "pods" | "po" => {
            name.rsplit_once('-').filter(|(_, ordinal)| ordinal.parse::<u32>().is_ok()).map(|(set, _)| set)
        }
        _ => None,
    };
    set.filter(|set| !set.is_empty() && !set.contains('/')).map(str::to_owned).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_named_by_itself_or_by_a_pod() {
        for target in ["garage", "statefulset/garage", "sts/garage", "pod/garage-0", "pods/garage-12"] {
            assert_eq!(set_of(target).unwrap(), "garage", "{target}");
        }
        assert_eq!(set_of("pod/my-garage-0").unwrap(), "my-garage");
        for target in
            ["", "statefulset/", "deployment/garage", "pod/garage", "pod/garage-x", "pod/-0", "sts/a/b"]
        {
            assert_eq!(set_of(target).unwrap_err().exit_code(), exit::SETTINGS, "{target}");
        }
    }
}
