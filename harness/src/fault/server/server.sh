# shellcheck shell=sh disable=SC2013 # numbers of processes are words
# The server of a container, on its node.
# usage: server VERB [CONTAINER], where CONTAINER is the runtime's id of it
set -eu

fail() {
  echo "$*" >&2
  exit 1
}

# The processes of a container.
processes() {
  grep -ls "$1" /proc/[0-9]*/cgroup | cut -d/ -f3
}

# The one that is process 1 inside: when it ends, the kernel ends all others with it.
first() {
  for process in $(processes "$1"); do
    inside=$(sed -n 's/^NSpid:.*[[:space:]]//p' "/proc/$process/status" 2>/dev/null) || continue
    if [ "$inside" = 1 ]; then
      echo "$process"
      return 0
    fi
  done
  fail "the container $1 has no process here"
}

state() {
  sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true
}

case $1 in
  # kill CONTAINER: SIGKILL to its process 1, which is gone afterwards
  kill)
    process=$(first "$2")
    kill -9 "$process"
    echo "at $(date +%s%N)"
    for _ in $(seq 100); do
      case $(state "$process") in
        '' | Z)
          echo "process $process"
          exit 0
          ;;
      esac
      sleep 0.05
    done
    fail "process $process of the container $2 is still there"
    ;;
  # stop CONTAINER: SIGSTOP to all its processes
  stop)
    process=$(first "$2")
    # A server starts others while it is being stopped: its first is stopped first.
    kill -STOP "$process"
    for one in $(processes "$2"); do kill -STOP "$one" 2>/dev/null || true; done
    echo "at $(date +%s%N)"
    [ "$(state "$process")" = T ] || fail "process $process of the container $2 is not stopped"
    echo "process $process"
    ;;
  # resume: every process of every container that is stopped goes on
  resume)
    for status in $(grep -ls '^State:[[:space:]]*T' /proc/[0-9]*/status); do
      process=$(echo "$status" | cut -d/ -f3)
      if grep -qs kubepods "/proc/$process/cgroup"; then kill -CONT "$process" 2>/dev/null || true; fi
    done
    ;;
  *) fail "server: what is $1?" ;;
esac
