//! What only pods can be asked for.

use k8s_openapi::{
    api::{core::v1::Pod, policy::v1::Eviction},
    apimachinery::pkg::apis::meta::v1::{DeleteOptions, ObjectMeta},
};
use kube::{
    api::{LogParams, PostParams},
    core::Status,
};
use record::law::Obstacle;

use super::Objects;
use crate::error::{Error, Result};

/// Bytes of a log that are read at most.
const LONGEST_LOG: i64 = 64 * 1024;

impl Objects<Pod> {
    /// The last lines of a container's log, or of that of its life before.
    ///
    /// # Errors
    /// As for [`get`](Self::get); there is no such log.
    pub async fn log(&self, name: &str, container: &str, previous: bool, lines: i64) -> Result<String> {
        let parameters = LogParams {
            container: Some(container.to_owned()),
            previous,
            tail_lines: Some(lines),
            limit_bytes: Some(LONGEST_LOG),
            ..LogParams::default()
        };
        self.ask("reading the log of", name, self.api.logs(name, &parameters)).await.map_err(unless_shown)
    }

    /// Asks for a pod to be evicted, as far as its budgets allow it, with its own grace period or with so many seconds.
    ///
    /// # Errors
    /// As for [`get`](Self::get); a budget's no is a 429.
    pub async fn evict(&self, name: &str, grace: Option<u32>) -> Result<()> {
        // kube's own eviction (5.0) says `delete_options`, which no API server knows.
        let delete_options = DeleteOptions {
            grace_period_seconds: grace.map(i64::from),
            dry_run: self.dry_run.then(|| vec!["All".to_owned()]),
            ..DeleteOptions::default()
        };
        let eviction = Eviction {
            delete_options: Some(delete_options),
            metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        };
        let parameters = PostParams::default();
        let asked = self.api.create_subresource::<_, Status>("eviction", name, &parameters, &eviction);
        self.ask("evicting", name, asked).await.map(drop)
    }
}

/// A kubelet without its debugging handlers shows no logs to anybody: that is nobody's bug.
fn unless_shown(error: Error) -> Error {
    match error.status().map(|status| status.code) {
        Some(405) => Error::not_judged(
            Obstacle::Terrain,
            format!("{error}: its kubelet shows no logs (enableDebuggingHandlers)"),
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    #[test]
    fn a_kubelet_that_shows_no_logs_is_no_bug_of_ours() {
        let answered = |code| {
            let status = Status { code, ..Status::default() };
            unless_shown(Error::api("reading the log of pod db-0")(kube::Error::Api(Box::new(status))))
        };
        assert_eq!(answered(405).obstacle(), Some(Obstacle::Terrain));
        assert_eq!(answered(405).class(), Class::Environment);
        assert_eq!((answered(400).obstacle(), answered(400).class()), (None, Class::Error));
    }
}
