//! Where a directory of a pod lies.

/// The mount that a directory lies on, by the text of `/proc/mounts`; `/` when there is no other.
pub fn mount_point<'text>(mounts: &'text str, directory: &str) -> &'text str {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let covers = |point: &&str| {
        *point == "/"
            || directory.strip_prefix(*point).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    points.filter(covers).max_by_key(|point| point.len()).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_that_covers_a_directory_wins() {
        let mounts = "overlay / overlay rw 0 0\n/dev/vda /data ext4 rw 0 0\n/dev/vda /data/pg ext4 rw 0 0\n";
        assert_eq!(mount_point(mounts, "/data/pg/base"), "/data/pg");
        assert_eq!(mount_point(mounts, "/data/pgother"), "/data");
        assert_eq!(mount_point(mounts, "/database"), "/");
        assert_eq!(mount_point("", "/data"), "/");
    }
}
