//! What a watch can't tell any more, since the API server began anew or was away for long: what there was at each version in between
//! is in etcd for minutes.

use kube::api::{DynamicObject, ListParams, ObjectList, VersionMatch};
use record::journal::Change;

use super::{LIST_DEADLINE, Watch};
use crate::error::{Error, Result, within};

/// So many versions of the whole cluster are read one by one at the most: each is a list of a namespace.
const MOST: u64 = 1000;

impl Watch {
    /// Records what happened after one version and until another, of which a watch told nothing; whether all of it was to be had.
    pub(super) async fn retrace(&mut self, from: &str, to: &str) -> bool {
        let (Ok(from), Ok(to)) = (from.parse::<u64>(), to.parse::<u64>()) else { return false };
        if to.saturating_sub(from) > MOST {
            return false;
        }
        let mut lists = Vec::new();
        for version in from + 1..=to {
            match self.list_at(version).await {
                Ok(list) => lists.push(list),
                // What there was then hides what became of it: the others tell no more than the last one does.
                Err(error) => {
                    tracing::debug!(kind = self.kind.name(), version, %error, "a version is not to be had");
                    return false;
                }
            }
        }
        for list in lists {
            self.take_list(list, |known| if known { Change::Modified } else { Change::Added });
        }
        true
    }

    async fn list_at(&self, version: u64) -> Result<ObjectList<DynamicObject>> {
        let doing = format!("listing {} as of version {version}", self.kind.name());
        let parameters = ListParams::default().at(&version.to_string()).matching(VersionMatch::Exact);
        let list = self.api.list(&parameters);
        within(LIST_DEADLINE, &doing, list, Error::api(doing.clone())).await
    }
}
