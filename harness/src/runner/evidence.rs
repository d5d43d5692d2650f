//! The files that let a reader judge a result without the cluster. Secrets never reach them.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    fs::File,
    io::Write,
    sync::{Arc, PoisonError, RwLock},
};

use camino::{Utf8Path, Utf8PathBuf};
use external::api::dynamic_objects;
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::{ByteString, api::core::v1 as core};
use kube::{
    Api, Client,
    api::LogParams,
    core::{ApiResource, GroupVersionKind},
    discovery::Scope,
};
use record::redact;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    error::{Error, Result},
    journal::{Kind, Log, fact::Pod},
    manifest::Manifest,
    watch::resource::resource,
};

/// The shortest value that counts as a secret: shorter ones would blacken ordinary words.
const SHORTEST_SECRET: usize = 6;

/// The secret values that a run applied, to be blackened wherever they would appear.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<RwLock<BTreeSet<Hidden>>>);

/// The longest comes first, as one may hold another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Hidden(Reverse<usize>, String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl Secrets {
    /// Remembers the values of a manifest's Secrets; names of users are none.
    pub fn learn(&self, manifest: &Manifest) {
        for object in manifest.objects.iter().filter(|object| object["kind"] == "Secret") {
            for (key, value) in object["stringData"].as_object().into_iter().flatten() {
                if key != "username" {
                    self.keep(value.as_str().unwrap_or_default());
                }
            }
        }
    }

    /// Remembers one value, also in base64, as the API server shows it, and as a debugging text escapes it.
    pub fn keep(&self, value: &str) {
        let encoded = serde_json::to_value(ByteString(value.into())).unwrap_or_default();
        let text = value.trim();
        if text.len() >= SHORTEST_SECRET {
            let forms = [
                text.to_owned(),
                text.escape_debug().to_string(),
                encoded.as_str().unwrap_or(text).to_owned(),
            ];
            let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
            secrets.extend(forms.map(|form| Hidden(Reverse(form.len()), form)));
        }
    }

    /// The text without them.
    pub fn redact(&self, text: &str) -> String {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(&secret.1, "[redacted]"))
    }
}

/// Follows the logs of every container from its start, until it is aborted.
pub async fn follow_logs(
    client: Client,
    namespace: String,
    log: Arc<Log>,
    folder: Utf8PathBuf,
    secrets: Secrets,
) {
    let api: Api<core::Pod> = Api::namespaced(client, &namespace);
    let mut followed = BTreeSet::new();
    let mut streams = JoinSet::new();
    let mut changed = log.subscribe();
    loop {
        changed.mark_unchanged();
        for pod in log.now(|world| world.pods.values().cloned().collect::<Vec<_>>()) {
            for container in pod.containers.iter() {
                // A container that waits for its next start still has the log of its last.
                let begun = container.running || container.ended.is_some();
                let file = log_file(&pod, &container.name, container.restarts);
                if begun && followed.insert(file.clone()) {
                    let (api, secrets) = (api.clone(), secrets.clone());
                    let (pod, container) = (pod.meta.name.clone(), container.name.clone());
                    streams.spawn(copy_log(api, pod, container, folder.join(file), secrets));
                }
            }
        }
        if changed.changed().await.is_err() {
            return;
        }
    }
}

fn log_file(pod: &Pod, container: &str, restarts: i32) -> String {
    let uid: String = pod.meta.uid.chars().take(8).collect();
    format!("{}.{uid}.{container}.{restarts}.log", pod.meta.name)
}

async fn copy_log(api: Api<core::Pod>, pod: String, container: String, path: Utf8PathBuf, secrets: Secrets) {
    let parameters =
        LogParams { follow: true, container: Some(container), timestamps: true, ..LogParams::default() };
    let copied = async {
        let stream = api.log_stream(&pod, &parameters).await.map_err(|error| error.to_string())?;
        let mut file = File::create(&path).map_err(|error| error.to_string())?;
        let mut lines = stream.lines();
        while let Some(line) = lines.try_next().await.map_err(|error| error.to_string())? {
            writeln!(file, "{}", secrets.redact(&line)).map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    };
    if let Err(error) = copied.await {
        tracing::debug!(%pod, %path, %error, "following a log");
    }
}

/// The last lines of the logs of containers that ended by themselves: what a crash at start has to say.
pub fn last_words(log: &Log, folder: &Utf8Path) -> Option<String> {
    let pods = log.now(|world| world.pods.values().cloned().collect::<Vec<_>>());
    let crashed = pods.iter().flat_map(|pod| pod.containers.iter().map(move |container| (pod, container)));
    let words =
        crashed.filter(|(_, container)| container.ended.as_ref().is_some_and(|ended| ended.code != 0));
    let words: Vec<_> = words
        .filter_map(|(pod, container)| {
            let newest = (0..=container.restarts).rev().find_map(|restarts| {
                let text =
                    std::fs::read_to_string(folder.join(log_file(pod, &container.name, restarts))).ok()?;
                (!text.trim().is_empty()).then_some(text)
            })?;
            let lines: Vec<_> = newest.lines().collect();
            let last = lines[lines.len().saturating_sub(10)..].join("\n  ");
            Some(format!("the last lines of {} of {}:\n  {last}", container.name, pod.meta.name))
        })
        .collect();
    (!words.is_empty()).then(|| words.join("\n"))
}

/// Writes every object of the namespace, as it is now, to one YAML file a kind.
///
/// # Errors
/// When the API server or the disk refuses.
pub async fn write_objects(client: &Client, namespace: &str, folder: &Utf8Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::io(format!("making {folder}")))?;
    let more =
        ["Service", "ConfigMap"].map(|kind| ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind)));
    for resource in Kind::RECORDED.map(resource).into_iter().chain(more) {
        let found = dynamic_objects(client, &resource, &Scope::Namespaced, namespace).list().await?;
        let objects: Vec<Value> = found
            .into_iter()
            .map(|mut object| {
                object.metadata.managed_fields = None;
                let mut object = serde_json::to_value(object).unwrap_or_default();
                redact::object(&mut object);
                object
            })
            .collect();
        let text = serde_saphyr::to_string(&objects).map_err(|error| Error::bug(error.to_string()))?;
        let path = folder.join(format!("{}.yaml", resource.plural));
        std::fs::write(&path, text).map_err(Error::io(format!("writing {path}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_blackened_and_users_are_not() {
        let secrets = Secrets::default();
        let secret =
            json!({"kind": "Secret", "stringData": {"username": "dagster", "password": "test-only-pass"}});
        secrets.learn(&Manifest { objects: vec![secret] });
        assert_eq!(
            secrets.redact("user dagster, password test-only-pass"),
            "user dagster, password [redacted]"
        );
        assert!(!format!("{secrets:?}").contains("test-only"));
    }

    #[test]
    fn a_secret_is_blackened_in_every_form_and_whole_where_it_holds_another() {
        let secrets = Secrets::default();
        for secret in ["-----BEGIN\nKEY-----\n", "secret-12", "my-secret-1234", "short"] {
            secrets.keep(secret);
        }
        let text = "LS0tLS1CRUdJTgpLRVktLS0tLQo= \"-----BEGIN\\nKEY-----\" -----BEGIN\nKEY----- my-secret-1234 short";
        assert_eq!(secrets.redact(text), "[redacted] \"[redacted]\" [redacted] [redacted] short");
    }
}
