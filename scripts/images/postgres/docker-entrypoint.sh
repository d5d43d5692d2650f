#!/bin/bash
# Starts PostgreSQL with the settings of the official image: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB,
# POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD (each also as NAME_FILE), PGDATA, /docker-entrypoint-initdb.d.
set -Eeuo pipefail

# setting NAME DEFAULT: the variable, or what the file in NAME_FILE says, or DEFAULT.
setting() {
  local name=$1 file=$1_FILE
  if [[ -n ${!name:-} && -n ${!file:-} ]]; then
    echo "error: both $name and $file are set" >&2
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

run_sql() {
  PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        echo "$0: running $file"
        # As the official image does: a file that may not be executed is read into this shell.
        # shellcheck source=/dev/null
        if [[ -x $file ]]; then "$file"; else . "$file"; fi
        ;;
      *.sql) echo "$0: running $file" && run_sql --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) echo "$0: running $file" && gunzip -c "$file" | run_sql --dbname "$POSTGRES_DB" ;;
      *) [[ ! -e $file ]] || echo "$0: ignoring $file" ;;
    esac
  done
}

initialise() {
  local password method
  password=$(setting POSTGRES_PASSWORD '')
  method=$(setting POSTGRES_HOST_AUTH_METHOD '')
  if [[ -z $password && $method != trust ]]; then
    echo 'error: the database is uninitialised and POSTGRES_PASSWORD is not set' >&2
    exit 1
  fi
  # shellcheck disable=SC2086 # several arguments are wanted
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$password") '"$(setting POSTGRES_INITDB_ARGS '')"' "$@"'
  printf '\nhost all all all %s\n' "${method:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  export PGPASSWORD=${PGPASSWORD:-$password}
  temporary_server start
  if [[ $POSTGRES_DB != postgres ]]; then
    # \gexec and not a plain statement: the name is quoted by the server.
    run_sql --dbname postgres --set db="$POSTGRES_DB" <<<"SELECT format('CREATE DATABASE %I', :'db') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db') \\gexec"
  fi
  run_init_files
  temporary_server stop
  unset PGPASSWORD
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

# Arguments alone are the server's.
if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi

if [[ ${1:-} == postgres ]]; then
  if [[ $(id -u) == 0 ]]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA" || true
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    chown postgres /var/run/postgresql || true
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
  fi
  mkdir -p "$PGDATA"
  # A chart may mount an empty folder over /var/run.
  mkdir -p /var/run/postgresql || true
  chmod 700 "$PGDATA" || true
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
