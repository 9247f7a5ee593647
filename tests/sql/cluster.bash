# A PostgreSQL of one's own: a socket in a folder with a short name, no TCP, and
# not as root, which it refuses.

as_pg() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  else
    "$@"
  fi
}

pg_bin() { printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1; }

# Start one, and point libpq at it.
cluster_up() {
  local name
  for name in $(env | sed -n 's/^\(TELLTALE_[A-Z0-9_]*\|PG[A-Z]*\)=.*/\1/p'); do
    unset "$name"
  done
  PATH=$PATH:$(pg_bin)
  PGHOST=$(mktemp -d /tmp/ttsql.XXXXXX)
  export PATH PGHOST PGUSER=postgres PGDATABASE=postgres
  [ "$(id -u)" != 0 ] || chown postgres "$PGHOST"
  chmod 755 "$PGHOST"
  as_pg initdb -A trust -D "$PGHOST/data" -U postgres -E UTF8 --locale=C.UTF-8 \
    --no-sync >"$PGHOST/initdb.log"
  cat >>"$PGHOST/data/postgresql.conf" <<-END
	listen_addresses = ''
	unix_socket_directories = '$PGHOST'
	max_connections = 60
	shared_buffers = 64MB
	fsync = off
	autovacuum = off
	timezone = 'UTC'
	END
  as_pg pg_ctl -s -w -D "$PGHOST/data" -l "$PGHOST/log" start 3>&- 4>&-
}

cluster_down() {
  [ -n "${PGHOST-}" ] && [ -d "$PGHOST/data" ] || return 0
  as_pg pg_ctl -s -w -m immediate -D "$PGHOST/data" stop || true
  rm -rf "$PGHOST"
}
