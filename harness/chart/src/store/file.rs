//! `steadfast-chart.yaml`: which pods of a chart speak S3 or PostgreSQL, where Steadfast can't see it.

use camino::Utf8Path;
use external::error::{Error, Result, exit};
use serde::Deserialize;

use super::Store;

/// The file's name, in the folder of a chart.
pub const NAME: &str = "steadfast-chart.yaml";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stores {
    /// The stores.
    pub stores: Vec<Store>,
}

impl Stores {
    /// Reads the file.
    ///
    /// # Errors
    /// It can't be read, or says something that is not known; the line is named.
    pub fn read(path: &Utf8Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io(format!("reading {path}")))?;
        serde_saphyr::from_str(&text)
            .map_err(|error| Error::trouble(exit::SETTINGS, format!("{path}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Keys, S3, Speech};

    #[test]
    fn every_kind_of_store_is_read() {
        let text = "stores:
- {set: minio, speaks: s3, port: 9000, region: us-east-1, secret: {name: minio, user: rootUser, password: rootPassword}}
- {set: db, speaks: postgresql, user: app, secret: {name: db, password: password}}
- {set: queue, container: queue, speaks: command, write: [sh, -c, 'echo {key} >> /data/ledger'], check: [grep, -qx, '{key}', /data/ledger]}
";
        let stores: Stores = serde_saphyr::from_str(text).unwrap();
        let found: Vec<_> = stores.stores.iter().map(|store| store.set.as_str()).collect();
        assert_eq!(found, ["minio", "db", "queue"]);
        assert_eq!(
            stores.stores[0].speech,
            Speech::S3 {
                s3: S3 { port: 9000, region: "us-east-1".into() },
                secret: Keys {
                    name: "minio".into(),
                    user: Some("rootUser".into()),
                    password: "rootPassword".into()
                }
            }
        );
        assert!(serde_saphyr::from_str::<Stores>("stores: []\nother: 1").is_err());
        assert!(serde_saphyr::from_str::<Stores>("stores:\n- {set: a, speaks: redis}").is_err());
    }
}
