//! What is around a release: what its pods name, the pods and nodes that are there, and where volumes can be used.

use std::collections::{BTreeMap, BTreeSet};

use external::{
    api::{cluster_objects, objects},
    error::{Error, Result, exit},
};
use futures::{StreamExt, stream};
use k8s_openapi::api::{
    core::v1::{ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret, ServiceAccount},
    node::v1::RuntimeClass,
    scheduling::v1::PriorityClass,
};
use kube::ResourceExt;
use serde_json::{Value, json};

use super::{
    Look,
    said::{Said, said},
    upgrade::AT_ONCE,
};
use crate::{
    preflight::{Around, Presence, named},
    rendered::Key,
};

impl Look<'_> {
    /// The PVCs that are there.
    pub async fn claims(&self) -> Result<Vec<PersistentVolumeClaim>> {
        let doing = format!("list persistentvolumeclaims in namespace {}", self.namespace);
        let claims = objects::<PersistentVolumeClaim>(self.client, self.namespace).doing(&doing);
        match said(claims.list().await)? {
            Said::Yes(found) => Ok(found),
            Said::No(status) => Err(Error::trouble(exit::FORBIDDEN, format!("{doing}: {}", status.message))),
        }
    }

    /// Looks around; what we may not see stays unknown.
    pub async fn around(&self, claims: &[PersistentVolumeClaim]) -> Around {
        let wanted = named::wanted(self.held, self.new, self.namespace).into_iter();
        let wanted: BTreeSet<Key> = wanted.map(|named| named.key).collect();
        let named = stream::iter(wanted)
            .map(|key| async move {
                let presence = self.presence(&key).await;
                (key, presence)
            })
            .buffer_unordered(AT_ONCE)
            .collect();
        let (pods, nodes) =
            (objects::<Pod>(self.client, self.namespace), cluster_objects::<Node>(self.client));
        let (named, pods, nodes, volumes) =
            tokio::join!(named, pods.list(), nodes.list(), self.volumes(claims));
        Around {
            named,
            pods: pods.ok().map(|pods| pods.iter().map(|pod| json!(pod.labels())).collect()),
            nodes: nodes
                .ok()
                .map(|nodes| nodes.iter().filter_map(|node| serde_json::to_value(node).ok()).collect()),
            volumes,
        }
    }

    async fn presence(&self, key: &Key) -> Presence {
        let (client, name) = (self.client, key.name.as_str());
        let namespace = key.namespace.as_deref().unwrap_or(self.namespace);
        match key.kind.as_str() {
            "Secret" => presence(objects::<Secret>(client, namespace).get_opt(name).await),
            "ConfigMap" => presence(objects::<ConfigMap>(client, namespace).get_opt(name).await),
            "ServiceAccount" => presence(objects::<ServiceAccount>(client, namespace).get_opt(name).await),
            "PersistentVolumeClaim" => {
                presence(objects::<PersistentVolumeClaim>(client, namespace).get_opt(name).await)
            }
            "PriorityClass" => presence(cluster_objects::<PriorityClass>(client).get_opt(name).await),
            "RuntimeClass" => presence(cluster_objects::<RuntimeClass>(client).get_opt(name).await),
            kind => Presence::NotJudged(format!("{kind} is not looked up")),
        }
    }

    /// The nodes that the volumes of the claims ask for.
    async fn volumes(&self, claims: &[PersistentVolumeClaim]) -> BTreeMap<String, Value> {
        let volumes = cluster_objects::<PersistentVolume>(self.client).list().await.unwrap_or_default();
        let asks: BTreeMap<String, Value> = volumes
            .into_iter()
            .filter_map(|volume| {
                let required = volume.spec.as_ref()?.node_affinity.as_ref()?.required.as_ref()?;
                Some((volume.name_any(), serde_json::to_value(required).ok()?))
            })
            .collect();
        claims
            .iter()
            .filter_map(|claim| {
                let volume = claim.spec.as_ref()?.volume_name.as_ref()?;
                Some((claim.name_any(), asks.get(volume)?.clone()))
            })
            .collect()
    }
}

fn presence<K>(answer: Result<Option<K>>) -> Presence {
    match said(answer) {
        Ok(Said::Yes(Some(_))) => Presence::There,
        Ok(Said::Yes(None)) => Presence::Absent,
        Ok(Said::No(status)) => Presence::NotJudged(status.message),
        Err(error) => Presence::NotJudged(error.to_string()),
    }
}
