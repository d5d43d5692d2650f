//! The one table of settings: it drives the reading, the help text and the README.

use std::{num::NonZeroUsize, str::FromStr, time::Duration};

use super::values::Settings;

/// One setting: a key in `steadfast.toml`, and `STEADFAST_` with the key in capitals in the environment.
pub struct Setting {
    /// `kubernetes_version`
    pub key: &'static str,
    /// As the README shows it.
    pub default: &'static str,
    /// What it does, in a sentence.
    pub meaning: &'static str,
    pub(super) set: fn(&mut Settings, &str) -> Result<(), String>,
}

impl Setting {
    /// The environment variable of this setting.
    pub fn variable(&self) -> String {
        format!("{}{}", super::PREFIX, self.key.to_uppercase())
    }
}

/// Every setting, in the order of the README.
pub fn table() -> &'static [Setting] {
    const TABLE: &[Setting] = &[
        Setting {
            key: "kubernetes_version",
            default: "1.34",
            meaning: "the Kubernetes version of our own clusters: a minor, in the release that the image source has, or a release such as 1.34.4",
            set: |settings, text| version(text, 2).map(|version| settings.kubernetes_version = version),
        },
        Setting {
            key: "feature_gates",
            default: "none",
            meaning: "feature gates of our own clusters: `StatefulSetRecreateStrategy=true,Other=false`",
            set: |settings, text| text.parse().map(|gates| settings.feature_gates = gates),
        },
        Setting {
            key: "image_source",
            default: "auto",
            meaning: "pull images from registries, build them from package registries, or auto: build only where no registry answers",
            set: |settings, text| text.parse().map(|source| settings.image_source = source),
        },
        Setting {
            key: "garage_version",
            default: "2.5.0",
            meaning: "the Garage version",
            set: |settings, text| version(text, 3).map(|version| settings.garage_version = version),
        },
        Setting {
            key: "postgres_version",
            default: "17",
            meaning: "the PostgreSQL version",
            set: |settings, text| version(text, 1).map(|version| settings.postgres_version = version),
        },
        Setting {
            key: "nodes",
            default: "2",
            meaning: "workers beside the one control plane, 0 to 9",
            set: |settings, text| number(text, 0, 9).map(|nodes| settings.nodes = nodes),
        },
        Setting {
            key: "profile",
            default: "quick",
            meaning: "quick: what takes a few minutes at most, which is most of the claims, and the fast controls; full: \
                      everything, also what is slow, and every workload where several are judged alike",
            set: |settings, text| text.parse().map(|profile| settings.profile = profile),
        },
        Setting {
            key: "keep",
            default: "never",
            meaning: "when the cluster and the namespaces stay after a run: never, failed or always",
            set: |settings, text| text.parse().map(|keep| settings.keep = keep),
        },
        Setting {
            key: "context",
            default: "none",
            meaning: "the kubeconfig context of an existing cluster to use instead of one of ours",
            set: |settings, text| name(text).map(|context| settings.context = Some(context)),
        },
        Setting {
            key: "allow_context",
            default: "none",
            meaning: "the same context name again: the explicit yes to creating and deleting things there",
            set: |settings, text| name(text).map(|context| settings.allow_context = Some(context)),
        },
        Setting {
            key: "storage_class",
            default: "none",
            meaning: "the storage class of all claims, instead of the cluster's default one",
            set: |settings, text| name(text).map(|class| settings.storage_class = Some(class)),
        },
        Setting {
            key: "image_registry",
            default: "none",
            meaning: "where an existing cluster's nodes find our images, as `steadfast images push` brings them there: `registry.example/team`",
            set: |settings, text| name(text).map(|registry| settings.image_registry = Some(registry)),
        },
        Setting {
            key: "garage_image",
            default: "none",
            meaning: "the whole reference of Garage's image in an existing cluster",
            set: |settings, text| reference(settings, "garage", text),
        },
        Setting {
            key: "postgres_image",
            default: "none",
            meaning: "the same of PostgreSQL's image",
            set: |settings, text| reference(settings, "postgres", text),
        },
        Setting {
            key: "sentinel_image",
            default: "none",
            meaning: "the same of our own program's image",
            set: |settings, text| reference(settings, "sentinel", text),
        },
        Setting {
            key: "pull_secrets",
            default: "none",
            meaning: "Secrets, with commas between, by which pods in an existing cluster's namespaces pull images",
            set: |settings, text| list(text).map(|secrets| settings.pull_secrets = secrets),
        },
        Setting {
            key: "pull_config",
            default: "none",
            meaning: "a configuration file of Docker's (`~/.docker/config.json`), of which such a Secret is made in each namespace",
            set: |settings, text| {
                settings.pull_config = Some(settings.base.join(name(text)?));
                Ok(())
            },
        },
        Setting {
            key: "namespaces",
            default: "none",
            meaning: "namespaces of an existing cluster, with commas between: they are used, one for each scenario that runs, and none is made",
            set: |settings, text| list(text).map(|namespaces| settings.namespaces = namespaces),
        },
        Setting {
            key: "parallel",
            default: "five for each core, at most 16",
            meaning: "scenarios that run at once",
            set: |settings, text| {
                let parallel = number(text, 1, 64)?;
                settings.parallel = NonZeroUsize::new(parallel).unwrap_or(NonZeroUsize::MIN);
                Ok(())
            },
        },
        Setting {
            key: "run_deadline",
            default: "60",
            meaning: "minutes that a whole run may take",
            set: |settings, text| {
                let minutes: u64 = number(text, 1, 24 * 60)?;
                settings.run_deadline = Duration::from_secs(minutes * 60);
                Ok(())
            },
        },
        Setting {
            key: "scenario_deadline_factor",
            default: "1",
            meaning: "multiplies every scenario's deadline, for slow machines, 0.1 to 100",
            set: |settings, text| {
                number(text, 0.1, 100.0).map(|factor| settings.scenario_deadline_factor = factor)
            },
        },
        Setting {
            key: "results",
            default: "target/steadfast",
            meaning: "where results are written; relative paths begin at the repository's root, or at the current directory where the program stands alone",
            set: |settings, text| {
                settings.results = settings.base.join(name(text)?);
                Ok(())
            },
        },
        Setting {
            key: "cache",
            default: "~/.cache/steadfast",
            meaning: "where images, tools and leases are kept between runs",
            set: |settings, text| {
                settings.cache = settings.base.join(name(text)?);
                Ok(())
            },
        },
    ];
    TABLE
}

fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("expected some text, got none".to_owned()) } else { Ok(text.to_owned()) }
}

fn list(text: &str) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    names.sort();
    names.dedup();
    match names.iter().any(String::is_empty) {
        true => Err(format!("expected names with commas between, got {text:?}")),
        false => Ok(names),
    }
}

fn reference(settings: &mut Settings, image: &'static str, text: &str) -> Result<(), String> {
    settings.image_references.insert(image, name(text)?);
    Ok(())
}

/// A version of at least so many numbers; a leading `v` is dropped.
fn version(text: &str, least: usize) -> Result<String, String> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let parts: Vec<&str> = bare.split('.').collect();
    let numbers = parts.iter().all(|part| part.parse::<u32>().is_ok());
    if numbers && (least..=3).contains(&parts.len()) {
        return Ok(bare.to_owned());
    }
    let example = ["17", "1.34", "1.34.4"][least - 1];
    Err(format!("expected a version like {example}, got {text:?}"))
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(text: &str, least: T, most: T) -> Result<T, String> {
    match text.parse() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("expected a number from {least} to {most}, got {text:?}")),
    }
}
