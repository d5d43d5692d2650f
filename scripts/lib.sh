# shellcheck shell=bash
# What every script here shares: exit codes, the cache, messages with times, locks. Sourced, never run.

shopt -s inherit_errexit # an error inside $(...) ends that too

EXIT_NO_ENGINE=10     # no Docker engine answers, and none can be installed
EXIT_UNPRIVILEGED=11  # the engine refuses privileged containers
EXIT_NO_COMPILER=12   # Go, Rust or another tool is missing where something must be built or checked
EXIT_NO_REGISTRY=13   # an image registry or a package source does not answer
EXIT_NO_VERSION=14    # a version that cannot be had
EXIT_TOO_SMALL=15     # too little disk or memory, or inotify limits too low
EXIT_IN_USE=20        # another process works on the same thing
EXIT_NO_GROUND=34     # a ground did not become what it is about
export EXIT_NO_ENGINE EXIT_UNPRIVILEGED EXIT_NO_COMPILER EXIT_NO_REGISTRY EXIT_NO_VERSION EXIT_TOO_SMALL EXIT_IN_USE EXIT_NO_GROUND

KIND_VERSION=0.33.0
HELM_VERSION=4.3.1
# Kubernetes by where it comes from; a minor means the release that stands here. A registry has the node images that were
# published with this kind (https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0). Their digests count: a tag is
# given anew when another kind needs another image.
KUBERNETES_PUBLISHED='
  1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d
  1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0
  1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed
  1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5'
# Go modules are what we compile it from; not every patch release resolves.
KUBERNETES_MODULES='1.33.13 1.34.4 1.35.4 1.36.3 1.37.2'
export KIND_VERSION HELM_VERSION KUBERNETES_PUBLISHED KUBERNETES_MODULES

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${STEADFAST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/steadfast}
mkdir -p "$CACHE"/{artifacts,bin,build,engine,locks}
PATH=$PATH:$CACHE/bin # kind and Helm, where the machine has none of its own
export REPOSITORY CACHE PATH

say() { printf '%s\n' "$*" >&2; }

# die CODE MESSAGE: one clear error.
die() {
  local code=$1
  shift
  say "error: $*"
  exit "$code"
}

# answers: whether a Docker engine does.
answers() { timeout 20 docker info >/dev/null 2>&1; }

# has_engine: whether this machine has a dockerd that is new enough to be started. bookworm's cannot run privileged
# containers where the machine lacks a capability; trixie's can.
OLDEST_ENGINE=26
has_engine() {
  local version
  version=$(dockerd --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p') || true
  ((${version:-0} >= OLDEST_ENGINE))
}

# step TEXT COMMAND...: says what is done and how long it took; what the command prints on stdout stays there.
# Nothing here catches a failure: inside `if`, `||` and `&&` bash would stop ending functions at their first error.
step() {
  local text=$1 from=${EPOCHREALTIME/[.,]/}
  shift
  say "==> $text"
  "$@"
  local ms=$(((${EPOCHREALTIME/[.,]/} - from) / 1000))
  say "    $((ms / 1000)).$(printf %03d $((ms % 1000))) s"
}

# locked NAME COMMAND...: one process at a time, so that two set-ups on one machine do not build the same thing twice.
locked() {
  local name=$1 fd
  shift
  exec {fd}>"$CACHE/locks/$name"
  flock -n "$fd" || {
    say "    waiting for another process that works on $name"
    flock "$fd"
  }
  "$@"
  exec {fd}>&-
}

# recipe_hash PATH...: a short hash over the names and contents of the files under PATHs.
recipe_hash() {
  (cd "$REPOSITORY" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-12
}

# need_go / need_rust WHAT: a compiler, or one clear error.
need_go() { command -v go >/dev/null || die "$EXIT_NO_COMPILER" "Go is needed to build $1, and there is none on the PATH: install Go 1.26 or newer."; }
need_rust() { command -v cargo >/dev/null || die "$EXIT_NO_COMPILER" "Rust is needed to build $1, and there is no cargo on the PATH: install Rust by rustup."; }

# compile_tests TEST...: compiles these tests of the workspace, and prints name and path of the suites and of the program among
# what came of it. Of the program only the test `alone` brings one along that has the features which the suites ask for.
compile_tests() {
  # Cargo says on stderr what it compiles; where it is, it says on stdout.
  cargo test --locked --workspace "${@/#/--test=}" --no-run --message-format json-render-diagnostics |
    sed -n 's/.*"name":"\(conformance\|steadfast\)".*"executable":"\([^"]*\)".*/\1 \2/p'
}

# as_root_on_debian: whether this machine may install Debian packages for itself.
as_root_on_debian() {
  [[ $(id -u) == 0 ]] && grep -qs '^ID=debian$' /etc/os-release
}

# need_packages PROGRAM=PACKAGE...: installs the Debian packages whose program is missing, or says which to install.
need_packages() {
  local pair missing=()
  for pair; do command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}"); done
  ((${#missing[@]})) || return 0
  as_root_on_debian || die "$EXIT_NO_COMPILER" "these Debian packages (or their like) are missing: ${missing[*]}. Install them (on Debian this script does it as root)."
  say "    installing ${missing[*]}"
  apt_get update
  apt_get install -y --no-install-recommends "${missing[@]}"
}

# apt_get ...: quiet, one at a time, and with an exit code that names the trouble. By flock(1), not by `locked`: behind `||`
# a function goes on after its first error.
apt_get() {
  flock "$CACHE/locks/apt" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >&2 ||
    die "$EXIT_NO_REGISTRY" "apt-get $* failed: do the package sources answer?"
}

# artifact KEY COMMAND...: makes the folder artifacts/KEY once and prints its path. COMMAND gets the folder to fill as its
# last argument; it is renamed when COMMAND has ended well, so a broken-off build is never taken as complete.
artifact() {
  local key=$1 made=$CACHE/artifacts/$1
  shift
  [[ -d $made ]] || step "making $key" locked "$key" make_artifact "$made" "$@" >&2
  echo "$made"
}
make_artifact() {
  local made=$1 partial
  shift
  if [[ -d $made ]]; then return; fi # another process was faster
  partial=$(dirname "$made")/.$(basename "$made").partial
  rm -rf "$partial"
  mkdir -p "$partial"
  "$@" "$partial"
  mv "$partial" "$made"
}

# versions RELEASES: those of VERSION[@DIGEST]..., on one line.
versions() {
  local release all=()
  for release in $1; do all+=("${release%@*}"); done
  echo "${all[*]}"
}

# image_label REFERENCE: "ID RECIPE" of an image in the engine (RECIPE is - where we did not build it), or nothing.
image_label() {
  # An image without any label has no map of them to look into.
  local recipe='{{with .Config.Labels}}{{with index . "steadfast.recipe"}}{{.}}{{else}}-{{end}}{{else}}-{{end}}'
  docker image inspect --format "{{.Id}} $recipe" "$1" 2>/dev/null || true
}
