#!/usr/bin/env bats
# The database is hit while twenty streams are open and a worker writes: each of
# them stays open, on the connection that it has, and is told every event once.
# shellcheck disable=SC2154 # the stack's environment

setup_file() {
  load fault
  stack_up --set TELLTALE_DB_TIMEOUT=1 --set TELLTALE_KEEPALIVE=1
}

teardown_file() {
  load fault
  stack_down
}

setup() {
  bats_require_minimum_version 1.5.0
  load fault
  on_stack
}

teardown() {
  thaw
  connections -1
  stop_writer
  leave_all
}

feed_backend="select pid from pg_stat_activity where application_name = 'telltale feed'"

@test "the backend of the hub is killed" {
  open_twenty
  start_writer
  flowing

  kill -9 "$(super "$feed_backend")"

  flowing
  all_open
  all_complete
}

@test "all sessions are ended" {
  open_twenty
  start_writer
  flowing

  super "select pg_terminate_backend(pid) from pg_stat_activity
          where backend_type = 'client backend' and pid <> pg_backend_pid()" >/dev/null

  flowing
  all_open
  all_complete
}

@test "PostgreSQL is restarted" {
  open_twenty
  start_writer
  flowing

  restart_postgres fast

  flowing
  all_open
  all_complete
}

@test "PostgreSQL crashes, twice" {
  open_twenty
  start_writer
  flowing

  restart_postgres immediate
  flowing
  restart_postgres immediate

  flowing
  all_open
  all_complete
}

# --- frozen ----------------------------------------------------------------------

frozen=

freeze() {
  frozen=$(postgres_pids)
  # shellcheck disable=SC2086 # a word each
  kill -STOP $frozen
}

thaw() {
  [ -n "$frozen" ] || return 0
  # shellcheck disable=SC2086 # a word each
  kill -CONT $frozen 2>/dev/null || true
  frozen=
}

unavailable() {
  get /api/v1/jobs
  refused 503 SERVICE_UNAVAILABLE && [ "$(header Retry-After)" -ge 1 ]
}

keepalives() { grep -c '^: keepalive' "$(stream_file "$1")" || true; }
has_keepalives() { [ "$(keepalives "$1")" -ge "$2" ]; }

@test "PostgreSQL answers no more: short requests fail fast, streams live on" {
  open_twenty
  start_writer
  flowing
  works
  freeze

  # Within the timeout of 1 s, and then at once, but for one probe a second.
  ask 6 | tee "$BATS_TEST_TMPDIR/asked"
  awk -v ms="$(stretched 1000)" '$1 != 503 || $2 > 0.003 * ms { bad = 1 }
    NR == 1 && $2 < 0.5 { bad = 1 }
    NR > 1 && $2 > 0.0005 * ms { slow++ }
    END { exit bad || slow > 1 }' "$BATS_TEST_TMPDIR/asked"
  unavailable
  within 10 has_keepalives s1 $(($(keepalives s1) + 3))
  within 10 has_keepalives s20 $(($(keepalives s20) + 3))
  all_open

  thaw
  within 10 works
  flowing
  all_open
  all_complete
}

# --- full ------------------------------------------------------------------------

# The same error as where max_connections is reached, 53300, and nobody else has
# to be kept out for it.
connections() { super "alter role telltale_web connection limit $1"; }

end_web_sessions() {
  super "select pg_terminate_backend(pid) from pg_stat_activity
          where usename = 'telltale_web'" >/dev/null
}

no_web_session() {
  end_web_sessions
  [ "$(super "select count(*) from pg_stat_activity where usename = 'telltale_web'")" = 0 ]
}

@test "PostgreSQL has no connection left: as if it were away" {
  open_twenty
  start_writer
  flowing
  connections 0
  within 10 no_web_session

  unavailable
  logged 'too many connections'
  within 10 has_keepalives s1 $(($(keepalives s1) + 2))
  all_open

  connections -1
  within 10 works
  flowing
  all_open
  all_complete
}
