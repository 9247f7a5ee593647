#!/usr/bin/env bats
# More at once than a stream holds, and clients that do not take it.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup sets what is used

setup() {
  bats_require_minimum_version 1.5.0
  load load
  load log
  # Without what it has kept of the memory of those before.
  restart_program TERM updates
}

teardown() { stop_all_load; }

# peak_of PID, since forget_peak PID: in KiB.
forget_peak() { echo 5 >"/proc/$1/clear_refs"; }
peak_of() { awk '/^VmHWM:/ { print $2 }' "/proc/$1/status"; }

# said FROM TO [BYTES]: the statement, which is one transaction.
said() {
  echo "select count(telltale.publish('$account', 'info',
          jsonb_build_object('message', '1-' || n, 'more', repeat('x', ${3:-0}))))
          from generate_series($1, $2) as n;"
}

# burst CLIENTS: whole and in order for each, and what it took.
burst_for() {
  local pid before
  account=$(new_account)
  key=$(new_key "$account" queue:read)
  unheard=1 begin_load many --url "$updates" --streams "$1" --until over
  begin_load one --url "$updates" --until over
  pid=$(program_pid updates)
  forget_peak "$pid"
  before=$(peak_of "$pid")
  worker "$(said 1 10000)" >/dev/null
  last_word over
  finish_load many 90
  finish_load one 90

  has_all_said one 0
  ids_differ one 0
  [ "$(result many '.kinds')" = 1 ]
  [ "$(result many .digest)" = "$(result one .digest)" ]
  [ "$(result many .events_min)" = 10001 ]
  [ "$(result many .events_max)" = 10001 ]
  took=$(($(peak_of "$pid") - before))
  figure "$1 clients, 10,000 events: $took KiB more, $(result many .bytes) bytes in $(result many .seconds) s"
}

# One megabyte for each would be all of it.  A stream may queue 256 KiB, and what
# it queues with others is there once.
@test "ten thousand in one transaction: whole, in order, for 1, 100 and 500" {
  local took
  burst_for 1
  burst_for 100
  burst_for 500
  need_plain_build
  [ "$took" -lt $((500 * 40 + 8192)) ]
}

@test "who reads a byte a second, or too slowly, holds nobody up and costs little" {
  local pid before late n
  account=$(new_account)
  key=$(new_key "$account" queue:read)
  late=$(counter slow_cut updates)
  begin_load fast --url "$updates" --streams 10 --until over
  begin_load slow --url "$updates" --rate 400000 --until over
  unheard=1 start_load deaf --url "$updates" --streams 20 --rate 1
  within 10 are_open 31
  pid=$(program_pid updates)
  forget_peak "$pid"
  before=$(peak_of "$pid")
  # In one session: to begin one for each may take longer than to read all.
  for n in {0..39}; do said $((n * 50 + 1)) $((n * 50 + 50)) 1500; done |
    psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_WORKER_DSN" >/dev/null
  last_word over
  finish_load fast 30
  finish_load slow 40

  ended_before fast slow
  has_all_said slow 0
  has_all_said fast 0
  [ "$(result fast .kinds)" = 1 ]
  [ "$(result fast .events_min)" = 2001 ]
  [ "$(counter slow_cut updates)" = "$late" ]
  figure "20 that read a byte a second, and 3 MB: $(($(peak_of "$pid") - before)) KiB more"
  need_plain_build
  [ $(($(peak_of "$pid") - before)) -lt $((22 * 320 + 4096)) ]
}
