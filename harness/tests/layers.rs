//! The layers of the crates: each stands on lower ones alone, and what judges a record knows no client and no clock.
#![expect(clippy::unwrap_used, reason = "a test ends where its helpers do")]

use camino::{Utf8Path, Utf8PathBuf};

/// The crates of this repository.
const OURS: [&str; 9] =
    ["chart", "explain", "external", "harness", "history", "record", "sentinel", "steadfast", "suites"];
/// The folder of each, the lowest first, with those that it stands on.
const LAYERS: [(&str, &[&str]); 9] = [
    ("history", &[]),
    ("record", &["history"]),
    ("external", &["record"]),
    ("explain", &["external", "record"]),
    ("chart", &["external", "record"]),
    (".", &["chart", "explain", "external", "history", "record"]),
    ("sentinel", &[]),
    ("../suites", &["harness"]),
    ("../suites/steadfast", &["harness", "suites"]),
];
/// What judging takes: files, JSON, times that are handed in, hashes, and the shapes of objects.
const JUDGING: [(&str, &[&str]); 2] = [
    ("history", &["camino", "jiff", "serde", "serde_json", "sha2", "thiserror"]),
    ("record", &["camino", "history", "jiff", "k8s-openapi", "serde", "serde_json", "sha2", "thiserror"]),
];

fn folder(layer: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(layer)
}

fn dependencies(layer: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder(layer).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn each_crate_stands_on_lower_ones_alone() {
    for (layer, lower) in LAYERS {
        let mut ours = dependencies(layer);
        ours.retain(|name| OURS.contains(&name.as_str()));
        assert_eq!(ours, lower, "{layer}");
    }
}

#[test]
fn what_judges_knows_no_client_and_no_clock() {
    for (layer, needed) in JUDGING {
        assert_eq!(dependencies(layer), needed);
    }
    let mut folders = JUDGING.map(|(layer, _)| folder(layer).join("src")).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for clock in ["::now()", "Instant", "SystemTime"] {
                assert!(!text.contains(clock), "{path} looks at a clock: {clock}");
            }
        }
    }
}
