//! What the program carries, for where it runs without its repository.

use camino::Utf8Path;
use harness::home::Carried;

const CARRIED: Carried = Carried {
    archive: include_bytes!(concat!(env!("OUT_DIR"), "/carried.tar.gz")),
    digest: env!("CARRIED_DIGEST"),
};

/// What it carries, where it stands alone. Where cargo has just built it, it belongs to the repository; installed or copied
/// to anywhere else it does not, whether there is a repository or not.
pub fn if_alone() -> Option<Carried> {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Utf8Path::from_path);
    let at_home = program.is_some_and(|program| is_built(program, Utf8Path::new(env!("OUT_DIR"))));
    if at_home { None } else { Some(CARRIED) }
}

/// Whether a program lies where cargo builds it. The build script's folder is PROFILE/build/PACKAGE/out.
fn is_built(program: &Utf8Path, out: &Utf8Path) -> bool {
    out.ancestors().nth(3).is_some_and(|profile| program.starts_with(profile))
}

#[cfg(test)]
mod tests {
    use harness::workload::{AIRBYTE_DB, DAGSTER_POSTGRESQL, GARAGE, SENTINEL};

    use super::*;

    #[test]
    fn a_program_that_was_installed_or_copied_stands_alone() {
        let built = |program: &str| {
            is_built(Utf8Path::new(program), Utf8Path::new("/src/target/debug/build/steadfast-1f/out"))
        };
        assert!(built("/src/target/debug/steadfast") && built("/src/target/debug/deps/steadfast-2e"));
        assert!(!built("/src/target/steadfast") && !built("/root/.cargo/bin/steadfast"));
        assert!(if_alone().is_none(), "tests run where they were built");
    }

    #[test]
    fn it_carries_manifests_and_scripts() {
        let folder = std::env::temp_dir().join(format!("steadfast-carried-{}", std::process::id()));
        let folder = camino::Utf8PathBuf::from_path_buf(folder).unwrap();
        harness::home::stand_alone(CARRIED, folder.clone());
        let root = harness::home::root().unwrap();
        for workload in [SENTINEL, GARAGE, DAGSTER_POSTGRESQL, AIRBYTE_DB] {
            assert!(workload.manifest().unwrap().objects.len() > 1, "{}", workload.name);
        }
        for file in ["scripts/setup", "scripts/images/provide", "manifests/charts/garage/1.0.0/Chart.yaml"] {
            assert!(root.starts_with(&folder) && root.join(file).is_file(), "{file}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
