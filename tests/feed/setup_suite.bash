# One PostgreSQL for the whole suite, to be hit while it works.  Its log writer
# is slow, so that a crash takes back what has been waiting for it.

setup_suite() {
  bats_require_minimum_version 1.5.0
  # shellcheck source=tests/sql/cluster.bash
  . "$BATS_TEST_DIRNAME/../sql/cluster.bash"
  cluster_up
  psql -Xqc 'create database telltale' -c "alter system set wal_writer_delay = '10s'" \
    -c 'select pg_reload_conf()' >/dev/null
  export PGDATABASE=telltale
  "$BATS_TEST_DIRNAME/../../bin/telltale" init >/dev/null
  export TELLTALE_DSN="host=$PGHOST dbname=telltale user=telltale_web"
}

teardown_suite() {
  # shellcheck source=tests/sql/cluster.bash
  . "$BATS_TEST_DIRNAME/../sql/cluster.bash"
  cluster_down
}
