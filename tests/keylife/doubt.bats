#!/usr/bin/env bats
# A place may be taken by a call whose answer never came: it is found out.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup() and get() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load keylife
  on_stack
  account=bats-$(unique 8)
  telltale account add "$account" --watch-limit 2 --rate 1000000 >/dev/null
  key=$(new_key "$account" job:read)
  begin_job
  path=/api/v1/job/$job/progress
}

teardown() {
  [ -z "${holder-}" ] || kill "$holder" 2>/dev/null || true
  leave_all
}

waiting() {
  sql "select count(*) from pg_locks
        where locktype = 'advisory' and classid = 29782 and not granted"
}
one_waits() { [ "$(waiting)" -ge 1 ]; }
none_waits() { [ "$(waiting)" = 0 ]; }

places() {
  sql "select coalesce(sum(s.n), 0)
         from telltale.stream_lease as s join telltale.account as a using (account_id)
        where a.name = '$account'"
}
are_taken() { [ "$(places)" = "$1" ]; }

super() { psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "$1"; }

# Others hold such a lock too, for a moment: this one is the sleeper's.
held="from pg_locks join pg_stat_activity as s using (pid)
  where classid = 29782 and granted and s.query = 'select pg_sleep(60)'"
is_held() { [ "$(super "select count(*) $held")" = 1 ]; }

# Nobody else may count for the account until release.
hold() {
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "select pg_advisory_lock(29782,
    (account_id % 2147483647)::integer) from telltale.account where name = '$account'" \
    -c 'select pg_sleep(60)' >/dev/null 2>&1 3>&- 4>&- &
  holder=$!
  within 5 is_held
}
release() {
  super "select pg_terminate_backend(pid) $held" >/dev/null
  wait "$holder" || true
  holder=
}

@test "a place whose taking was not waited for is given back" {
  watch_job a
  hold
  open_stream late "$path"
  within 5 one_waits
  ended late
  head -n 1 "$(stream_file late head)" | grep ' 503'
  release
  within 5 none_waits

  within 10 are_taken 1
  is_open a
  comes_in() { open_stream b "$path" && within 2 grep -q ^data: "$(stream_file b)"; }
  within 5 comes_in
  progress 50
  await a '"progress":50'
  await b '"progress":50'
  get "$path"
  refused 429 RATE_LIMITED
  within 5 are_taken 2
}

# What is answered is answered to those who are connected; whether what broke
# off was done or not nobody knows.
@test "while connections are ended under those who come, the count is right in the end" {
  local i killer
  telltale account set "$account" --watch-limit 1000
  watch_job a
  for ((i = 0; i < 150; i++)); do
    echo "select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'telltale'; select pg_sleep(0.02);"
  done | psql -XAtq -d "$TELLTALE_SUPER_DSN" >/dev/null 3>&- 4>&- &
  killer=$!

  for ((i = 0; i < 40; i++)); do open_stream "s$i" "$path"; done
  wait "$killer"
  answered() {
    for ((i = 0; i < 40; i++)); do
      has_ended "s$i" || grep -q '^data:' "$(stream_file "s$i")" || return 1
    done
  }
  within 10 answered
  are_open() { grep -lE '^data:' "$BATS_TEST_TMPDIR"/*.sse | wc -l; }
  printf 'open: %s, counted: %s\n' "$(are_open)" "$(places)"
  within 15 are_taken "$(are_open)"

  for ((i = 0; i < 40; i++)); do leave "s$i"; done
  within 10 are_taken 1
}
