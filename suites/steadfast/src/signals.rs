//! Work that a signal ends.

use harness::{Error, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Runs something until it ends or a signal comes; then what it was at is dropped, which cleans up.
pub fn until_signal<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Error::io("starting the runtime"))?.block_on(async {
        let installed = |kind| signal(kind).map_err(Error::io("installing a signal handler"));
        let (mut interrupt, mut terminate) =
            (installed(SignalKind::interrupt())?, installed(SignalKind::terminate())?);
        let mut work = std::pin::pin!(work);
        tokio::select! {
            result = &mut work => return result,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        crate::command::complain("interrupted: cleaning up");
        Err(Error::Interrupted)
    })
}
