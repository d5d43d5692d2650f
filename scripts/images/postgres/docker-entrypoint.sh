#!/bin/bash
# Starts PostgreSQL as the official image documents it (https://hub.docker.com/_/postgres): POSTGRES_USER, POSTGRES_PASSWORD,
# POSTGRES_DB, POSTGRES_INITDB_ARGS, POSTGRES_INITDB_WALDIR, POSTGRES_HOST_AUTH_METHOD (each also as NAME_FILE), PGDATA,
# /docker-entrypoint-initdb.d, any user (--user).
set -Eeuo pipefail

# setting NAME DEFAULT: the variable, or what the file in NAME_FILE says, or DEFAULT.
setting() {
  local name=$1 file=$1_FILE
  if [[ -n ${!name:-} && -n ${!file:-} ]]; then
    echo "error: both $name and $file are set (but are exclusive)" >&2
    exit 1
  fi
  if [[ -n ${!file:-} ]]; then printf %s "$(<"${!file}")"; else printf %s "${!name:-$2}"; fi
}

temporary_server() {
  # Reached by the socket only: nobody must find a server that is not ready for them.
  case $1 in
    start) PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p ${PGPORT:-5432}" -w start ;;
    stop) PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop ;;
  esac
}

# The name is the official one's: scripts in docker-entrypoint-initdb.d call it.
docker_process_sql() {
  local query=(psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc)
  if [[ -n ${POSTGRES_DB:-} ]]; then query+=(--dbname "$POSTGRES_DB"); fi
  PGHOST='' PGHOSTADDR='' "${query[@]}" "$@"
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        # As the official image does: a file that may not be executed is read into this shell.
        if [[ -x $file ]]; then
          echo "$0: running $file"
          "$file"
        else
          echo "$0: sourcing $file"
          # shellcheck source=/dev/null
          . "$file"
        fi
        ;;
      *.sql) echo "$0: running $file" && docker_process_sql -f "$file" ;;
      *.sql.gz) echo "$0: running $file" && gunzip -c "$file" | docker_process_sql ;;
      *.sql.xz) echo "$0: running $file" && xzcat "$file" | docker_process_sql ;;
      *.sql.zst) echo "$0: running $file" && zstd -dc "$file" | docker_process_sql ;;
      *) [[ ! -e $file ]] || echo "$0: ignoring $file" ;;
    esac
  done
}

# initdb wants a name for its user; one that --user made up has none.
name_the_user() {
  getent passwd "$(id -u)" >/dev/null && return 0
  local library
  for library in /usr/lib/*/libnss_wrapper.so; do
    [[ -s $library ]] || continue
    NSS_WRAPPER_PASSWD=$(mktemp) NSS_WRAPPER_GROUP=$(mktemp)
    printf 'postgres:x:%s:%s:PostgreSQL:%s:/bin/false\n' "$(id -u)" "$(id -g)" "$PGDATA" >"$NSS_WRAPPER_PASSWD"
    printf 'postgres:x:%s:\n' "$(id -g)" >"$NSS_WRAPPER_GROUP"
    export LD_PRELOAD=$library NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
    return 0
  done
}

initialise() {
  local password method waldir
  password=$(setting POSTGRES_PASSWORD '')
  method=$(setting POSTGRES_HOST_AUTH_METHOD '')
  waldir=$(setting POSTGRES_INITDB_WALDIR '')
  if [[ -z $password && $method != trust ]]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    echo '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.' >&2
    exit 1
  fi
  name_the_user
  # shellcheck disable=SC2086 # several arguments are wanted
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$password") '"${waldir:+--waldir \"\$waldir\"} $(setting POSTGRES_INITDB_ARGS '')"' "$@"'
  unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
  if [[ $method == trust ]]; then printf '\n# warning trust is enabled for all connections\n' >>"$PGDATA/pg_hba.conf"; fi
  # What the arguments of initdb or of the server make of passwords decides how they are asked for.
  printf '\nhost all all all %s\n' "${method:-$(postgres -D "$PGDATA" -C password_encryption)}" >>"$PGDATA/pg_hba.conf"
  export PGPASSWORD=${PGPASSWORD:-$password}
  temporary_server start
  if [[ $POSTGRES_DB != postgres ]]; then
    # \gexec and not a plain statement: the name is quoted by the server.
    local made=$POSTGRES_DB
    POSTGRES_DB='' docker_process_sql --dbname postgres --set db="$made" <<<"SELECT format('CREATE DATABASE %I', :'db') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db') \\gexec"
  fi
  run_init_files
  temporary_server stop
  unset PGPASSWORD
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

wants_help() {
  local argument
  for argument in "$@"; do
    case $argument in
      -'?' | --help | --describe-config | -V | --version) return 0 ;;
    esac
  done
  return 1
}

# Arguments alone are the server's.
if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi

if [[ ${1:-} == postgres ]] && ! wants_help "$@"; then
  waldir=$(setting POSTGRES_INITDB_WALDIR '')
  if [[ $(id -u) == 0 ]]; then
    mkdir -p "$PGDATA" /var/run/postgresql ${waldir:+"$waldir"}
    chmod 700 "$PGDATA" ${waldir:+"$waldir"} || true
    find "$PGDATA" ${waldir:+"$waldir"} \! -user postgres -exec chown postgres '{}' +
    chown postgres /var/run/postgresql || true
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
  fi
  mkdir -p "$PGDATA" ${waldir:+"$waldir"}
  # A chart may mount an empty folder over /var/run.
  mkdir -p /var/run/postgresql || true
  chmod 700 "$PGDATA" ${waldir:+"$waldir"} || true
  POSTGRES_USER=$(setting POSTGRES_USER postgres)
  POSTGRES_DB=$(setting POSTGRES_DB "$POSTGRES_USER")
  export POSTGRES_USER POSTGRES_DB
  if [[ ! -s $PGDATA/PG_VERSION ]]; then
    initialise
  else
    printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
  fi
fi
exec "$@"
