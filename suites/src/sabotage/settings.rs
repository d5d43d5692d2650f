//! Sabotage of how the servers are set up: PostgreSQL's command line, Garage's file.

use harness::{Error, Result, manifest::Manifest, runner::Sabotage, workload::Workload};
use serde_json::json;

/// PostgreSQL acknowledges what is not on the disk yet, and takes its time to write it.
pub const ASYNCHRONOUS_COMMIT: Sabotage = Sabotage::Manifest(|manifest, workload| {
    postgres_settings(manifest, workload, &["synchronous_commit=off", "wal_writer_delay=10s"])
});

/// PostgreSQL leaves it to the page cache when something reaches the disk.
pub const POSTGRES_WITHOUT_FSYNC: Sabotage =
    Sabotage::Manifest(|manifest, workload| postgres_settings(manifest, workload, &["fsync=off"]));

fn postgres_settings(manifest: &mut Manifest, workload: &Workload, settings: &[&str]) -> Result<()> {
    let options = settings.iter().flat_map(|setting| ["-c", setting]);
    let command: Vec<&str> = ["postgres"].into_iter().chain(options).collect();
    workload.container(manifest)?["args"] = json!(command);
    Ok(())
}

/// garage.toml says that the admin API is served, as we ship it.
pub const ADMIN_AS_SHIPPED: Sabotage = Sabotage::Manifest(|manifest, workload| {
    let shipped = workload.manifest()?.find("ConfigMap", crate::document::CONFIGURATION)?.clone();
    manifest.merge("ConfigMap", crate::document::CONFIGURATION, &json!({"data": shipped["data"]}))
});

/// Garage as it is by default: it leaves it to the page cache when something reaches the disk.
pub const GARAGE_WITHOUT_FSYNC: Sabotage = Sabotage::Manifest(|manifest, _| {
    garage_setting(manifest, "metadata_fsync = true", "metadata_fsync = false")?;
    garage_setting(manifest, "data_fsync = true", "data_fsync = false")
});

/// As above, and each object is on one node alone.
pub const GARAGE_WITHOUT_COPIES: Sabotage = Sabotage::Manifest(|manifest, _| {
    garage_setting(manifest, "metadata_fsync = true", "metadata_fsync = false")?;
    garage_setting(manifest, "data_fsync = true", "data_fsync = false")?;
    garage_setting(manifest, "replication_factor = 3", "replication_factor = 1")
});

/// One copy of an object is enough for Garage to read and to acknowledge.
pub const ONE_COPY_IS_ENOUGH: Sabotage =
    Sabotage::Manifest(|manifest, _| consistency_mode(manifest, "dangerous"));

/// One copy of an object is enough to read it, so that each replica can be asked alone; a write takes two.
pub fn read_one_copy(manifest: &mut Manifest, _: &Workload) -> Result<()> {
    consistency_mode(manifest, "degraded")
}

fn consistency_mode(manifest: &mut Manifest, mode: &str) -> Result<()> {
    let copies = "replication_factor = 3";
    garage_setting(manifest, copies, &format!("{copies}\nconsistency_mode = \"{mode}\""))
}

fn garage_setting(manifest: &mut Manifest, shipped: &str, sabotaged: &str) -> Result<()> {
    let file = &mut manifest.find("ConfigMap", "garage-configuration")?["data"]["garage.toml"];
    let text = file.as_str().unwrap_or_default();
    if !text.contains(shipped) {
        return Err(Error::bug(format!("garage.toml has no {shipped:?} to sabotage")));
    }
    *file = json!(text.replace(shipped, sabotaged));
    Ok(())
}
