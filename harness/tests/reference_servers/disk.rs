//! A disk of a server's own whose power can be cut: ext4 on a loop device, which Docker mounts for as long as the server runs.

use std::collections::HashMap;

use harness::{
    clock,
    cluster::{NODE, Reporter, provide},
    home,
    settings::Settings,
};
use jiff::Timestamp;
use testcontainers::{
    ContainerAsync, GenericImage, ImageExt,
    bollard::models::{HostConfig, Mount, MountType, MountVolumeOptions, MountVolumeOptionsDriverConfig},
    core::ExecCommand,
    runners::AsyncRunner,
};

use crate::book::LONG;

/// What makes disks and cuts their power. A kind node has every tool for it, whatever its image.
const SCRIPT: &str = r#"
set -eu
image=/disk.img
case $1 in
  # make: prints the device
  make)
    for number in $(seq 0 127); do [ -b "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number"; done
    truncate -s 1G "$image"
    mkfs.ext4 -q -F -m 0 "$image"
    device=$(losetup -f --show "$image")
    # It is kept between two starts of the server, and goes with whoever holds it last, however this test ends. Held before it is
    # given up: what is begun in the background may open it later, and then there is nothing to hold.
    exec 3<"$device"
    sleep infinity <&3 >/dev/null 2>&1 &
    losetup -d "$device"
    echo "$device"
    ;;
  # sync PLACE
  sync) sync -f "$2" ;;
  # cut PLACE: EXT4_IOC_SHUTDOWN without flushing the log, after which it takes no more writes; prints when
  cut)
    date +%s%N
    perl -e 'open(my $disk, "<", $ARGV[0]) or die "$!"; my $how = pack("L", 2); ioctl($disk, 0x8004587d, $how) or die "$!";' "$2"
    ! touch "$2/after-the-cut" 2>/dev/null
    ;;
esac
"#;

pub struct Disk {
    station: ContainerAsync<GenericImage>,
    device: String,
}

impl Disk {
    pub async fn make() -> Self {
        let settings = Settings::load(home::repository()).unwrap();
        let images = provide(&settings, &[NODE], &Reporter::silent()).await.unwrap();
        let (name, tag) = images[0].facts.reference.rsplit_once(':').unwrap();
        let station = GenericImage::new(name, tag)
            .with_entrypoint("sleep")
            .with_cmd(["infinity"])
            .with_privileged(true)
            .with_label("steadfast.dev/run", format!("reference-{}", std::process::id()))
            // It reaches the disk where the server has it.
            .with_host_config_modifier(|host| host.pid_mode = Some("host".to_owned()))
            .with_startup_timeout(LONG)
            .start()
            .await
            .unwrap();
        let device = ask(&station, &["make"]).await;
        Self { station, device }
    }

    /// Lets a server have it at a place.
    pub fn mounted_at(&self, place: &'static str) -> impl Fn(&mut HostConfig) + Send + Sync + 'static {
        let options = HashMap::from([
            ("type".to_owned(), "ext4".to_owned()),
            ("device".to_owned(), self.device.clone()),
        ]);
        let driver =
            MountVolumeOptionsDriverConfig { name: Some("local".to_owned()), options: Some(options) };
        let volume = MountVolumeOptions { driver_config: Some(driver), ..MountVolumeOptions::default() };
        // Without a name it goes with its server.
        let mount = Mount {
            target: Some(place.to_owned()),
            typ: Some(MountType::VOLUME),
            volume_options: Some(volume),
            ..Mount::default()
        };
        move |host| host.mounts.get_or_insert_default().push(mount.clone())
    }

    /// Lets it have everything that was written so far.
    pub async fn sync(&self, process: i64, place: &str) {
        ask(&self.station, &["sync", &seen_by(process, place)]).await;
    }

    /// Nothing more reaches it, not even what the page cache has; from when on, at the earliest.
    pub async fn cut(&self, process: i64, place: &str) -> Timestamp {
        let said = ask(&self.station, &["cut", &seen_by(process, place)]).await;
        clock::of_wall(Timestamp::from_nanosecond(said.parse().unwrap()).unwrap())
    }
}

fn seen_by(process: i64, place: &str) -> String {
    format!("/proc/{process}/root{place}")
}

async fn ask(station: &ContainerAsync<GenericImage>, arguments: &[&str]) -> String {
    let command = ExecCommand::new([&["sh", "-c", SCRIPT, "disk"], arguments].concat());
    let asked = async {
        let mut said = station.exec(command).await.unwrap();
        let (out, error) = (said.stdout_to_vec().await.unwrap(), said.stderr_to_vec().await.unwrap());
        let [out, error] = [out, error].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        assert_eq!(said.exit_code().await.unwrap(), Some(0), "disk {arguments:?}: {out} {error}");
        out
    };
    tokio::time::timeout(LONG, asked).await.unwrap()
}
