//! By what a database can be told from another, and from itself as it was.

use std::time::Duration;

use super::PostgresStore;
use crate::{error::Result, wait::until_answered};

/// How long a server may take until it says who it is.
const SAID: Duration = Duration::from_secs(60);

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    system: String,
    /// How far its log of changes has come.
    position: i64,
}

impl PostgresStore {
    /// Who a pod's server is.
    ///
    /// # Errors
    /// When it does not say so in time.
    pub async fn identity(&self, pod: &str) -> Result<Identity> {
        let session = until_answered(&format!("{pod} says who it is"), SAID, || self.session(pod)).await?;
        Ok(Identity { system: session.system_identifier().await?, position: session.log_position().await? })
    }

    /// What speaks against it that a volume, which is not what it was, can be told by what the server says of itself: nothing else
    /// warns a client. None where it can.
    ///
    /// # Errors
    /// When the server does not say who it is.
    pub async fn against_being_told(
        &self,
        before: &Identity,
        pod: &str,
        what: &str,
    ) -> Result<Option<String>> {
        let told = self.identity(pod).await?.is_told_from(before);
        Ok((!told).then(|| {
            format!(
                "the volume of {pod} was {what}, and it serves as if nothing had been: the same system identifier, and a log that goes on"
            )
        }))
    }
}

impl Identity {
    fn is_told_from(&self, before: &Self) -> bool {
        self.system != before.system || self.position < before.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_is_told_and_so_is_an_older_state() {
        let identity = |system: &str, position| Identity { system: system.to_owned(), position };
        let before = identity("7", 10);
        assert!(identity("8", 20).is_told_from(&before) && identity("7", 9).is_told_from(&before));
        assert!(!identity("7", 10).is_told_from(&before));
    }
}
