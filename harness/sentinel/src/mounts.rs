//! What is mounted where the volume should be, as the kernel says.

use std::{fs, io, path::Path};

use serde::Serialize;

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// The mounted directory of the file system: of a local volume it names the claim.
    pub root: String,
    pub mount_point: String,
    pub source: String,
    pub filesystem: String,
}

/// The mount that the directory lies on, and those below the directory.
pub fn concerning(directory: &Path) -> io::Result<Vec<Mount>> {
    Ok(select(&fs::read_to_string("/proc/self/mountinfo")?, directory))
}

fn select(mountinfo: &str, directory: &Path) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = mountinfo.lines().filter_map(parse).collect();
    let holder = mounts
        .iter()
        .map(|mount| mount.mount_point.clone())
        .filter(|mount_point| directory.starts_with(mount_point))
        .max_by_key(String::len);
    mounts.retain(|mount| {
        Some(&mount.mount_point) == holder.as_ref() || Path::new(&mount.mount_point).starts_with(directory)
    });
    mounts
}

/// One line, as proc_pid_mountinfo(5) has it; the number of fields before the dash varies.
fn parse(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let mut after = after.split(' ');
    let (root, mount_point) = (before.next()?, before.next()?);
    let (filesystem, source) = (after.next()?, after.next()?);
    Some(Mount {
        root: unescape(root),
        mount_point: unescape(mount_point),
        source: unescape(source),
        filesystem: filesystem.to_owned(),
    })
}

/// The four characters that the kernel writes as octal numbers.
fn unescape(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(field.to_owned(), |field, (escaped, plain)| field.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTINFO: &str = "\
610 500 0:55 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/l
611 610 0:60 / /proc rw,nosuid - proc proc rw
620 610 8:1 /opt/pvc-1_run_data-sentinel-0 /data rw,relatime shared:7 master:2 - ext4 /dev/sda1 rw
621 610 8:1 /elsewhere /database rw - ext4 /dev/sda1 rw
622 620 0:70 / /data/with\\040space rw - tmpfs tmpfs rw
";

    #[test]
    fn the_volume_is_the_mount_that_holds_the_directory() {
        let points = |directory: &str| -> Vec<String> {
            select(MOUNTINFO, Path::new(directory)).into_iter().map(|mount| mount.mount_point).collect()
        };
        assert_eq!(points("/data"), ["/data", "/data/with space"]);
        assert_eq!(points("/data/below"), ["/data"]);
        assert_eq!(points("/unmounted"), ["/"]);
    }

    #[test]
    fn a_line_is_parsed_around_its_optional_fields() {
        let mount = select(MOUNTINFO, Path::new("/data")).into_iter().next();
        let expected = Mount {
            root: "/opt/pvc-1_run_data-sentinel-0".to_owned(),
            mount_point: "/data".to_owned(),
            source: "/dev/sda1".to_owned(),
            filesystem: "ext4".to_owned(),
        };
        assert_eq!(mount, Some(expected));
    }
}
