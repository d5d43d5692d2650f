//! Whether the recording is whole: what a list shows is compared with what the watch has told, and what nobody could see
//! is written down.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::{Stream, TryStreamExt};
use kube::api::{DynamicObject, ListParams, ObjectList, WatchEvent};
use record::law::Obstacle;

use super::{LIST_DEADLINE, Watch};
use crate::error::{Error, Result, within};

/// An API server that takes longer for a list was away meanwhile, and so may its controllers have been.
const SLOW: Duration = Duration::from_secs(2);
/// How long the watch has to tell what has happened already.
const CATCH_UP: Duration = Duration::from_secs(5);

impl Watch {
    /// Whether a list shows exactly the versions last recorded.
    pub(super) fn is_known(&self, list: &ObjectList<DynamicObject>) -> bool {
        let same = |object: &DynamicObject| {
            let (Some(uid), Some(version)) = (&object.metadata.uid, &object.metadata.resource_version) else {
                return false;
            };
            self.known.get(uid).is_some_and(|(known, _)| known == version)
        };
        list.items.len() == self.known.len() && list.items.iter().all(same)
    }

    /// The API server answers: how long it did not is written down, since its controllers may have been away as well.
    pub(super) fn back(&mut self) {
        let (away, kept_out) = self.access.answered(Instant::now());
        if let Some(away) = away.filter(|away| *away > SLOW) {
            self.log.gap(self.kind, format!("the API server did not answer for {away:.1?}"), true);
        }
        if let Some(obstacle) = kept_out {
            tracing::info!(kind = self.kind.name(), %obstacle, "the API server lets us in again");
        }
    }

    /// Whether a list shows other versions than those recorded. An API server that does not answer shows nothing.
    pub(super) async fn differs(&mut self) -> bool {
        let Ok(listed) = self.versions().await else { return false };
        let same = |(uid, version): (&String, &String)| {
            self.known.get(uid).is_some_and(|(known, _)| known == version)
        };
        listed.len() != self.known.len() || !listed.iter().all(same)
    }

    /// The versions that a list shows, by UID. How long the API server was away for it is written down.
    async fn versions(&mut self) -> Result<BTreeMap<String, String>> {
        let asked = Instant::now();
        let (doing, parameters) = (format!("listing {}", self.kind.name()), ListParams::default());
        let list = self.api.list_metadata(&parameters);
        let list = within(LIST_DEADLINE, &doing, list, Error::api(doing.clone())).await;
        let list = list.map_err(|error| self.access.blind(&error, asked))?;
        // How long it took is how long it was away.
        self.access.silent(asked);
        self.back();
        let versions = list.items.into_iter();
        Ok(versions
            .filter_map(|object| Some((object.metadata.uid?, object.metadata.resource_version?)))
            .collect())
    }

    /// Reads on until the watch has told what a list of this moment shows.
    ///
    /// # Errors
    /// [`Error::NotJudged`] when there is no such list, or the watch does not tell it.
    pub(super) async fn catch_up(
        &mut self,
        stream: &mut (impl Stream<Item = kube::Result<WatchEvent<DynamicObject>>> + Unpin),
        version: &mut String,
    ) -> Result<()> {
        let listed = self.versions().await?;
        let newer = |known: &str, version: &str| known.parse::<u64>().ok() >= version.parse::<u64>().ok();
        let reading = async {
            loop {
                let told = listed.iter().all(|(uid, version)| {
                    self.gone.contains(uid)
                        || self.known.get(uid).is_some_and(|(known, _)| newer(known, version))
                });
                let ended =
                    || self.known.keys().all(|uid| listed.contains_key(uid) || self.born_since(uid, &listed));
                if told && ended() {
                    return true;
                }
                let Ok(Some(event)) = stream.try_next().await else { return false };
                match self.take(event) {
                    Ok(seen) => *version = seen,
                    Err(_) => return false,
                }
            }
        };
        match tokio::time::timeout(CATCH_UP, reading).await {
            Ok(true) => Ok(()),
            _ => {
                let message = format!("the watch of {} has not told what a list shows", self.kind.name());
                Err(Error::not_judged(Obstacle::Recording, message))
            }
        }
    }

    /// Whether an object that a list does not show is newer than all that it shows.
    fn born_since(&self, uid: &str, listed: &BTreeMap<String, String>) -> bool {
        let newest = listed.values().filter_map(|version| version.parse::<u64>().ok()).max().unwrap_or(0);
        self.known
            .get(uid)
            .and_then(|(version, _)| version.parse::<u64>().ok())
            .is_some_and(|version| version > newest)
    }
}
