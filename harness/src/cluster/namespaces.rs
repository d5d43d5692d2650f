//! The namespaces of a run: one for each scenario, made and deleted; or those that somebody gave us, in turn.

mod given;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use external::{api::objects, secret::Secret};
use k8s_openapi::{ByteString, api::core::v1 as core};
use kube::{Client, api::ObjectMeta};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::namespace::{CALL, RUN_LABEL, create_namespace, delete_namespace, label_value};
use crate::{
    error::{Error, Result, exit},
    settings::{Keep, Settings},
};

pub(super) use given::{run_in, sweep_given};

/// The Secret by which pods pull images, where the settings name a configuration file of Docker's.
pub(super) const PULL_SECRET: &str = "steadfast-pull";

/// Where a run's scenarios live.
pub struct Namespaces {
    client: Client,
    run: String,
    pull_config: Option<Secret>,
    given: Option<Pool>,
    /// What stayed of those that were closed, for want of a right.
    left: Mutex<BTreeSet<String>>,
}

/// Namespaces that somebody gave us. Each is in use by one scenario, or free.
struct Pool {
    all: Vec<String>,
    free: Mutex<Vec<String>>,
    turns: Semaphore,
    /// How many could not be emptied again.
    lost: AtomicUsize,
}

impl Namespaces {
    /// The namespaces of a run. Those that are given are taken for it: they are empty, and no other run has them.
    ///
    /// # Errors
    /// The file with the registry's credentials can't be used, or a namespace that is given: the message says which, and why.
    pub async fn of(client: &Client, run: &str, settings: &Settings) -> Result<Self> {
        let pull_config = settings.pull_config.as_deref().map(pull_config).transpose()?;
        let made = Self {
            client: client.clone(),
            run: run.to_owned(),
            pull_config,
            given: None,
            left: Mutex::default(),
        };
        if settings.namespaces.is_empty() {
            return Ok(made);
        }
        if settings.keep != Keep::Never {
            let message =
                "namespaces that are given are given back as they were: the setting keep can't go with them";
            return Err(Error::trouble(exit::SETTINGS, message));
        }
        let all = settings.namespaces.clone();
        given::take_all(client, run, &all).await?;
        let pool = Pool {
            free: Mutex::new(all.clone()),
            turns: Semaphore::new(all.len()),
            lost: AtomicUsize::new(0),
            all,
        };
        Ok(Self { given: Some(pool), ..made })
    }

    /// How many scenarios can have one at once; none where as many are made as are asked for.
    pub fn limit(&self) -> Option<usize> {
        self.given.as_ref().map(|pool| pool.all.len())
    }

    /// What no log or report may show.
    pub fn secret(&self) -> Option<&str> {
        self.pull_config.as_ref().map(Secret::reveal)
    }

    /// The name of the namespace that is a scenario's: this one, or one of those that are given, when one is free.
    ///
    /// # Errors
    /// None that was given can be used any more.
    pub async fn choose(&self, name: String) -> Result<String> {
        let Some(pool) = &self.given else { return Ok(name) };
        let spent = || Error::environment("no namespace that was given could be emptied again: see above");
        pool.turns.acquire().await.map_err(|_| spent())?.forget();
        pool.free.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or_else(spent)
    }

    /// Makes the chosen namespace ready for a scenario.
    ///
    /// # Errors
    /// The API's own, or no default ServiceAccount comes.
    pub async fn open(&self, name: &str, scenario: &str) -> Result<()> {
        if self.given.is_none() {
            create_namespace(&self.client, name, &self.run, scenario).await?;
        }
        let Some(config) = &self.pull_config else { return Ok(()) };
        let secret = pull_secret(&self.run, config);
        objects::<core::Secret>(&self.client, name)
            .within(CALL)
            .doing(format!("creating secret {PULL_SECRET}, by which images are pulled, in namespace {name}"))
            .create(&secret)
            .await
            .map(drop)
    }

    /// Ends what is in a namespace: it goes, or is emptied for the next scenario.
    ///
    /// # Errors
    /// The API's own, or a namespace that is given does not become empty; it is then used no more.
    pub async fn close(&self, name: &str) -> Result<()> {
        let Some(pool) = &self.given else {
            self.stays(delete_namespace(&self.client, name).await?);
            return Ok(());
        };
        let emptied = given::empty(&self.client, name, &self.run).await.map(|left| self.stays(left));
        match &emptied {
            Ok(()) => {
                pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
                pool.turns.add_permits(1);
            }
            // Who waits for one waits in vain when this was the last.
            Err(_) if pool.lost.fetch_add(1, Ordering::SeqCst) + 1 == pool.all.len() => pool.turns.close(),
            Err(_) => {}
        }
        emptied
    }

    /// Gives back what was given. Names what is left of all of them for want of a right, and why.
    ///
    /// # Errors
    /// The API's own, but for rights that we lack.
    pub async fn give_back(&self) -> Result<Vec<String>> {
        if let Some(pool) = &self.given {
            self.stays(given::give_back(&self.client, &self.run, &pool.all).await?);
        }
        Ok(self.left.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect())
    }

    /// What can't be seen is told once, of however many.
    fn stays(&self, left: Vec<String>) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
    }
}

/// The Secret that a run makes in a namespace.
fn pull_secret(run: &str, config: &Secret) -> core::Secret {
    let labels = BTreeMap::from([(RUN_LABEL.to_owned(), label_value(run))]);
    let content = ByteString(config.reveal().as_bytes().to_vec());
    core::Secret {
        metadata: ObjectMeta {
            name: Some(PULL_SECRET.to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        type_: Some("kubernetes.io/dockerconfigjson".to_owned()),
        data: Some(BTreeMap::from([(".dockerconfigjson".to_owned(), content)])),
        ..core::Secret::default()
    }
}

/// Reads a configuration file of Docker's. What it says is told nowhere.
fn pull_config(path: &camino::Utf8Path) -> Result<Secret> {
    let refused =
        |why: String| Error::trouble(exit::SETTINGS, format!("the setting pull_config: {path} {why}"));
    let text = std::fs::read_to_string(path).map_err(|error| refused(format!("can't be read: {error}")))?;
    let config: Value = serde_json::from_str(&text).map_err(|_| refused("is no JSON".to_owned()))?;
    match config["auths"].as_object() {
        Some(auths) if auths.values().any(|of| of["auth"].is_string() || of["identitytoken"].is_string()) => {
            Ok(Secret::new(text))
        }
        _ => Err(refused(
            "has no credentials of a registry (auths): a credential store keeps them where no cluster finds them".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::lease::tests::folder, *};

    #[test]
    fn a_configuration_without_credentials_is_refused_and_one_with_them_shows_nothing() {
        let path = folder().join("config.json");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            pull_config(&path)
        };
        let config = read(r#"{"auths": {"r.example": {"auth": "aHVudGVyMg=="}}}"#).unwrap();
        assert!(!format!("{config:?}").contains("aHVudGVyMg"));
        let secret = serde_json::to_value(pull_secret("a-1", &config)).unwrap();
        assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
        assert_eq!(secret["metadata"]["labels"][RUN_LABEL], "a-1");
        for text in ["{", "{}", r#"{"auths": {"r.example": {}}, "credsStore": "desktop"}"#] {
            let error = read(text).unwrap_err();
            assert_eq!(error.exit_code(), exit::SETTINGS, "{error}");
        }
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
