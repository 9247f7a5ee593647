#!/usr/bin/env bats
# Two thousand clients of one program, all of one job.  The tests are one after
# the other of one story.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and begin_job set what is used

N=2000

setup_file() {
  load load
  account=$(new_account)
  key=$(new_key "$account" job:read)
  begin_job
  export account key job attempt
}

teardown_file() {
  load load
  stop_all_load
  leave_all
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
}

@test "an idle stream costs the program less than 2 KiB" {
  local before after
  # What the first streams ever cost is not what a stream costs.
  start_load few --url "$TELLTALE_URL/api/v1/job/$job/progress" --streams 20
  all_open few
  progress 1
  within 5 have_had few 20 '"progress":1}'
  stop_load few
  within 10 are_open 0
  before=$(memory_of "$(program_pid)")
  echo "$before" >"$BATS_FILE_TMPDIR/before"

  start_load many --url "$TELLTALE_URL/api/v1/job/$job/progress" --streams $N
  all_open many 30
  within 10 are_open $N
  after=$(memory_of "$(program_pid)")
  echo "$after" >"$BATS_FILE_TMPDIR/after"

  figure "$N streams: from $before to $after KiB, $(((after - before) * 1024 / N)) bytes each"
  need_plain_build
  [ $(((after - before) * 1024 / N)) -lt 2048 ]
}

@test "one event reaches two thousand clients, each once" {
  progress "50, 't=' || extract(epoch from clock_timestamp())"
  within 10 have_had many $N '"progress":50,'
  progress "60, 't=' || extract(epoch from clock_timestamp())"
  within 10 have_had many $N '"progress":60,'

  [ "$(awk -F '\t' '/"progress":50,/ { print $1 }' "$(load_file many events)" |
    sort -u | wc -l)" = $N ]
  [ "$(wc -l <"$(load_file many events)")" = $((3 * N)) ]
}

@test "a second hub is not there: all streams are in one program" {
  [ "$(pgrep -cxf "$program_file")" = 1 ]
  [ "$(sql "select count(*) from telltale.listener where streams > 0")" = 1 ]
}

@test "thirty events in a row reach them all, in order" {
  local i
  for i in {61..90}; do progress "$i"; done
  within 20 have_had many $N '"progress":90[,}]'

  [ "$(grep -c '"progress":90[,}]' "$(load_file many events)")" = $N ]
}

@test "clients that vanish are noticed, and cost nothing more" {
  local now pid
  pid=$(program_pid)
  stop_load many KILL
  within 15 are_open 0
  progress 95

  now=$(memory_of "$pid")
  figure "without them: $now KiB"
  [ "$(program_pid)" = "$pid" ]
  need_plain_build
  [ "$now" -le $(($(<"$BATS_FILE_TMPDIR/after") + 512)) ]
}

@test "two thousand come and go again, and the program is no larger for it" {
  local pid now
  pid=$(program_pid)
  start_load again --url "$TELLTALE_URL/api/v1/job/$job/progress" --streams $N
  all_open again 30
  progress "96, 't=' || extract(epoch from clock_timestamp())"
  within 10 have_had again $N '"progress":96,'
  progress "97, 'done'"
  complete
  finish_load again

  [ "$(result again .ended)" = $N ]
  [ "$(result again '.duplicates + .disorder + .errors + .refused')" = 0 ]
  [ "$(program_pid)" = "$pid" ]
  within 15 are_open 0
  now=$(memory_of "$pid")
  figure "$N open after $(result again .connect_seconds) s; from the worker to the clients:" \
    "median $(result again .latency.p50), last $(result again .latency.p100) ms"
  figure "after them: $now KiB"
  need_plain_build
  [ "$now" -lt $(($(<"$BATS_FILE_TMPDIR/after") + 512)) ]
}
