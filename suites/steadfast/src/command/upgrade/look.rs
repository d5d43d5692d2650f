//! Looking at a live release.

use std::process::ExitCode;

use harness::{
    Error, Result,
    chart::{Chart, Helm, Release, Scratch, Stored, Way, account::Account, preflight},
    cluster,
    error::exit,
    settings::Settings,
    upgrade::Facts,
};

use super::{answer::print, arguments::Arguments, asked::Asked};

/// Looks at a live release, and changes nothing.
pub async fn look(settings: &Settings, arguments: &Arguments) -> Result<ExitCode> {
    let client = cluster::reader(arguments.kubeconfig.as_deref(), arguments.context.as_deref()).await?;
    let helm = Helm::find(&settings.cache, arguments.kubeconfig.as_deref(), arguments.context.as_deref())?;
    let scratch = Scratch::new(&settings.cache)?;
    let held = scratch.path("held");
    let staying = match whose_chart_stays(arguments) {
        Some(release) => {
            Stored::read(&client, &release).await?.map(|stored| stored.unpack(&held)).transpose()?
        }
        None => None,
    };
    let mut asked = Asked::of(arguments, &scratch, staying.filter(|whole| *whole).map(|_| held.as_str()))?;
    let release = Release { name: asked.release.clone(), namespace: asked.namespace.clone() };
    let stored = Stored::read(&client, &release).await?;
    let way = asked.way.or_else(|| stored.as_ref().map(Stored::way)).unwrap_or(Way::Helm4);
    if way.has_release() {
        has_ended(&helm, &release).await?;
        // As Helm does: an upgrade without values takes those of the release.
        if asked.to.values.is_none() {
            asked.to.values = Some(scratch.write("release-values.yaml", &helm.values(&release).await?)?);
        }
    }
    let from = match &asked.from {
        Some(source) => {
            Some(Chart::get(&helm, &source.reference, source.values.as_deref(), &scratch.path("from")).await?)
        }
        None => None,
    };
    let to = Chart::get(&helm, &asked.to.reference, asked.to.values.as_deref(), &scratch.path("to")).await?;
    let question = preflight::Question {
        release: &release,
        way,
        from: from.as_ref(),
        to: &to,
        images: &[],
        target: arguments.kubernetes.as_deref(),
    };
    let picture = preflight::read(&client, &helm, question).await?;
    let held = stored.map_or_else(|| "what is there".to_owned(), |stored| stored.chart);
    let from = from.map_or(held, |chart| chart.title());
    let account = Account::preflight(Facts {
        findings: preflight::judge(&picture).into_iter().chain(asked.notes()).collect(),
        differences: preflight::differences(&picture),
        ..Facts::new(&release.name, way, from, to.title())
    });
    print(&account, arguments.format)
}

/// The release whose chart is to stay, where that is not named.
fn whose_chart_stays(arguments: &Arguments) -> Option<Release> {
    let named = arguments.from.is_some() || arguments.to.is_some();
    let (name, namespace) = (arguments.release.clone()?, arguments.namespace.clone()?);
    (!named).then_some(Release { name, namespace })
}

/// Nothing can be said of a release whose last change did not come to its end.
async fn has_ended(helm: &Helm, release: &Release) -> Result<()> {
    let state = helm.state(release).await?;
    if state == "deployed" {
        return Ok(());
    }
    let (name, namespace) = (&release.name, &release.namespace);
    let message = format!(
        "release {name} is {state}: its last change did not come to its end, and nothing can be said from there; roll it back first: helm rollback {name} -n {namespace}"
    );
    Err(Error::trouble(exit::NO_RELEASE, message))
}
