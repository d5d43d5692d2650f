//! Making and removing a cluster so that whatever interrupts it leaves nothing half-made.

use camino::Utf8Path;

use super::{
    Reporter, kind,
    lease::{Door, Record, State},
};
use crate::error::{Error, Result};

/// A cluster that is being made or removed. Dropped before its end, by an error or by Ctrl-C, it removes the rest.
struct Unfinished(Option<Door>);

impl Unfinished {
    fn begin(door: Door, state: State) -> Result<Self> {
        door.write(&Record::new(state))?;
        Ok(Self(Some(door)))
    }

    fn door(&self) -> Result<&Door> {
        self.0.as_ref().ok_or_else(|| Error::bug("an unfinished cluster without its door"))
    }

    fn finish(mut self) -> Result<Door> {
        self.0.take().ok_or_else(|| Error::bug("an unfinished cluster without its door"))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(door) = self.0.take() else { return };
        // The runtime that we ran on may be going away: clean up on a thread and a runtime of our own.
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime.map(|runtime| runtime.block_on(kind::remove(&door.place.name))) {
                Ok(Ok(())) => door.forget(),
                Ok(Err(error)) => stays(&door, &error),
                Err(error) => stays(&door, &error),
            }
        };
        std::thread::scope(|scope| drop(scope.spawn(work).join()));
    }
}

/// Its record stays as well, so that it is found again.
fn stays(door: &Door, error: &dyn std::fmt::Display) {
    let name = &door.place.name;
    tracing::error!(
        "cluster {name} could not be removed: {error}; the next run or `steadfast down` removes it"
    );
}

/// Makes a cluster, and removes what there was of it before. `fits` says no where the machine can't carry it, and `then`
/// does what it needs to be ready.
pub(super) async fn make(
    door: Door,
    kind_binary: &Utf8Path,
    config: &str,
    progress: &Reporter,
    fits: impl FnOnce() -> Result<()>,
    then: impl AsyncFnOnce(&Door) -> Result<Record>,
) -> Result<Door> {
    let unfinished = Unfinished::begin(door, State::Creating)?;
    let door = unfinished.door()?;
    let place = &door.place;
    kind::remove(&place.name).await?;
    fits()?;
    std::fs::write(place.config(), config).map_err(Error::io(format!("writing {}", place.config())))?;
    // kind would merge into a file that is there.
    drop(std::fs::remove_file(place.kubeconfig()));
    kind::create(kind_binary, &place.name, &place.config(), &place.kubeconfig(), &door.file, progress)
        .await?;
    let record = then(door).await?;
    door.write(&record)?;
    unfinished.finish()
}

/// Removes a cluster and its record. Interrupted, it goes on to the end.
pub(super) async fn unmake(door: Door) -> Result<()> {
    let unfinished = Unfinished::begin(door, State::Removing)?;
    kind::remove(&unfinished.door()?.place.name).await?;
    unfinished.finish()?.forget();
    Ok(())
}
