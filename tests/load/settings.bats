#!/usr/bin/env bats
# With other settings a client sees the same.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and begin_job set what is used

setup_file() {
  load load
  account=$(new_account)
  key=$(new_key "$account" job:read)
  export account key
}

teardown_file() {
  load load
  configure
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
  begin_job
}

teardown() {
  stop_all_load
  leave_all
}

# State, live events, a burst, resuming, the end, and staying away.
whole_story() {
  local n
  configure "$@"
  watch_job a
  for n in 10 20 30; do
    progress $n
    await a "\"progress\":$n}"
  done
  leave a

  worker "select count(telltale.progress('$job', $attempt, 30 + n / 10.0, 'step ' || n))
            from generate_series(1, 600) as n" >/dev/null
  start_load many --url "$TELLTALE_URL/api/v1/job/$job/progress" --last-id "$(last_id a)" \
    --streams 10 --reconnect
  all_open many
  within 10 have_had many 10 '"step 600"'
  progress "99.9, 'live'"
  within 5 have_had many 10 live
  complete
  finish_load many

  [ "$(result many .stopped)" = 10 ]
  [ "$(result many '.duplicates + .disorder + .gaps + .errors')" = 0 ]
  [ "$(events_of many 7 | cut -d ' ' -f 1 | tr '\n' ' ')" = "$({ echo -; seq 6 607; } | tr "\n" " ")" ]
}

@test "TELLTALE_FEED=poll: without LISTEN" {
  whole_story TELLTALE_FEED=poll TELLTALE_RETRY_MS=100
  [ -z "$(sql "select from telltale.listener_sleep where asleep")" ]
}

@test "TELLTALE_PREPARE=off: without prepared statements" {
  whole_story TELLTALE_PREPARE=off TELLTALE_RETRY_MS=100
}

@test "both, and one thread: as behind PgBouncer, on a small host" {
  whole_story TELLTALE_FEED=poll TELLTALE_PREPARE=off TELLTALE_THREADS=1 TELLTALE_RETRY_MS=100
}

@test "TELLTALE_TRACE=on: with each request in the log" {
  whole_story TELLTALE_TRACE=on TELLTALE_RETRY_MS=100
  logged 'trace: .*200'
}
