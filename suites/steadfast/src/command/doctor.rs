//! `steadfast doctor`: a line a check, with what to do.

use std::{collections::BTreeMap, path::Path};

use harness::{
    Error, Result,
    chart::Helm,
    cluster::{self, Engine, Image, Instances},
    error::exit,
    report::words,
    runner::{Outlook, outlook},
    settings::{ImageSource, Settings},
};

use super::{machine, say};

// What scripts/checks asks for, before a set-up: memory and disk in MiB.
const LEAST_MEMORY: u64 = 3072;
const LEAST_DISK: u64 = 20 * 1024;
/// Where Kubernetes was built here once.
const LEAST_DISK_WARM: u64 = 5 * 1024;
const LEAST_INSTANCES: u64 = 128;
const LEAST_WATCHES: u64 = 16_384;

/// What was found so far; the first thing that is missing gives the exit code.
#[derive(Default)]
struct Findings {
    first: Option<Error>,
}

impl Findings {
    fn well(&self, what: &str) {
        say(&format!("ok       {what}"));
    }

    fn noted(&self, what: &str) {
        say(&format!("note     {what}"));
    }

    fn missing(&mut self, error: Error) {
        say(&format!("missing  {error}"));
        self.first.get_or_insert(error);
    }

    fn check(&mut self, good: bool, code: u8, found: &str, todo: &str) {
        if good { self.well(found) } else { self.missing(Error::trouble(code, format!("{found}: {todo}"))) }
    }
}

pub async fn doctor(settings: &Settings) -> Result<()> {
    let mut findings = Findings::default();
    // A cluster that is there needs nothing of this machine.
    match &settings.context {
        Some(context) => context_is(context, settings, &mut findings).await,
        None => this_machine_is(settings, &mut findings).await,
    }
    match findings.first {
        None => Ok(()),
        Some(Error::Environment { code, .. }) if settings.context.is_none() => Err(Error::trouble(
            code,
            "something is missing; `steadfast setup` (scripts/setup) installs most of it",
        )),
        Some(error) => Err(error),
    }
}

/// What clusters of our own need.
async fn this_machine_is(settings: &Settings, findings: &mut Findings) {
    let engine = match Engine::ask().await {
        Ok(engine) => {
            findings.well(&format!(
                "Docker engine {} answers, cgroup v{}",
                engine.server_version, engine.cgroup_version
            ));
            Some(engine)
        }
        Err(error) => {
            findings.missing(error);
            None
        }
    };
    match cluster::find_kind(&settings.cache) {
        Ok(kind) => findings.well(&format!("kind is at {kind}")),
        Err(error) => findings.missing(error),
    }
    match Helm::find(&settings.cache, None, None) {
        Ok(helm) => findings.well(&format!("Helm is at {}", helm.program())),
        Err(error) => findings.missing(error),
    }
    if let Some(engine) = &engine {
        images(settings, engine, findings).await;
    }
    room(settings, engine.as_ref(), findings).await;
}

/// What the cluster of a context is like, and what it can and can't be asked. Nothing is written to it.
async fn context_is(context: &str, settings: &Settings, findings: &mut Findings) {
    let terrain = match Box::pin(cluster::outlook(context, settings)).await {
        Ok(terrain) => terrain,
        Err(error) => return findings.missing(error),
    };
    findings.well(&format!("context {context}: {}", terrain.line()));
    terrain.unread.iter().for_each(|why| findings.noted(why));
    for right in terrain.lacking.iter().filter(|right| right.claims.is_empty()) {
        findings.noted(&format!("lacking right: {right}"));
    }
    for image in cluster::of_nodes(settings) {
        findings.noted(&format!("its nodes must find the image {}", image.facts.reference));
    }
    let (able, unable): (Vec<_>, Vec<_>) =
        outlook(&suites::catalogue(), &terrain).into_iter().partition(|one| one.why_not.is_none());
    let able: Vec<_> = able.iter().map(|one| one.claim.id).collect();
    findings.well(&format!("it can be asked {}: {}", words::count(able.len(), "claim"), able.join(", ")));
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for Outlook { claim, why_not } in unable {
        reasons.entry(why_not.unwrap_or_default()).or_default().push(claim.id);
    }
    for (why, claims) in reasons {
        findings.noted(&format!("it can't be asked {}: {why}", claims.join(", ")));
    }
}

async fn images(settings: &Settings, engine: &Engine, findings: &mut Findings) {
    let (present, absent) = match cluster::present(settings).await {
        Ok(found) => found,
        Err(error) => return findings.missing(error),
    };
    for Image { facts, .. } in &present {
        findings.well(&format!("image {} is there by {}, {}", facts.reference, facts.source, facts.id));
    }
    match present.iter().find(|image| image.name == cluster::NODE) {
        None => {
            findings
                .noted("whether the engine runs privileged containers shows when the node image is there");
        }
        Some(node) => match engine.machine(&node.facts.reference).await {
            Ok(machine) if machine.can_raise_limits => findings.well("privileged containers run"),
            Ok(_) => findings.well(
                "privileged containers run, without CAP_SYS_RESOURCE: kubelets get KubeletInUserNamespace",
            ),
            Err(error) => findings.missing(error),
        },
    }
    if absent.is_empty() {
        return;
    }
    let what = absent.join(", ");
    findings.noted(&format!(
        "images that are not there yet: {what}: `steadfast setup` or the first run provides them"
    ));
    if settings.image_source != ImageSource::Pull {
        for (program, language) in [("go", "Go 1.26 or newer"), ("cargo", "Rust by rustup")] {
            let needed = settings.image_source == ImageSource::Build;
            match (machine::on_path(program), needed) {
                (true, _) => findings.well(&format!("{program} is on the PATH")),
                (false, true) => findings.missing(Error::trouble(
                    exit::NO_COMPILER,
                    format!("{program}: install {language} to build images"),
                )),
                (false, false) => {
                    findings.noted(&format!("{program} is missing: needed if no registry answers"));
                }
            }
        }
    }
}

fn built_before(settings: &Settings) -> bool {
    let artifacts = std::fs::read_dir(settings.cache.join("artifacts"));
    artifacts.is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("kubernetes-"))
        })
    })
}

async fn room(settings: &Settings, engine: Option<&Engine>, findings: &mut Findings) {
    let code = exit::TOO_SMALL;
    let least = if built_before(settings) { LEAST_DISK_WARM } else { LEAST_DISK };
    let mut folders = vec![settings.cache.as_std_path()];
    folders.extend(engine.map(|engine| Path::new(&engine.docker_root_dir)).filter(|root| root.is_dir()));
    for folder in folders {
        match machine::free_disk(folder).await {
            Some(free) => findings.check(
                free >= least,
                code,
                &format!("{} MiB of disk free at {}", free, folder.display()),
                &format!("{least} MiB are needed"),
            ),
            None => findings.noted(&format!("free disk at {} is not known", folder.display())),
        }
    }
    if let Some(free) = machine::free_memory() {
        let found = format!("{free} MiB of memory available");
        findings.check(free >= LEAST_MEMORY, code, &found, &format!("{LEAST_MEMORY} MiB are needed"));
    }
    for (limit, least) in [("max_user_instances", LEAST_INSTANCES), ("max_user_watches", LEAST_WATCHES)] {
        if let Some(found) = machine::inotify(limit) {
            let todo = format!("sysctl fs.inotify.{limit}={}", least * 4);
            findings.check(found >= least, code, &format!("fs.inotify.{limit} is {found}"), &todo);
        }
    }
    if let Some(instances) = Instances::of_root() {
        let found = format!("{} inotify instances are in use by root", instances.used);
        match instances.enough_for(settings.nodes as usize + 1) {
            Ok(()) => findings.well(&found),
            // A cluster that is there already, and may be the one to use, is no trouble.
            Err(error) => findings.noted(&error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_up_asks_for_the_same() {
        let checks = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/checks"));
        let disk = format!("disk_needed={}; else disk_needed={};", LEAST_DISK_WARM / 1024, LEAST_DISK / 1024);
        let memory = format!("free >= {LEAST_MEMORY}");
        let instances = format!("inotify max_user_instances {LEAST_INSTANCES}");
        let watches = format!("inotify max_user_watches {LEAST_WATCHES}");
        for asked in [disk, memory, instances, watches] {
            assert!(checks.contains(&asked), "scripts/checks does not say {asked:?}");
        }
    }
}
