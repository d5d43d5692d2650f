//! Running a program in a container.

use std::time::Duration;

use k8s_openapi::{api::core::v1::Pod, apimachinery::pkg::apis::meta::v1::Status};
use kube::{Api, Client, api::AttachParams};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::error::{Error, Result, within};

/// What a program in a container left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs a program in a container to its end, whatever its exit code.
///
/// # Errors
/// The pod or the program cannot be reached, or it does not end in time.
pub async fn exec(
    client: &Client,
    namespace: &str,
    pod: &str,
    container: &str,
    argv: &[&str],
    deadline: Duration,
) -> Result<Output> {
    let doing = format!("running {} in {namespace}/{pod}, container {container}", argv.join(" "));
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    let run = async {
        let parameters = AttachParams::default().container(container).stdin(false).stdout(true).stderr(true);
        let mut process =
            pods.exec(pod, argv.iter().copied(), &parameters).await.map_err(Error::api(&doing))?;
        let status = process.take_status();
        let (stdout, stderr) = (process.stdout(), process.stderr());
        // Both at once: a full pipe that nobody reads would stop the program.
        let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr)).map_err(Error::io(&doing))?;
        let status = match status {
            Some(status) => status.await,
            None => None,
        };
        process.join().await.map_err(|error| Error::environment(format!("{doing}: {error}")))?;
        let code = status.as_ref().and_then(exit_code).ok_or_else(|| {
            let said =
                status.and_then(|status| status.message).unwrap_or_else(|| "no status came".to_owned());
            Error::environment(format!("{doing}: {said}"))
        })?;
        Ok(Output { code, stdout, stderr })
    };
    // Dropped at the deadline, the process's connection is closed.
    within(deadline, &doing, run, |error| error).await
}

/// The exit code that a status tells; none when the program did not run.
fn exit_code(status: &Status) -> Option<i32> {
    if status.status.as_deref() == Some("Success") {
        return Some(0);
    }
    let causes = status.details.as_ref()?.causes.as_deref()?;
    let cause = causes.iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"))?;
    cause.message.as_deref()?.parse().ok()
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: serde_json::Value) -> Status {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_exit_code_is_in_the_status() {
        assert_eq!(exit_code(&status(serde_json::json!({"status": "Success"}))), Some(0));
        let failed = serde_json::json!({
            "status": "Failure", "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": "42"}]}
        });
        assert_eq!(exit_code(&status(failed)), Some(42));
        let missing =
            serde_json::json!({"status": "Failure", "reason": "InternalError", "message": "no such program"});
        assert_eq!(exit_code(&status(missing)), None);
    }
}
