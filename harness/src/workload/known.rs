//! What scenarios deploy.

/// Something that a scenario deploys: a folder of manifests with one StatefulSet of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// The folder under manifests/, the StatefulSet and its regular service.
    pub name: &'static str,
    /// The namespace that the document gives it; a run appends its own suffix.
    pub namespace: &'static str,
    /// The governing service.
    pub headless: &'static str,
    /// The container that is the workload.
    pub container: &'static str,
    /// The port that clients use, on pods and services alike.
    pub port: u16,
    /// What it is: by this, and not by its name, it is decided how it is asked.
    pub kind: Kind,
}

/// What a workload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A program of our own.
    Sentinel,
    /// The S3 store.
    Garage,
    /// A PostgreSQL with this database inside.
    PostgreSql {
        /// The database's name.
        database: &'static str,
    },
    /// A chart's release, whatever it holds.
    Chart,
}

/// A program of our own: for promises that need no database.
pub const SENTINEL: Workload = Workload {
    name: "sentinel",
    namespace: "sentinel",
    headless: "sentinel-headless",
    container: "sentinel",
    port: 8080,
    kind: Kind::Sentinel,
};
/// The three-node S3 store.
pub const GARAGE: Workload = Workload {
    name: "garage",
    namespace: "garage",
    headless: "garage-headless",
    container: "garage",
    port: 3900,
    kind: Kind::Garage,
};
/// Dagster's PostgreSQL.
pub const DAGSTER_POSTGRESQL: Workload = Workload {
    name: "dagster-postgresql",
    namespace: "dagster",
    headless: "dagster-postgresql-headless",
    container: "postgresql",
    port: 5432,
    kind: Kind::PostgreSql { database: "dagster" },
};
/// Airbyte's PostgreSQL.
pub const AIRBYTE_DB: Workload = Workload {
    name: "airbyte-db",
    namespace: "airbyte",
    headless: "airbyte-db-headless",
    container: "postgresql",
    port: 5432,
    kind: Kind::PostgreSql { database: "db-airbyte" },
};

/// A release of a chart, which brings its own objects.
pub const CHART: Workload =
    Workload { name: "chart", namespace: "chart", headless: "", container: "", port: 0, kind: Kind::Chart };
