# One PostgreSQL for the whole suite, and in it a database to copy: every test
# has a copy of its own (helpers.bash).

setup_suite() {
  bats_require_minimum_version 1.5.0
  # shellcheck source=tests/sql/cluster.bash
  . "$BATS_TEST_DIRNAME/cluster.bash"
  cluster_up
  psql -Xqc 'create database fresh'
  PGDATABASE=fresh "$BATS_TEST_DIRNAME/../../bin/telltale" init
  psql -Xq -v ON_ERROR_STOP=1 -c 'create database fixture template fresh'
  psql -Xq -v ON_ERROR_STOP=1 -d fixture -f "$BATS_TEST_DIRNAME/fixture.sql" >/dev/null
}

teardown_suite() {
  # shellcheck source=tests/sql/cluster.bash
  . "$BATS_TEST_DIRNAME/cluster.bash"
  cluster_down
}
