//! What goes wrong, and whose fault it is. A verdict never confuses the three classes.

use std::time::Duration;

use kube::core::Status;
pub use record::Class;
use record::law::Obstacle;

use crate::refusal;

/// The exit codes of the command line and of the scripts for trouble that a user can end. See the README's table.
pub mod exit {
    /// A filter that matches no scenario.
    pub const NOTHING_MATCHES: u8 = 4;
    /// No Docker engine answers.
    pub const NO_ENGINE: u8 = 10;
    /// The engine refuses privileged containers.
    pub const UNPRIVILEGED: u8 = 11;
    /// Go, Rust or another tool is missing where something must be built.
    pub const NO_COMPILER: u8 = 12;
    /// A registry does not answer.
    pub const NO_REGISTRY: u8 = 13;
    /// A version that cannot be had.
    pub const NO_VERSION: u8 = 14;
    /// Too little disk or memory, or inotify limits too low.
    pub const TOO_SMALL: u8 = 15;
    /// The cluster has no default storage class.
    pub const NO_STORAGE_CLASS: u8 = 16;
    /// A setting that is not known, or has a value that it cannot have.
    pub const SETTINGS: u8 = 17;
    /// A context that is not ours, without the explicit yes.
    pub const FOREIGN_CONTEXT: u8 = 18;
    /// kind is missing.
    pub const NO_KIND: u8 = 19;
    /// A cluster that a living process uses.
    pub const IN_USE: u8 = 20;
    /// No such StatefulSet, or no such namespace.
    pub const NO_SET: u8 = 21;
    /// The API server does not show what is needed, or does not accept the credentials.
    pub const FORBIDDEN: u8 = 22;
    /// The API server does not answer.
    pub const UNREACHABLE: u8 = 23;
    /// A set that is not ready, though no cause was found.
    pub const NO_CAUSE: u8 = 24;
    /// Helm is missing.
    pub const NO_HELM: u8 = 25;
    /// No such chart, or an old one that does not render.
    pub const NO_CHART: u8 = 26;
    /// No such release, or one whose last change failed.
    pub const NO_RELEASE: u8 = 27;
    /// An upgrade that somebody should look at before it is applied.
    pub const NEEDS_CARE: u8 = 30;
    /// An upgrade that would break.
    pub const WOULD_BREAK: u8 = 31;
    /// An upgrade that loses or hides data.
    pub const LOSES_DATA: u8 = 32;
    /// The old chart does not become ready, so nothing can be said of the upgrade.
    pub const OLD_NOT_READY: u8 = 33;
}

/// Codes that answer nothing, and for which nobody broke anything: the time to ask was over, what was asked for is kept no longer,
/// another server is to be asked, too many ask.
const NO_ANSWER: [u16; 4] = [408, 410, 421, 429];

/// The harness's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with its class. The message says what was being done, to what, what was expected and found, and
/// what the user can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A promise was broken, or a wait for it ended without it.
    #[error("{0}")]
    Failed(String),
    /// Something could not be judged: what was seen speaks neither for a promise nor against it.
    #[error("{message}")]
    NotJudged {
        /// What stood in the way.
        obstacle: Obstacle,
        /// What was to be seen, and what was seen of the obstacle.
        message: String,
    },
    /// Something around the run is missing or full; `code` is the command line's exit code for it.
    #[error("{message}")]
    Environment {
        /// What, and what to do.
        message: String,
        /// See the README's table of exit codes.
        code: u8,
    },
    /// A call to the Kubernetes API failed.
    #[error("{doing}: {}", said(source))]
    Api {
        /// What was being done, to what.
        doing: String,
        /// What the API answered.
        #[source]
        source: Box<kube::Error>,
    },
    /// Reading or writing a file failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done, to what.
        doing: String,
        /// What the system answered.
        #[source]
        source: std::io::Error,
    },
    /// A call had no answer in its time.
    #[error("{doing}: no answer within {deadline:?}")]
    Deadline {
        /// What was being done, to what.
        doing: String,
        /// The time it had.
        deadline: Duration,
    },
    /// SIGINT or SIGTERM ended the run.
    #[error("interrupted")]
    Interrupted,
    /// A bug of ours.
    #[error("{0} (a bug of Steadfast: please report it)")]
    Bug(String),
}

impl Error {
    /// A broken promise.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// Something that could not be judged.
    pub fn not_judged(obstacle: Obstacle, message: impl Into<String>) -> Self {
        Self::NotJudged { obstacle, message: message.into() }
    }

    /// What stood in the way of an answer, where this says nothing of any promise; none of a broken promise, or of a bug.
    pub fn obstacle(&self) -> Option<Obstacle> {
        match self {
            Self::NotJudged { obstacle, .. } => Some(*obstacle),
            Self::Api { source, .. } => match **source {
                kube::Error::Api(ref status) => refusal::behind(&status.message).or(match status.code {
                    401 => Some(Obstacle::Credentials),
                    403 => Some(Obstacle::Rights),
                    500.. => Some(Obstacle::ApiAway),
                    code if NO_ANSWER.contains(&code) => Some(Obstacle::ApiAway),
                    _ => None,
                }),
                _ => Some(Obstacle::ApiAway),
            },
            Self::Deadline { .. } => Some(Obstacle::ApiAway),
            Self::Environment { .. } | Self::Io { .. } => Some(Obstacle::Prober),
            Self::Failed(_) | Self::Interrupted | Self::Bug(_) => None,
        }
    }

    /// The same with other words: a broken promise stays one, and what says nothing still does.
    pub fn reworded(self, message: impl Into<String>) -> Self {
        let message = message.into();
        match (&self, self.obstacle()) {
            (_, Some(obstacle)) => Self::NotJudged { obstacle, message },
            (Self::Interrupted, _) => self,
            (Self::Bug(_), _) => Self::Bug(message),
            _ => Self::Failed(message),
        }
    }

    /// Trouble around the run, with the general exit code 3.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::Environment { message: message.into(), code: Class::Environment.exit_code() }
    }

    /// Trouble around the run that has an exit code of its own.
    pub fn trouble(code: u8, message: impl Into<String>) -> Self {
        Self::Environment { message: message.into(), code }
    }

    /// A bug of ours.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::Bug(message.into())
    }

    /// Turns an API error into ours: `.map_err(Error::api("deleting pod sentinel-1"))`.
    pub fn api(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Api { doing, source: Box::new(source) }
    }

    /// Turns an input/output error into ours: `.map_err(Error::io("reading steadfast.toml"))`.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whose fault it is. Disks that are full and API servers that are gone are not bugs of ours.
    pub fn class(&self) -> Class {
        match self {
            Self::Failed(_) => Class::Failed,
            Self::NotJudged { .. } | Self::Environment { .. } => Class::Environment,
            Self::Deadline { .. } | Self::Interrupted => Class::Environment,
            Self::Io { .. } => Class::Environment,
            Self::Api { source, .. } => match **source {
                // What we were about to act on is gone: somebody broke a promise, or the scenario would not have asked.
                kube::Error::Api(ref status) if status.code == 404 => Class::Failed,
                // What we may do is a matter of the cluster that we were given.
                kube::Error::Api(ref status) if [401, 403].contains(&status.code) => Class::Environment,
                kube::Error::Api(ref status) if NO_ANSWER.contains(&status.code) => Class::Environment,
                kube::Error::Api(ref status) if refusal::behind(&status.message).is_some() => {
                    Class::Environment
                }
                kube::Error::Api(ref status) if (400..500).contains(&status.code) => Class::Error,
                _ => Class::Environment,
            },
            Self::Bug(_) => Class::Error,
        }
    }

    /// The API server's no, where it is one.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Api { source, .. } => match &**source {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether what was asked for is not there, be it of a kind that nobody has defined: to that the API server answers in
    /// plain text, without a reason.
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.code == 404)
    }

    /// Whether it is there already, or is another than was thought: kube tells these two apart, and neither by its number.
    pub fn is_conflict(&self) -> bool {
        self.status().is_some_and(|status| status.code == 409)
    }

    /// Whether the API server said that it does not do what was asked. Silence, and trouble of its own, leave that open.
    pub fn is_refusal(&self) -> bool {
        self.status().is_some_and(|status| (400..500).contains(&status.code))
    }

    /// Whether nobody answered: there was no connection, it broke, or the time was over.
    pub fn is_silence(&self) -> bool {
        match self {
            Self::Api { source, .. } => broke_off(source),
            error => matches!(error, Self::Deadline { .. }),
        }
    }

    /// Whether the API itself said no to what was asked: not a rule of the cluster, nor for want of rights or of time for us.
    pub fn is_own_refusal(&self) -> bool {
        let own = |status: &Status| {
            status.code != 401
                && !NO_ANSWER.contains(&status.code)
                && refusal::behind(&status.message).is_none()
        };
        self.is_refusal() && self.status().is_some_and(own)
    }

    /// Whether the API server does not allow us what we asked for.
    pub fn is_forbidden(&self) -> bool {
        self.status().is_some_and(|status| status.code == 403)
    }

    /// The exit code of the command line.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Environment { code, .. } => *code,
            Self::Interrupted => 130,
            other => other.class().exit_code(),
        }
    }
}

/// Whether a call ended without an answer.
pub(crate) fn broke_off(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_))
}

impl From<record::Error> for Error {
    fn from(error: record::Error) -> Self {
        match error {
            record::Error::Failed(message) => Self::Failed(message),
            record::Error::Environment(message) => Self::environment(message),
            record::Error::Io { doing, source } => Self::Io { doing, source },
            record::Error::History(error) => Self::environment(error.to_string()),
            record::Error::Bug(message) => Self::Bug(message),
        }
    }
}

/// What the API server said, without the structure around it.
fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => format!("{} ({})", status.message, status.code),
        error => error.to_string(),
    }
}

/// Bounds a call: every call that leaves the process has a deadline.
///
/// # Errors
/// [`Error::Deadline`] when the time is over, otherwise the call's own.
pub async fn within<T, E>(
    deadline: Duration,
    doing: &str,
    call: impl Future<Output = std::result::Result<T, E>>,
    convert: impl FnOnce(E) -> Error,
) -> Result<T> {
    match tokio::time::timeout(deadline, call).await {
        Ok(answer) => answer.map_err(convert),
        Err(_) => Err(Error::Deadline { doing: doing.to_owned(), deadline }),
    }
}
