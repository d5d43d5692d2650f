//! kind: the configuration of our clusters, and the calls that make, fill and remove one.

use std::{collections::BTreeMap, fs::File, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Machine, Node, Reporter,
    docker::{self, QUICK, docker},
    process::{Program, find_program},
    version::release,
};
use crate::{
    error::{Error, Result, exit},
    settings::FeatureGates,
};

/// kind's own label on a node's container; its value is the cluster's name.
const CLUSTER_LABEL: &str = "io.x-k8s.kind.cluster";
/// kind's own label on a container of a cluster; its value is what it is there for.
const ROLE_LABEL: &str = "io.x-k8s.kind.role";

/// The configuration of a cluster: one control plane, and workers.
pub(super) fn config(
    image: &str,
    kubernetes: &str,
    gates: &FeatureGates,
    workers: u32,
    machine: Machine,
) -> String {
    let mut config = String::from("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n");
    // Without CAP_SYS_RESOURCE the kubelet must not insist on oom_score_adj and some sysctls.
    let needed = (!machine.can_raise_limits).then_some(("KubeletInUserNamespace", true));
    let asked = gates.0.iter().map(|(gate, on)| (gate.as_str(), *on));
    let gates: BTreeMap<_, _> = needed.into_iter().chain(asked).collect();
    if !gates.is_empty() {
        config.push_str("featureGates:\n");
        gates.iter().for_each(|(gate, on)| config.push_str(&format!("  {gate}: {on}\n")));
    }
    config.push_str("kubeadmConfigPatches:\n");
    // A cluster of tests need not survive a power cut, and a slow disk then does not slow every write down. What a
    // killed or restarted node loses is nothing: the host's page cache outlives the container.
    config.push_str("- |\n  kind: ClusterConfiguration\n  etcd:\n    local:\n      extraArgs:\n");
    config.push_str("        unsafe-no-fsync: \"true\"\n");
    // One control plane has no rival. A killed controller manager would wait 15 s for the lease of the one that it was.
    // Its controllers may ask ten times as often as elsewhere: the events of a set that is refused again and again, 20
    // a second, kept those of all others waiting for half a minute.
    config.push_str("  controllerManager:\n    extraArgs:\n      leader-elect: \"false\"\n");
    config.push_str("      kube-api-qps: \"200\"\n      kube-api-burst: \"300\"\n");
    config.push_str("  scheduler:\n    extraArgs:\n      leader-elect: \"false\"\n");
    if machine.cgroup_v1 && release(kubernetes) >= Some((1, 35)) {
        config.push_str("- |\n  kind: KubeletConfiguration\n  failCgroupV1: false\n");
    }
    config.push_str("nodes:\n");
    for role in std::iter::once("control-plane").chain((0..workers).map(|_| "worker")) {
        config.push_str(&format!("- role: {role}\n  image: {image}\n"));
    }
    config
}

/// The kind that set-up put into the cache, otherwise the one on the PATH.
///
/// # Errors
/// There is none.
pub fn find(cache: &Utf8Path) -> Result<Utf8PathBuf> {
    find_program(cache, "kind", exit::NO_KIND)
}

/// Makes a cluster. `lock` stays locked for as long as kind runs, even when we are killed.
pub(super) async fn create(
    kind: &Utf8Path,
    name: &str,
    config: &Utf8Path,
    kubeconfig: &Utf8Path,
    lock: &File,
    progress: &Reporter,
) -> Result<()> {
    let arguments = ["create", "cluster", "--name", name, "--config", config.as_str()];
    let arguments = [&arguments[..], &["--kubeconfig", kubeconfig.as_str()]].concat();
    let program = Program::new(kind, &arguments, Duration::from_secs(300));
    run(program.holding(lock)?, &arguments, progress).await
}

/// Loads images onto these nodes, all at once, by way of an archive in the folder `scratch`.
pub(super) async fn load(
    kind: &Utf8Path,
    name: &str,
    images: &[&str],
    nodes: &[&Node],
    scratch: Utf8PathBuf,
    progress: &Reporter,
) -> Result<()> {
    let scratch = Scratch::new(scratch)?;
    let nodes: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    let nodes = nodes.join(",");
    let arguments = [&["load", "docker-image"], images, &["--name", name, "--nodes", &nodes]].concat();
    let program = Program::new(kind, &arguments, Duration::from_secs(300));
    run(program.variable("TMPDIR", &scratch.0), &arguments, progress).await
}

/// A folder for as long as it is needed: a kind that is killed leaves an archive of half a gigabyte.
struct Scratch(Utf8PathBuf);

impl Scratch {
    fn new(folder: Utf8PathBuf) -> Result<Self> {
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).map_err(Error::io(format!("making the folder {folder}")))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is removed with the cluster, or before the next load.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

async fn run(program: Program, arguments: &[&str], progress: &Reporter) -> Result<()> {
    let finished = program.reporting(&steps(progress)).finish().await?;
    if finished.status.success() {
        return Ok(());
    }
    let doing = format!("kind {}", arguments.join(" "));
    // kind prints a long trace, in which the reason may stand anywhere.
    Err(docker::trouble(&doing, &shortened(&finished.stderr)).unwrap_or_else(|| {
        Error::environment(format!("{doing}: {}:\n{}", finished.status, shortened(&finished.stderr)))
    }))
}

/// Of what kind says, the steps that it has done.
fn steps(progress: &Reporter) -> Reporter {
    let progress = progress.clone();
    Reporter::new(move |line| {
        if let Some(step) = line.trim_start().strip_prefix('✓') {
            // Its pictures are for a terminal.
            let step: String = step.chars().filter(char::is_ascii).collect();
            progress.say(format!("  kind: {}", step.trim()));
        }
    })
}

/// The first error that kind names, and the last lines.
fn shortened(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let error = lines.iter().position(|line| line.starts_with("ERROR") || line.contains("no space left"));
    let head = error.map_or(&[][..], |at| &lines[at..lines.len().min(at + 3)]);
    let tail = &lines[error.map_or(0, |at| at + 3).max(lines.len().saturating_sub(12)).min(lines.len())..];
    [head, tail].concat().join("\n")
}

/// The names of all clusters whose nodes the engine has, running or not.
pub(super) async fn clusters() -> Result<Vec<String>> {
    let format = format!("{{{{.Label \"{CLUSTER_LABEL}\"}}}}");
    let filter = format!("label={CLUSTER_LABEL}");
    let listed = docker(&["ps", "--all", "--filter", &filter, "--format", &format], QUICK).await?;
    let mut names: Vec<String> = listed.lines().map(str::to_owned).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The nodes of a cluster.
pub(super) async fn nodes(cluster: &str) -> Result<Vec<Node>> {
    listed(cluster, &["--all"]).await
}

/// The nodes of a cluster that can be given images: one that is paused or stopped takes nothing.
pub(super) async fn running(cluster: &str) -> Result<Vec<Node>> {
    listed(cluster, &["--filter", "status=running"]).await
}

async fn listed(cluster: &str, which: &[&str]) -> Result<Vec<Node>> {
    let filter = format!("label={CLUSTER_LABEL}={cluster}");
    let format = format!("{{{{.Names}}}} {{{{.Label \"{ROLE_LABEL}\"}}}}");
    let arguments = ["ps", "--filter", &filter, "--format", &format];
    Ok(nodes_in(&docker(&[&arguments[..], which].concat(), QUICK).await?))
}

/// Of a cluster's containers, each with its role, the nodes: what stands before several control planes is none.
fn nodes_in(listed: &str) -> Vec<Node> {
    let node = |line: &str| {
        let (name, role) = line.split_once(' ')?;
        ["control-plane", "worker"].contains(&role).then(|| name.to_owned())
    };
    let mut names: Vec<String> = listed.lines().filter_map(node).collect();
    names.sort_unstable();
    names.into_iter().map(Node::new).collect()
}

/// Removes a cluster's nodes, whatever state they are in. There is nothing else: its kubeconfig is a file of ours.
pub(super) async fn remove(cluster: &str) -> Result<()> {
    // A container whose creation was under way when kind was killed appears late: look again until none is left.
    for _ in 0..3 {
        let nodes = docker::labelled(&format!("{CLUSTER_LABEL}={cluster}")).await?;
        if nodes.is_empty() {
            return Ok(());
        }
        docker::remove(&nodes).await?;
    }
    match docker::labelled(&format!("{CLUSTER_LABEL}={cluster}")).await?.as_slice() {
        [] => Ok(()),
        left => Err(Error::environment(format!(
            "the nodes of cluster {cluster} cannot be removed: docker rm -f -v {}",
            left.join(" ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WHOLE: Machine = Machine { cgroup_v1: false, can_raise_limits: true, ours: true };
    const POOR: Machine = Machine { cgroup_v1: true, can_raise_limits: false, ours: true };

    fn none() -> FeatureGates {
        FeatureGates::default()
    }

    #[test]
    fn a_whole_machine_needs_no_exceptions() {
        let config = config("kindest/node:v1.37.2", "1.37.2", &none(), 1, WHOLE);
        assert!(!config.contains("featureGates") && !config.contains("failCgroupV1"), "{config}");
        assert!(config.ends_with(
            "nodes:\n- role: control-plane\n  image: kindest/node:v1.37.2\n- role: worker\n  image: kindest/node:v1.37.2\n"
        ));
    }

    #[test]
    fn what_a_machine_lacks_is_allowed_for() {
        assert!(config("i", "1.34.4", &none(), 2, POOR).contains("KubeletInUserNamespace: true"));
        assert!(!config("i", "1.34.4", &none(), 2, POOR).contains("failCgroupV1"));
        assert!(config("i", "1.35.4", &none(), 2, POOR).contains("failCgroupV1: false"));
        assert_eq!(config("i", "1.35.4", &none(), 2, POOR).matches("role: worker").count(), 2);
    }

    #[test]
    fn gates_stand_beside_those_that_the_machine_needs() {
        let gates = |text: &str| text.parse::<FeatureGates>().unwrap();
        let of = |text: &str, machine| {
            let config = config("i", "1.37.2", &gates(text), 2, machine);
            let value: serde_json::Value = serde_saphyr::from_str(&config).unwrap();
            value["featureGates"].clone()
        };
        assert_eq!(of("B=false,A=true", WHOLE), json!({"A": true, "B": false}));
        assert_eq!(of("A=true", POOR), json!({"A": true, "KubeletInUserNamespace": true}));
        assert_eq!(of("KubeletInUserNamespace=false", POOR), json!({"KubeletInUserNamespace": false}));
        // A cluster's name is made of its configuration: one with other gates is another cluster.
        assert_ne!(config("i", "1.37.2", &gates("A=true"), 2, POOR), config("i", "1.37.2", &none(), 2, POOR));
    }

    #[test]
    fn the_configuration_is_yaml() {
        let whole = config("i", "1.37.2", &"A=true".parse().unwrap(), 2, POOR);
        let value: serde_json::Value = serde_saphyr::from_str(&whole).unwrap();
        assert_eq!(value["nodes"].as_array().unwrap().len(), 3);
        for patch in value["kubeadmConfigPatches"].as_array().unwrap() {
            let patch: serde_json::Value = serde_saphyr::from_str(patch.as_str().unwrap()).unwrap();
            assert!(patch["kind"].is_string());
        }
    }

    #[test]
    fn what_balances_between_control_planes_is_no_node() {
        let listed = "a-worker worker\na-external-load-balancer external-load-balancer\na-control-plane2 control-plane\na-control-plane control-plane\n";
        let names: Vec<String> = nodes_in(listed).into_iter().map(|node| node.name).collect();
        assert_eq!(names, ["a-control-plane", "a-control-plane2", "a-worker"]);
        assert!(nodes_in("").is_empty());
    }

    #[test]
    fn the_reason_is_found_in_a_long_trace() {
        let trace =
            format!("Creating\nERROR: failed to load: no space left on device\n{}", "line\n".repeat(40));
        assert!(shortened(&trace).starts_with("ERROR: failed to load"));
        assert_eq!(shortened(&trace).lines().count(), 15);
        assert_eq!(shortened("one\ntwo\n"), "one\ntwo");
        assert_eq!(shortened("ERROR: short"), "ERROR: short");
        assert_eq!(shortened(""), "");
    }
}
