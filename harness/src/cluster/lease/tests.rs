//! What is next, names, locks and records of leases.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A new folder for one test.
pub fn folder() -> Utf8PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let temporary = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
    let folder = temporary.join(format!("steadfast-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn images(id: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("postgres:17".to_owned(), id.to_owned())])
}

#[test]
fn what_is_next_follows_from_what_is_found() {
    let ready = Record { images: images("a"), ..Record::new(State::Ready) };
    let of = |alive, others, wanted| next(Some(&ready), alive, others, &images(wanted), false);
    assert_eq!(of(true, false, "a"), Next::Use);
    assert_eq!(of(true, true, "a"), Next::Use);
    assert_eq!(of(true, false, "b"), Next::Load);
    assert_eq!(of(false, false, "a"), Next::Make);
    // Nobody's images or cluster are changed while he uses them: it may be he who stopped a node.
    assert_eq!(of(true, true, "b"), Next::Elsewhere);
    assert_eq!(of(false, true, "a"), Next::Elsewhere);
    for state in [State::Creating, State::Removing] {
        assert_eq!(next(Some(&Record::new(state)), true, false, &images("a"), false), Next::Make);
    }
    assert_eq!(next(None, false, false, &images("a"), false), Next::Make);
    // Who may hurt a cluster shares it with nobody, and nobody trusts what he left.
    assert_eq!(next(Some(&ready), true, true, &images("a"), true), Next::Elsewhere);
    assert_eq!(next(Some(&ready), true, false, &images("a"), true), Next::Use);
    let hurt = Record { images: images("a"), ..Record::new(State::Alone) };
    assert_eq!(next(Some(&hurt), true, true, &images("a"), false), Next::Elsewhere);
    assert_eq!(next(Some(&hurt), true, false, &images("a"), false), Next::Make);
}

#[test]
fn names_tell_clusters_apart_and_are_known_again() {
    let here = Utf8Path::new("/cache");
    let first = name(here, "config", "sha256:1", 0);
    assert_eq!(first, name(here, "config", "sha256:1", 0));
    assert_ne!(first, name(here, "config", "sha256:2", 0));
    assert_ne!(first, name(Utf8Path::new("/other"), "config", "sha256:1", 0));
    assert!(is_ours(&first) && is_ours(&name(here, "config", "sha256:1", 3)));
    for foreign in ["kind", "steadfast-x", "steadfast-test", "steadfast-0123456", "steadfast-01234567-a"] {
        assert!(!is_ours(foreign), "{foreign}");
    }
}

#[tokio::test]
async fn one_holds_the_exclusive_lock_and_many_share() {
    let cache = folder();
    let quick = Duration::from_millis(300);
    let files = LeaseFiles::new(&cache, "steadfast-01234567").unwrap();
    let exclusive = files.lock(&Reporter::silent()).await.unwrap();
    let refused = files.lock_within(quick, &Reporter::silent()).await.unwrap_err();
    assert_eq!(refused.exit_code(), exit::IN_USE);

    let (first, second) = (exclusive.share().unwrap(), exclusive.share().unwrap());
    assert!(exclusive.in_use().unwrap());
    drop(exclusive);
    let exclusive = files.lock_within(quick, &Reporter::silent()).await.unwrap();
    drop(first);
    assert!(exclusive.in_use().unwrap());
    drop(second);
    assert!(!exclusive.in_use().unwrap());
    std::fs::remove_dir_all(cache).unwrap();
}

#[tokio::test]
async fn records_are_kept_and_broken_ones_are_half_made() {
    let cache = folder();
    let files = LeaseFiles::new(&cache, "steadfast-01234567").unwrap();
    let exclusive = files.lock(&Reporter::silent()).await.unwrap();
    assert_eq!(exclusive.record().unwrap(), None);
    let record = Record { kept: true, images: images("a"), ..Record::new(State::Ready) };
    exclusive.write(&record).unwrap();
    assert_eq!(exclusive.record().unwrap(), Some(record));
    assert_eq!(LeaseFiles::all(&cache).unwrap().len(), 1);
    std::fs::write(files.file("json"), "{\"state\":").unwrap();
    assert_eq!(exclusive.record().unwrap(), Some(Record::new(State::Creating)));
    exclusive.forget();
    assert!(LeaseFiles::all(&cache).unwrap().is_empty());
    std::fs::remove_dir_all(cache).unwrap();
}

#[tokio::test]
async fn a_killed_process_leaves_no_lock() {
    let cache = folder();
    let files = LeaseFiles::new(&cache, "steadfast-01234567").unwrap();
    let exclusive = files.lock(&Reporter::silent()).await.unwrap();
    // Another process holds our lock: its own handle, inherited.
    let mut holder = std::process::Command::new("sh")
        .args(["-c", "exec sleep 60"])
        .stdin(exclusive.file.try_clone().unwrap())
        .spawn()
        .unwrap();
    drop(exclusive);
    assert!(files.lock_within(Duration::from_millis(200), &Reporter::silent()).await.is_err());
    holder.kill().unwrap();
    holder.wait().unwrap();
    files.lock_within(Duration::from_secs(5), &Reporter::silent()).await.unwrap();
    std::fs::remove_dir_all(cache).unwrap();
}
