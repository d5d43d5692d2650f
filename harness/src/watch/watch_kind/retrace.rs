//! What a watch can't tell any more, since the API server began anew or was away for long: what there was at each version in between
//! is in etcd for minutes.

use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use kube::api::{DynamicObject, ListParams, ObjectList, VersionMatch};
use record::journal::Change;

use super::{LIST_DEADLINE, Watch};
use crate::error::{Error, Result, within};

/// So many versions of the whole cluster are read one by one at the most: each is a list of a namespace.
const MOST: u64 = 1000;
/// How long that may take: a recording that is to end waits for it.
const TIME: Duration = Duration::from_secs(10);

impl Watch {
    /// Records what happened after one version and until another, of which a watch told nothing; whether all of it was to be had.
    pub(super) async fn retrace(&mut self, from: &str, to: &str) -> bool {
        let (Ok(from), Ok(to)) = (from.parse::<u64>(), to.parse::<u64>()) else { return false };
        if to.checked_sub(from).is_none_or(|versions| versions > MOST) {
            return false;
        }
        // What was not to be had hides what became of it: the others tell no more than the last one does.
        let lists = match tokio::time::timeout(TIME, self.lists(from + 1..=to)).await {
            Ok(Ok(lists)) => lists,
            Ok(Err(error)) => {
                tracing::debug!(kind = self.kind.name(), %error, "a version is not to be had");
                return false;
            }
            Err(_) => return false,
        };
        for (version, list) in lists {
            let there: BTreeSet<_> =
                list.items.iter().filter_map(|object| object.metadata.uid.clone()).collect();
            for (uid, (_, object)) in &mut self.known {
                // As a watch tells it: a deletion is a version of its own.
                if !there.contains(uid) {
                    object["metadata"]["resourceVersion"] = version.to_string().into();
                }
            }
            self.take_list(list, |known| if known { Change::Modified } else { Change::Added });
        }
        true
    }

    /// What there was at each of these versions at which it was another than at the one before.
    async fn lists(&self, versions: RangeInclusive<u64>) -> Result<Vec<(u64, ObjectList<DynamicObject>)>> {
        let mut lists: Vec<(u64, ObjectList<DynamicObject>)> = Vec::new();
        for version in versions {
            let list = self.list_at(version).await?;
            if lists.last().is_none_or(|(_, before)| objects(before) != objects(&list)) {
                lists.push((version, list));
            }
        }
        Ok(lists)
    }

    async fn list_at(&self, version: u64) -> Result<ObjectList<DynamicObject>> {
        let doing = format!("listing {} as of version {version}", self.kind.name());
        let parameters = ListParams::default().at(&version.to_string()).matching(VersionMatch::Exact);
        let list = self.api.list(&parameters);
        within(LIST_DEADLINE, &doing, list, Error::api(doing.clone())).await
    }
}

/// The objects of a list, each by its version.
fn objects(list: &ObjectList<DynamicObject>) -> Vec<(Option<&str>, Option<&str>)> {
    let metadata = list.items.iter().map(|object| &object.metadata);
    metadata.map(|one| (one.uid.as_deref(), one.resource_version.as_deref())).collect()
}
