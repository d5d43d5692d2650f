//! Where the directories of a database lie.

use std::collections::BTreeSet;

/// The mount that a directory lies on, by the text of `/proc/mounts`; `/` when there is no other.
fn mount_point<'text>(mounts: &'text str, directory: &str) -> &'text str {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let covers = |point: &&str| {
        *point == "/"
            || directory.strip_prefix(*point).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    points.filter(covers).max_by_key(|point| point.len()).unwrap_or("/")
}

/// What is not on one of these mounts, in words: of the directories of a database, each with the place to which its links lead, by the
/// text of `/proc/mounts`.
pub fn off_the_claims(
    directories: &[(String, String)],
    mounts: &str,
    claimed: &BTreeSet<String>,
) -> Vec<String> {
    let off = |(directory, place): &(String, String)| {
        let mount = mount_point(mounts, place);
        (!claimed.contains(mount))
            .then(|| format!("{directory} is at {place}: expected the mount of a PVC, found {mount}"))
    };
    directories.iter().filter_map(off).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_link_leads_to_is_on_a_claim() {
        let mounts = "overlay / overlay rw 0 0\n/dev/vda /data ext4 rw 0 0\n/dev/vdb /log ext4 rw 0 0\n\
                      tmpfs /tmp tmpfs rw 0 0\ntmpfs /data/pg/pg_wal tmpfs rw 0 0\n";
        let claimed = ["/data", "/log"].map(str::to_owned).into();
        let off = |place: &str| !off_the_claims(&[("d".into(), place.into())], mounts, &claimed).is_empty();
        let places =
            ["/data/pg", "/data/pg/base", "/log/pg_wal", "/tmp/pg_wal", "/data/pg/pg_wal", "/elsewhere"];
        assert_eq!(places.map(off), [false, false, false, true, true, true]);
        let wal = ("/data/pg/pg_wal".to_owned(), "/tmp/wal".to_owned());
        let said = "/data/pg/pg_wal is at /tmp/wal: expected the mount of a PVC, found /tmp";
        assert_eq!(off_the_claims(&[wal], mounts, &claimed), [said]);
    }

    #[test]
    fn the_longest_mount_that_covers_a_directory_wins() {
        let mounts = "overlay / overlay rw 0 0\n/dev/vda /data ext4 rw 0 0\n/dev/vda /data/pg ext4 rw 0 0\n";
        assert_eq!(mount_point(mounts, "/data/pg/base"), "/data/pg");
        assert_eq!(mount_point(mounts, "/data/pgother"), "/data");
        assert_eq!(mount_point(mounts, "/database"), "/");
        assert_eq!(mount_point("", "/data"), "/");
    }
}
