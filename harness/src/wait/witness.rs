//! Who is asked when a wait ends in vain: a time that is over proves nothing by itself.

use futures::future::BoxFuture;

use crate::{error::Result, law::Obstacle};

/// Looks where a wait can't: at the controllers, and at causes outside of what is judged.
pub trait Witness: Send + Sync {
    /// Returns when the controller of every set has looked at what there is now.
    ///
    /// # Errors
    /// [`NotJudged`](crate::Error::NotJudged) when it does not.
    fn synced(&self) -> BoxFuture<'_, Result<()>>;

    /// Whether a set that nobody waits for is seen to now. Where that can't be tried, it is not.
    fn awake(&self) -> BoxFuture<'_, bool>;

    /// What keeps the sets from being as they should be, where that is no promise of Kubernetes: an image, a quota, a node.
    /// Causes in spite of which something is promised are none.
    ///
    /// # Errors
    /// When it can't be asked.
    fn outside<'a>(
        &'a self,
        despite: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Option<(Obstacle, String)>>>;
}
