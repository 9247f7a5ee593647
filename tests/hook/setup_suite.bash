# One PostgreSQL for the whole suite, and in it a database to copy: every test
# has a copy of its own (../sql/helpers.bash).

setup_suite() {
  bats_require_minimum_version 1.5.0
  # shellcheck source=tests/sql/cluster.bash
  . "$BATS_TEST_DIRNAME/../sql/cluster.bash"
  cluster_up
  psql -Xqc 'create database hook'
  PGDATABASE=hook "$BATS_TEST_DIRNAME/../../bin/telltale" init
  psql -Xq -v ON_ERROR_STOP=1 -d hook >/dev/null \
    -c "select telltale.account_add('demo'), telltale.account_add('other')"
}

teardown_suite() {
  # shellcheck source=tests/sql/cluster.bash
  . "$BATS_TEST_DIRNAME/../sql/cluster.bash"
  cluster_down
}
