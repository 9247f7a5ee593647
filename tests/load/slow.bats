#!/usr/bin/env bats
# Clients that read slowly, and more at once than anybody reads.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and begin_job set what is used

setup_file() {
  load load
  account=$(new_account)
  key=$(new_key "$account" job:read)
  export account key

  # Reads nothing at all; it is looked at when half a minute is over.  As long as
  # there is another, the hub is, and knows of it.
  begin_job pre
  start_load other --url "$TELLTALE_URL/api/v1/job/$job/progress"
  all_open other
  within 20 are_open 1
  start_load deaf --url "$TELLTALE_URL/api/v1/job/$job/progress" --rate 1
  within 10 are_open 2
  big_burst 1 2000
  export deaf=$job
}

teardown_file() {
  load load
  stop_load deaf KILL
  stop_load other KILL
  configure
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
  begin_job
  url=$TELLTALE_URL/api/v1/job/$job/progress
}

teardown() {
  local name
  for name in slow fast both; do stop_load $name KILL; done
  quiet=$deaf leave_all
}

# Small receive buffers let a client at a rate read some 300 KB a second.
whole() {
  [ "$(result "$1" '.duplicates + .disorder + .gaps + .errors')" = 0 ] &&
    [ "$(result "$1" .ended)" = "$(result "$1" .streams)" ]
}

@test "ten thousand events of one transaction reach all, a slow client too" {
  start_load slow --url "$url" --rate 250000
  start_load fast --url "$url" --streams 20
  all_open slow
  all_open fast
  burst 1 10000
  complete
  finish_load fast
  finish_load slow 40

  ended_before fast slow
  whole fast
  whole slow
  [ "$(result fast .events_min)" = 10002 ]
  [ "$(result fast .events_max)" = 10002 ]
  [ "$(result slow .events)" = 10002 ]
  [ "$(events_of slow 0)" = "$(events_of fast 0)" ]
  figure "fast: $(result fast .seconds) s; slow: $(result slow .bytes) bytes in" \
    "$(result slow .seconds) s"
}

@test "what a slow client does not take is not kept for it" {
  local before caught_up
  caught_up=$(counter caught_up)
  before=$(memory_of "$(program_pid)")
  start_load slow --url "$url" --rate 20000 --streams 20
  all_open slow
  big_burst 1 2000
  within 10 newer_than caught_up "$caught_up"

  # 80 MB in all; 256 KiB each at most are queued.
  figure "20 slow clients: from $before to $(memory_of "$(program_pid)") KiB"
  need_plain_build
  [ "$(memory_of "$(program_pid)")" -lt $((before + 20 * 320 + 2048)) ]
}

@test "a client that reads slowly is shown the newest, and the end" {
  local coalesced last
  coalesced=$(counter coalesced)
  start_load slow --url "$url" --rate 100000
  all_open slow
  # Faster than it reads, whatever else the machine does: in one statement.  All
  # of it is 45 seconds for the client, and sockets on the way may hold most.
  worker "do \$\$ begin for n in 1 .. 2500 loop
            perform telltale.progress('$job', $attempt, n * 0.03, 'step ' || n || ' ' || repeat('ä', 900));
            commit;
          end loop; end \$\$"
  complete
  finish_load slow 120

  [ "$(result slow '.duplicates + .disorder + .errors')" = 0 ]
  [ "$(result slow .ended)" = 1 ]
  last=$(events_of slow 0 | tail -n 1)
  [ "${last%% *}" = 2503 ]
  [ "$(cut -d ' ' -f 3- <<<"$last" | jq -c '[.status, .progress]')" = '["completed",100]' ]
  within 10 newer_than coalesced "$coalesced"
  figure "2,500 transactions: $(result slow .events) events in $(result slow .seconds) s"
  [ "$(result slow .events)" -lt 2502 ]
}

@test "a client that has taken nothing for half a minute is let go" {
  within 45 newer_than slow_cut 0
  within 5 are_open 1
}

@test "a job that ends amid more than fits is seen to end" {
  local other
  configure TELLTALE_STREAM_BUFFER=4096
  other=$(submit_job "$account" move)
  start_load both --url "$TELLTALE_URL/api/v1/jobs/progress?ids=$other,$job"
  all_open both
  worker "begin;
    select telltale.cancel('$other');
    select count(telltale.progress('$job', $attempt, n / 10.0)) from generate_series(1, 400) as n;
    select telltale.complete('$job', $attempt);
    commit" >/dev/null
  finish_load both

  whole both
  [ "$(result both .events)" = 404 ]
  [ "$(events_of both 0 | grep -c CANCELLED)" = 1 ]
}

@test "with the smallest buffer, nothing is lost either" {
  configure TELLTALE_STREAM_BUFFER=4096
  start_load slow --url "$url" --rate 500000
  start_load fast --url "$url" --streams 10
  all_open slow
  all_open fast
  big_burst 1 600
  complete
  finish_load fast
  finish_load slow

  whole fast
  whole slow
  [ "$(result fast .events_min)" = 602 ]
  [ "$(result slow .events)" = 602 ]
}
