//! The real Helm: it renders, installs, upgrades and rolls back. What it says is passed on.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use external::{
    Program,
    error::{Class, Error, Result, exit},
    find_program,
};
use record::law::Obstacle;

use super::{Chart, Rendered, Way};

/// Hooks included: our own waits tell more than Helm's, and begin when it has sent everything.
const DEADLINE: Duration = Duration::from_secs(300);

/// Helm, and the cluster that it talks to.
#[derive(Debug, Clone)]
pub struct Helm {
    program: Utf8PathBuf,
    /// `--kubeconfig` and `--kube-context`, where they are not the user's own.
    target: Vec<String>,
}

/// A release by its name and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub namespace: String,
}

/// What a template may ask while it is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// The cluster: `lookup` finds what is there.
    Cluster,
    /// Nobody: `lookup` finds nothing.
    Nothing,
}

impl Helm {
    /// The Helm that set-up put into the cache, otherwise the one on the PATH.
    ///
    /// # Errors
    /// There is none.
    pub fn find(cache: &Utf8Path, kubeconfig: Option<&Utf8Path>, context: Option<&str>) -> Result<Self> {
        let program = find_program(cache, "helm", exit::NO_HELM)?;
        let mut target = Vec::new();
        for (option, value) in
            [("--kubeconfig", kubeconfig.map(Utf8Path::as_str)), ("--kube-context", context)]
        {
            target.extend(value.into_iter().flat_map(|value| [option.to_owned(), value.to_owned()]));
        }
        Ok(Self { program, target })
    }

    /// Where it is.
    pub fn program(&self) -> &Utf8Path {
        &self.program
    }

    /// Runs Helm.
    ///
    /// # Errors
    /// With its own words, when it fails.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        self.ask(arguments).await?.map_err(|said| refused(arguments, &said))
    }

    /// Runs Helm; what it wrote, or its own words where it fails.
    async fn ask(&self, arguments: &[&str]) -> Result<std::result::Result<String, String>> {
        let mut all: Vec<&str> = arguments.to_vec();
        all.extend(self.target.iter().map(String::as_str));
        let finished = Program::new(&self.program, &all, DEADLINE).finish().await?;
        Ok(if finished.status.success() { Ok(finished.stdout) } else { Err(words(&finished.stderr)) })
    }

    /// What a chart is on a cluster, without changing anything there. With `upgrade`, the release is there already.
    ///
    /// # Errors
    /// With Helm's own words, when the values don't render.
    pub async fn render(
        &self,
        chart: &Chart,
        release: &Release,
        lookup: Lookup,
        upgrade: bool,
    ) -> Result<Rendered> {
        self.rendering(chart, release, lookup, upgrade).await?.map_err(|words| {
            Error::trouble(exit::NO_CHART, format!("chart {} does not render: {words}", chart.reference))
        })
    }

    /// The same, where that a chart does not render is an answer: its own words.
    ///
    /// # Errors
    /// What is looked up may not be seen, or nobody answers.
    pub async fn rendering(
        &self,
        chart: &Chart,
        release: &Release,
        lookup: Lookup,
        upgrade: bool,
    ) -> Result<std::result::Result<Rendered, String>> {
        let run = if lookup == Lookup::Cluster { "--dry-run=server" } else { "--dry-run=client" };
        let mut more = vec![run];
        if upgrade {
            more.push("--is-upgrade");
        }
        self.template(chart, release, &more).await
    }

    /// What a chart is for another version of Kubernetes.
    ///
    /// # Errors
    /// Helm can't be run.
    pub async fn rendering_for(
        &self,
        chart: &Chart,
        release: &Release,
        kubernetes: &str,
    ) -> Result<std::result::Result<Rendered, String>> {
        self.template(chart, release, &["--dry-run=client", "--is-upgrade", "--kube-version", kubernetes])
            .await
    }

    async fn template(
        &self,
        chart: &Chart,
        release: &Release,
        more: &[&str],
    ) -> Result<std::result::Result<Rendered, String>> {
        let mut arguments =
            vec!["template", &release.name, chart.folder.as_str(), "--namespace", &release.namespace];
        arguments.push("--include-crds");
        arguments.extend(more);
        if let Some(values) = &chart.values {
            arguments.extend(["--values", values.as_str()]);
        }
        match self.ask(&arguments).await? {
            Ok(text) => Rendered::parse(&text, &chart.name).map(Ok),
            Err(said) if is_trouble(&said) => Err(refused(&arguments, &said)),
            Err(said) => Ok(Err(said)),
        }
    }

    /// The values that a release was given, as YAML.
    ///
    /// # Errors
    /// With Helm's own words: no such release, or no right to read it.
    pub async fn values(&self, release: &Release) -> Result<String> {
        self.run(&["get", "values", &release.name, "--namespace", &release.namespace, "--output", "yaml"])
            .await
    }

    /// What a release holds: its manifest and its hooks.
    ///
    /// # Errors
    /// With Helm's own words: no such release, or no right to read it.
    pub async fn held(&self, release: &Release) -> Result<Rendered> {
        let place = ["--namespace", release.namespace.as_str()];
        let manifest = self.run(&["get", "manifest", &release.name, place[0], place[1]]).await?;
        let hooks = self.run(&["get", "hooks", &release.name, place[0], place[1]]).await?;
        Rendered::parse(&format!("{manifest}\n---\n{hooks}"), "")
    }

    /// Installs a chart, and returns when Helm has sent everything.
    ///
    /// # Errors
    /// With Helm's own words.
    pub async fn install(&self, chart: &Chart, release: &Release, way: Way) -> Result<()> {
        let mut verb = vec!["install", &release.name, chart.folder.as_str()];
        // Later upgrades go on as the installation began.
        if way == Way::Helm3 {
            verb.push("--server-side=false");
        }
        self.change(&verb, chart, release).await
    }

    /// Upgrades a release to a chart, and returns when Helm has sent everything.
    ///
    /// # Errors
    /// With Helm's own words.
    pub async fn upgrade(&self, chart: &Chart, release: &Release) -> Result<()> {
        // As without --reuse-values: what the user gives, and the new chart's defaults.
        self.change(&["upgrade", &release.name, chart.folder.as_str(), "--reset-values"], chart, release)
            .await
    }

    async fn change(&self, verb: &[&str], chart: &Chart, release: &Release) -> Result<()> {
        let mut arguments = verb.to_vec();
        arguments.extend(["--namespace", &release.namespace]);
        if let Some(values) = &chart.values {
            arguments.extend(["--values", values.as_str()]);
        }
        self.run(&arguments).await.map(drop)
    }

    /// Takes a release back to a revision, and returns when Helm has sent everything.
    ///
    /// # Errors
    /// With Helm's own words.
    pub async fn roll_back(&self, release: &Release, revision: u32) -> Result<()> {
        let revision = revision.to_string();
        self.run(&["rollback", &release.name, &revision, "--namespace", &release.namespace]).await.map(drop)
    }

    /// The state of a release, in Helm's word: `deployed`, `failed`, `pending-upgrade`.
    ///
    /// # Errors
    /// With Helm's own words: no such release, or no right to read it.
    pub async fn state(&self, release: &Release) -> Result<String> {
        let place = ["--namespace", &release.namespace, "--max", "1", "--output", "json"];
        let said = self.run(&[&["history", release.name.as_str()], &place[..]].concat()).await?;
        let history: Vec<serde_json::Value> = serde_json::from_str(&said)
            .map_err(|error| Error::bug(format!("helm history says what is no JSON: {error}: {said}")))?;
        let newest = history.last().and_then(|newest| newest["status"].as_str());
        Ok(newest.unwrap_or_default().to_owned())
    }
}

/// Whether it is not the chart that Helm speaks of.
fn is_trouble(said: &str) -> bool {
    let around = [
        "Kubernetes cluster unreachable",
        "connection refused",
        "is forbidden: User",
        "context deadline exceeded",
        "etcdserver: ",
        "TLS handshake timeout",
        "unable to return a response in the time allotted",
    ];
    around.iter().any(|words| said.contains(words))
}

fn refused(arguments: &[&str], said: &str) -> Error {
    let code = match () {
        () if said.contains("is forbidden") => exit::FORBIDDEN,
        () if said.contains("release: not found") => exit::NO_RELEASE,
        () => Class::Environment.exit_code(),
    };
    let message = format!("helm {}: Helm says: {said}", arguments.join(" "));
    // Who may not, or has no release, has had an answer.
    if code == Class::Environment.exit_code() && is_trouble(said) {
        return Error::not_judged(Obstacle::ApiAway, message);
    }
    Error::trouble(code, message)
}

/// How many lines of Helm's are told.
const TOLD: usize = 16;

/// The lines that tell, without what Helm logs of its own working: from the error on.
fn words(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let told: Vec<&str> = lines.iter().copied().filter(|line| !line.starts_with("level=")).collect();
    let told = if told.is_empty() { lines } else { told };
    let begin =
        told.iter().position(|line| line.starts_with("Error:")).unwrap_or(told.len().saturating_sub(TOLD));
    let told = told[begin..].iter().filter(|line| !line.starts_with("Use --debug flag"));
    told.take(TOLD).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helm_logs_is_left_out_where_it_also_says_it() {
        let said = "level=INFO msg=\"found symbolic link\"\nlevel=WARN msg=\"upgrade failed\"\nError: UPGRADE FAILED: x\n";
        assert_eq!(words(said), "Error: UPGRADE FAILED: x");
        assert_eq!(words("level=ERROR msg=alone\n"), "level=ERROR msg=alone");
        let refusal = "coalesce.go: warning\nError: execution error at (a/templates/b.yaml:1:4): \nPASSWORDS ERROR: x\n    y\n\nUse --debug flag to render out invalid YAML\n";
        assert_eq!(
            words(refusal),
            "Error: execution error at (a/templates/b.yaml:1:4): \nPASSWORDS ERROR: x\n    y"
        );
    }
}
