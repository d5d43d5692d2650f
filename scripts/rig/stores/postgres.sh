#!/bin/bash
# PostgreSQL with faults of the rig: its own entry point begins with another environment, with other settings, or on other files.
set -euo pipefail
folder=/var/lib/steadfast
fault_is() {
  [[ $(<$folder/fault) == "$1" ]] || return 1
  echo "$1" 2>/dev/null >$folder/reached || true
}

# Begun by root, it runs a second time as the server's own user.
if [[ ${1:-} == postgres && ! ${RIG_BEGUN:-} ]]; then
  export RIG_BEGUN=yes
  if fault_is "begins-anew"; then rm -rf "${PGDATA:?}"; fi
  if fault_is "data-beside-the-volume"; then export PGDATA=/tmp/beside; fi
  if fault_is "takes-no-writes"; then set -- "$@" -c default_transaction_read_only=on; fi
  if fault_is "serves-spoiled-pages"; then set -- "$@" -c ignore_checksum_failure=on; fi
  if fault_is "takes-any-password"; then export POSTGRES_HOST_AUTH_METHOD=trust; fi
  if fault_is "ignores-fsync"; then set -- "$@" -c fsync=off; fi
  if fault_is "postgres-starts-late"; then sleep 2; fi
fi
exec $folder/bin/docker-entrypoint.original.sh "$@"
