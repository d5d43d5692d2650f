//! A store: the set whose pods take writes, and what they speak.

use external::Secret;
use serde::Deserialize;

/// What the pods of a set speak.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", tag = "speaks")]
pub enum Speech {
    /// S3, of Garage: its layout, a bucket and a key are made by its own program in the pod.
    Garage(S3),
    /// S3 of any other server.
    S3 {
        /// The port and the region.
        #[serde(flatten)]
        s3: S3,
        /// Who may write.
        secret: Keys,
    },
    /// SQL, of PostgreSQL.
    Postgresql {
        /// The port.
        #[serde(default = "postgresql_port")]
        port: u16,
        /// The user; where it is not in the secret.
        #[serde(default)]
        user: Option<String>,
        /// The database; the user's own where it is not said.
        #[serde(default)]
        database: Option<String>,
        /// The password.
        secret: Password,
    },
    /// A command in the pod that writes a key, and one that checks it: `{key}` stands for the key.
    Command {
        /// Exit code 0 acknowledges.
        write: Vec<String>,
        /// Exit code 0 says that the key is there, 1 that it is not.
        check: Vec<String>,
    },
}

/// Where S3 is spoken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct S3 {
    /// The port.
    pub port: u16,
    /// The region that requests are signed for.
    pub region: String,
}

/// A Secret, and the names of its values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Keys {
    /// The Secret.
    pub name: String,
    /// The value that names who writes: a user, or an access key's id.
    #[serde(default)]
    pub user: Option<String>,
    /// The value that nobody may see: a password, or an access key's secret.
    pub password: String,
}

/// Where a password is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Password {
    /// In a Secret.
    Kept(Keys),
    /// In the manifest itself, as some charts have it.
    #[serde(skip)]
    Plain(Secret),
}

/// A set whose pods take writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Store {
    /// The StatefulSet.
    pub set: String,
    /// The container, where a pod has several.
    #[serde(default)]
    pub container: Option<String>,
    /// What its pods speak.
    #[serde(flatten)]
    pub speech: Speech,
}

impl Store {
    /// Whether its pods hold one another's data.
    pub fn replicated(&self) -> bool {
        matches!(self.speech, Speech::Garage(_))
    }
}

pub(super) const fn postgresql_port() -> u16 {
    5432
}
