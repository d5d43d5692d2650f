//! Making and removing a cluster so that whatever interrupts it leaves nothing half-made.

use camino::Utf8Path;

use super::{
    Reporter, kind,
    lease::{ExclusiveLease, Record, State},
};
use crate::error::{Error, Result};

/// A cluster that is being made or removed. Dropped before its end, by an error or by Ctrl-C, it removes the rest.
struct Unfinished(Option<ExclusiveLease>);

impl Unfinished {
    fn begin(exclusive: ExclusiveLease, state: State) -> Result<Self> {
        exclusive.write(&Record::new(state))?;
        Ok(Self(Some(exclusive)))
    }

    fn lease(&self) -> Result<&ExclusiveLease> {
        self.0.as_ref().ok_or_else(|| Error::bug("an unfinished cluster without its lease"))
    }

    fn finish(mut self) -> Result<ExclusiveLease> {
        self.0.take().ok_or_else(|| Error::bug("an unfinished cluster without its lease"))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(exclusive) = self.0.take() else { return };
        // The runtime that we ran on may be going away: clean up on a thread and a runtime of our own.
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime.map(|runtime| runtime.block_on(kind::remove(&exclusive.files.name))) {
                Ok(Ok(())) => exclusive.forget(),
                Ok(Err(error)) => stays(&exclusive, &error),
                Err(error) => stays(&exclusive, &error),
            }
        };
        std::thread::scope(|scope| drop(scope.spawn(work).join()));
    }
}

/// Its record stays as well, so that it is found again.
fn stays(exclusive: &ExclusiveLease, error: &dyn std::fmt::Display) {
    let name = &exclusive.files.name;
    tracing::error!(
        "cluster {name} could not be removed: {error}; the next run or `steadfast down` removes it"
    );
}

/// Makes a cluster, and removes what there was of it before. `fits` says no where the machine can't carry it, and `then`
/// does what it needs to be ready.
pub(super) async fn make(
    exclusive: ExclusiveLease,
    kind_binary: &Utf8Path,
    config: &str,
    progress: &Reporter,
    fits: impl FnOnce() -> Result<()>,
    then: impl AsyncFnOnce(&ExclusiveLease) -> Result<Record>,
) -> Result<ExclusiveLease> {
    let unfinished = Unfinished::begin(exclusive, State::Creating)?;
    let exclusive = unfinished.lease()?;
    let files = &exclusive.files;
    kind::remove(&files.name).await?;
    fits()?;
    std::fs::write(files.config(), config).map_err(Error::io(format!("writing {}", files.config())))?;
    // kind would merge into a file that is there.
    drop(std::fs::remove_file(files.kubeconfig()));
    kind::create(kind_binary, &files.name, &files.config(), &files.kubeconfig(), &exclusive.file, progress)
        .await?;
    let record = then(exclusive).await?;
    exclusive.write(&record)?;
    unfinished.finish()
}

/// Removes a cluster and its record. Interrupted, it goes on to the end.
pub(super) async fn remove(exclusive: ExclusiveLease) -> Result<()> {
    let unfinished = Unfinished::begin(exclusive, State::Removing)?;
    kind::remove(&unfinished.lease()?.files.name).await?;
    unfinished.finish()?.forget();
    Ok(())
}
