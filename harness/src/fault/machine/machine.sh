# shellcheck shell=sh
# A node's machine is lost, or another takes its place. What was made before any cluster, images and the network, is both machines'.
# usage: machine VERB
set -eu
configuration=/kind/kubeadm.conf
containers() { ctr --namespace k8s.io containers "$@"; }
tasks() { ctr --namespace k8s.io tasks "$@"; }
lost() { [ ! -e /etc/kubernetes/kubelet.conf ]; }

case $1 in
  # lose: whatever runs ends at once, and everything that was kept is gone; nobody is told
  lose)
    systemctl stop kubelet
    for container in $(containers list --quiet); do
      tasks kill --signal SIGKILL "$container" 2>/dev/null || true # it ended by itself, or never began
    done
    for container in $(containers list --quiet); do
      tasks delete --force "$container" >/dev/null 2>&1 || true # it has none
      containers delete "$container"
    done
    # It remembers what it ran.
    systemctl restart containerd
    for network in /run/netns/*; do
      [ ! -e "$network" ] || { umount "$network" && rm "$network"; }
    done
    grep -o ' /var/lib/kubelet/[^ ]*' /proc/mounts | sort -r | while read -r mounted; do umount "$mounted"; done
    for folder in /etc/cni/net.d /etc/kubernetes /run/cni-ipam-state /var/lib/kubelet /var/local-path-provisioner; do
      [ ! -d "$folder" ] || find "$folder" -mindepth 1 -delete
    done
    left=$(containers list --quiet)
    [ -z "$left" ] || { echo "these containers are left: $left" >&2; exit 1; }
    lost
    ;;
  # admit: on the control plane, a machine may join as kind would have it; on others, nothing
  admit)
    [ -e /etc/kubernetes/admin.conf ] || exit 0
    token=$(sed -n 's/^ *-* *token: *//p' "$configuration" | sort -u)
    # What kind made has a day to live.
    kubeadm token delete "$token" >/dev/null 2>&1 || true # it is over
    kubeadm token create "$token" --ttl 1h >/dev/null
    ;;
  # lost: whether the machine is
  lost) if lost; then echo lost 1; else echo lost 0; fi ;;
  # join: it joins the cluster as a new node of the name
  join)
    mkdir -p /etc/kubernetes/manifests
    kubeadm join --config "$configuration" --skip-phases preflight >/var/log/join 2>&1 || {
      tail -n 5 /var/log/join >&2
      exit 1
    }
    ;;
esac
