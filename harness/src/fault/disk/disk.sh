# shellcheck shell=sh disable=SC2013,SC2086 # numbers of processes are words
# Volumes that can fail, on a node: an image with ext4 on it, mounted by way of a loop device.
# usage: disk VERB …, where a DISK is NAMESPACE/NAME
set -eu
folder=/var/lib/steadfast/disks

fail() {
  echo "$*" >&2
  exit 1
}

# Mounts it over a folder that nobody can write to: who is too early must not take it for an empty volume.
attach() {
  mount -o loop "$folder/$1.img" "$folder/$1" || fail "no loop device could be had for $1"
}

# A node's loop devices are a copy, made when it started.
loop_devices() {
  for number in $(seq 0 127); do
    # Another may do the same at this moment.
    [ -b "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number" 2>/dev/null || true
  done
}

# The processes that have one of these disks in their view; the node's own programs, which all have, are left out.
users() {
  own=$(readlink /proc/self/ns/mnt)
  for disk in "$@"; do
    device=$(mountpoint -d "$folder/$disk") || continue
    for process in $(grep -ls " $device " /proc/[0-9]*/mountinfo | cut -d/ -f3); do
      theirs=$(readlink "/proc/$process/ns/mnt") || continue
      [ "$theirs" = "$own" ] || echo "$process"
    done
  done | sort -u
}

# Kills them, until there is none.
kill_users() {
  for _ in $(seq 100); do
    found=$(users "$@")
    [ -n "$found" ] || return 0
    # One may have ended by itself.
    kill -9 $found 2>/dev/null || true
    sleep 0.05
  done
  fail "these processes do not end: $(users "$@")"
}

detach() {
  for _ in $(seq 200); do
    ! mountpoint -q "$folder/$1" || umount "$folder/$1" 2>/dev/null || true
    # A container that was killed may have it for a moment longer, and whoever mounted it then would get what it was.
    mountpoint -q "$folder/$1" || [ -n "$(losetup -j "$folder/$1.img" 2>/dev/null)" ] || return 0
    sleep 0.05
  done
  fail "the disk $1 is still in use"
}

# The kubelet looks away, so that no container starts on what lies under a mount.
without_kubelet() {
  kubelet=$(pidof kubelet) || fail "no kubelet runs here"
  trap 'kill -CONT $kubelet' EXIT
  kill -STOP $kubelet
}

# Nobody has these disks any more, so that what is on them may be exchanged.
take_away() {
  without_kubelet
  kill_users "$@"
  for disk in "$@"; do detach "$disk"; done
}

identity() {
  blkid -p -o value -s UUID "$folder/$1.img"
}

# How many bytes may still be written.
room() {
  echo $(($(stat -f -c '%a * %S' "$folder/$1")))
}

# What takes the room of a full disk, beside the data.
filler=.steadfast-filler

# The sum of a file's content, its name not with it.
sum() {
  sha256sum <"$1" | cut -d' ' -f1
}

case $1 in
  # make DISK MEBIBYTES
  make)
    command -v mkfs.ext4 >/dev/null || fail "the node has no mkfs.ext4"
    loop_devices
    mkdir -p "$folder/$2"
    chmod 0 "$folder/$2"
    chattr +i "$folder/$2"
    truncate -s "$3M" "$folder/$2.img"
    mkfs.ext4 -q -F -m 0 "$folder/$2.img"
    attach "$2"
    chmod 777 "$folder/$2"
    ;;
  # attach DISK: it is mounted, where it is not
  attach)
    loop_devices
    mountpoint -q "$folder/$2" || attach "$2"
    ;;
  # cut SECONDS DISK…: nothing more reaches these disks; so much later all who use them are gone, and they are there again
  cut)
    linger=$2
    shift 2
    before=$(for disk in "$@"; do identity "$disk"; done)
    echo "used $(users "$@" | wc -l)"
    cd "$folder"
    echo "begun $(date +%s%N)"
    # EXT4_IOC_SHUTDOWN without flushing the log: what only the page cache has is lost.
    perl -e 'for (@ARGV) { open(my $disk, "<", $_) or die "$_: $!\n"; my $how = pack("L", 2); ioctl($disk, 0x8004587d, $how) or die "$_: $!\n"; }' "$@"
    echo "cut $(date +%s%N)"
    for disk in "$@"; do
      ! touch "$disk/after-the-cut" 2>/dev/null || fail "$disk takes writes after the cut"
    done
    # Clients' tunnels go through the kubelet: what servers say without their disks is heard.
    sleep "$linger"
    without_kubelet
    kill_users "$@"
    cd /
    for disk in "$@"; do detach "$disk"; done
    for disk in "$@"; do attach "$disk"; done
    [ "$before" = "$(for disk in "$@"; do identity "$disk"; done)" ] || fail "other disks came back than went"
    ;;
  # sync DISK…
  sync)
    shift
    for disk in "$@"; do sync -f "$folder/$disk"; done
    ;;
  # empty DISK: it has nothing on it any more
  empty)
    take_away "$2"
    mkfs.ext4 -q -F -m 0 "$folder/$2.img"
    attach "$2"
    chmod 777 "$folder/$2"
    ;;
  # fill DISK: all room that is left is taken
  fill)
    before=$(room "$2")
    cd "$folder/$2"
    touch "$filler"
    # It takes what there is, and fails for the rest; one that was full before has some more.
    [ "$before" -eq 0 ] || fallocate -o "$(stat -c %s "$filler")" -l "$before" "$filler" 2>/dev/null || true
    ! dd if=/dev/zero of="$filler-probe" bs=4096 count=1 2>/dev/null || fail "$2 has room for more"
    rm -f "$filler-probe"
    echo "taken $((before - $(room "$2")))"
    ;;
  # free DISK: the room is given back
  free)
    rm -f "$folder/$2/$filler"
    sync -f "$folder/$2"
    echo "room $(room "$2")"
    ;;
  # grow DISK MEBIBYTES: it has so much room more; to grow it in use is a right that not every engine has
  grow)
    before=$(room "$2")
    take_away "$2"
    truncate -s "+$3M" "$folder/$2.img"
    # 1: it had something to mend.
    said=$(e2fsck -fy "$folder/$2.img" 2>&1) || [ $? -eq 1 ] || fail "the file system of $2 is broken: $said"
    said=$(resize2fs "$folder/$2.img" 2>&1) || fail "the file system of $2 does not grow: $said"
    attach "$2"
    [ "$(room "$2")" -gt "$before" ] || fail "$2 has no more room than it had"
    echo "room $(room "$2")"
    ;;
  # abort DISK: its file system takes no more writes, as after an error that it met
  abort)
    mount -o remount,abort "$folder/$2"
    echo "at $(date +%s%N)"
    ! touch "$folder/$2/after-the-error" 2>/dev/null || fail "$2 takes writes"
    ;;
  # renew DISK: it is mounted anew, and takes writes again
  renew)
    before=$(identity "$2")
    take_away "$2"
    attach "$2"
    [ "$before" = "$(identity "$2")" ] || fail "another disk came back than went"
    echo "at $(date +%s%N)"
    ;;
  # swap DISK DISK: each has what the other had
  swap)
    one=$(identity "$2")
    other=$(identity "$3")
    take_away "$2" "$3"
    cd "$folder"
    mv "$2.img" "$2.img.swapped"
    mv "$3.img" "$2.img"
    mv "$2.img.swapped" "$3.img"
    attach "$2"
    attach "$3"
    [ "$one$other" = "$(identity "$3")$(identity "$2")" ] || fail "$2 and $3 are not exchanged"
    ;;
  # save DISK: a copy of what it is now
  save)
    fsfreeze -f "$folder/$2"
    trap 'fsfreeze -u "$folder/$2"' EXIT
    cp --sparse=always "$folder/$2.img" "$folder/$2.saved"
    ;;
  # restore DISK: it is again what it was when it was saved
  restore)
    [ -e "$folder/$2.saved" ] || fail "$2 was never saved"
    take_away "$2"
    cp --sparse=always "$folder/$2.saved" "$folder/$2.img"
    attach "$2"
    ;;
  # sums DISK: what each of its files holds
  sums)
    cd "$folder/$2"
    find . -type f | while read -r file; do
      # One may have gone meanwhile.
      ! sum=$(sum "$file" 2>/dev/null) || echo "$sum ${file#./}"
    done
    ;;
  # flip DISK FILE…: a bit in the middle of each of these files is another
  flip)
    cd "$folder/$2"
    shift 2
    for file in "$@"; do
      before=$(sum "$file")
      perl -e 'open(my $file, "+<", $ARGV[0]) or die "$!\n"; my $middle = int((-s $file) / 2); seek($file, $middle, 0);
        read($file, my $byte, 1) == 1 or die "nothing to flip\n"; seek($file, $middle, 0); print $file ($byte ^ "\x01");
        close($file) or die "$!\n"' "$file"
      [ "$before" != "$(sum "$file")" ] || fail "$file is as it was"
    done
    ;;
  # remove NAMESPACE: all disks of it, whoever uses them
  remove)
    [ -d "$folder/$2" ] || exit 0
    # Their pods may be there still: who starts now would write to where a disk was.
    [ -z "$(pidof kubelet)" ] || without_kubelet
    cd "$folder"
    # Also those whose image is elsewhere, where an exchange was broken off.
    for disk in "$2"/*/; do
      [ -d "$disk" ] || continue
      disk=${disk%/}
      fsfreeze -u "$disk" 2>/dev/null || true
      kill_users "$disk"
      detach "$disk"
      chattr -i "$disk"
    done
    rm -rf "${folder:?}/$2"
    ;;
  *) fail "disk: what is $1?" ;;
esac
