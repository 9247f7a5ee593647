#!/usr/bin/env bats
# A thousand clients of each of the two streams of a whole queue, at once.  The
# tests are one after the other of one story.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file sets what is used

N=1000

# As many as the surfaces can be asked for.
types=(prompt image video pre post transform compliance index delete move)

setup_file() {
  load load
  load log
  account=$(new_account)
  key=$(new_key "$account" queue:read)
  export account key
  # Without what they have kept of the memory of those before.
  restart_program TERM queue-events
  restart_program TERM updates
}

teardown_file() {
  load load
  stop_all_load
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
  load log
}

# both COMMAND NAME ARGUMENT...: of either surface, as qNAME and uNAME.
both() {
  local command=$1 name=$2
  shift 2
  "$command" "q$name" "${@//SURFACE/$queue}"
  "$command" "u$name" "${@//SURFACE/$updates}"
}

# Of each of the types, in turn.
begin_of_types() {
  local name=$1 url=$2 type urls=$BATS_FILE_TMPDIR/$1.urls
  shift 2
  for type in "${types[@]}"; do printf '%s?type=%s\n' "$url" "$type"; done >"$urls"
  begin_load "$name" --urls "$urls" "$@"
}

memories() { printf '%s %s' "$(memory_of "$(program_pid queue-events)")" "$(memory_of "$(program_pid updates)")"; }

# In hundredths of a second, of either program and of the web server.
cpu_used() {
  local pid
  for pid in "$(program_pid queue-events)" "$(program_pid updates)" "$TELLTALE_SERVER_PID"; do
    awk '{ printf "%d ", $14 + $15 }' "/proc/$pid/stat"
  done
}

# add FROM TO SECOND TYPE...: jobs of these types in turn, so many a second, each
# in a transaction of its own; they say when.
add() {
  local list=${*:4}
  worker "do \$\$ declare began timestamptz := clock_timestamp(); begin
    for n in $1 .. $2 loop
      perform telltale.submit('$account', (string_to_array('$list', ' '))[1 + n % $(($# - 3))],
        file_path => 'n=' || n || ' t=' || extract(epoch from clock_timestamp()));
      commit;
      perform pg_sleep(extract(epoch from began + (n - $1 + 1) * interval '1 second' / $3 - clock_timestamp()));
    end loop; end \$\$"
}

# What ends it: one of each type.
end_of() {
  local type
  for type in "${@:2}"; do worker "select telltale.submit('$account', '$type', file_path => '$1')" >/dev/null; done
}

# all_alike SURFACE: each of the many has had the same as one of the few.
all_alike() {
  [ "$(result "${1}many" '.duplicates + .disorder + .errors + .refused + .ended')" = 0 ]
  [ "$(result "${1}many" .kinds)" = "$(result "${1}one" .kinds)" ]
  [ "$(result "${1}many" .digest)" = "$(result "${1}one" .digest)" ]
}

# The numbers of the jobs that a stream was told of, and the stream.
told_of() { sed -n 's/^\([0-9]*\)\t.*n=\([0-9]*\) t=.*/\2 \1/p' "$(load_file "$1" events)"; }

slow_cut() { echo "$(counter slow_cut queue-events) $(counter slow_cut updates)"; }

# latency NAME: from the worker to the client.
latency() { printf '%s/%s ms' "$(result "$1" .latency.p50)" "$(result "$1" .latency.p99)"; }

@test "an idle stream of either costs the program less than 2 KiB" {
  local before after
  # What the first streams ever cost is not what a stream costs.
  both begin_load few --url SURFACE --streams 20
  add 1 20 100 video
  both stop_load few
  within 10 are_open 0
  read -ra before <<<"$(memories)"

  unheard=1 both start_load many --url SURFACE --streams $N
  within 40 grep -qs ' begun$' "$(load_file qmany told)"
  within 40 grep -qs ' begun$' "$(load_file umany told)"
  within 10 are_open $((2 * N))
  read -ra after <<<"$(memories)"
  both stop_load many
  within 20 are_open 0

  figure "$N streams each: $(((after[0] - before[0]) * 1024 / N)) bytes one of queue-events," \
    "$(((after[1] - before[1]) * 1024 / N)) one of updates"
  need_plain_build
  [ $(((after[0] - before[0]) * 1024 / N)) -lt 2048 ]
  [ $(((after[1] - before[1]) * 1024 / N)) -lt 2048 ]
}

@test "500 events a second, each shown to two hundred: none falls behind, none grows" {
  local before after used late seconds=20
  late=$(slow_cut)
  unheard=1 both begin_of_types many SURFACE --streams $N --until over-1
  both begin_of_types one SURFACE --until over-1
  # Once with all of them is what it takes.
  add 1 500 500 "${types[@]}"
  read -ra before <<<"$(memories) $(cpu_used)"

  add 501 $((500 + seconds * 500)) 500 "${types[@]}"
  read -ra after <<<"$(memories) $(cpu_used)"
  end_of over-1 "${types[@]}"
  both finish_load many 60
  both finish_load one

  all_alike q
  all_alike u
  [ "$(told_of qone | sort -n | cut -d ' ' -f 1)" = "$(seq $((500 + seconds * 500)))" ]
  [ "$(told_of uone | sort -n | cut -d ' ' -f 1)" = "$(seq $((500 + seconds * 500)))" ]
  [ "$(slow_cut)" = "$late" ]
  figure "memory: queue-events ${before[0]} to ${after[0]}, updates ${before[1]} to ${after[1]} KiB"
  figure "a second of $seconds took $(((after[2] - before[2]) / seconds)), $(((after[3] - before[3]) / seconds))" \
    "and (web server) $(((after[4] - before[4]) / seconds)) hundredths of a processor;" \
    "median and p99: $(latency qmany), $(latency umany)"
  need_plain_build
  [ "${after[0]}" -lt $((before[0] + 4096)) ]
  [ "${after[1]}" -lt $((before[1] + 4096)) ]
}

@test "500 events a second, each shown to two thousand: none is lost on anybody" {
  local late
  late=$(slow_cut)
  unheard=1 both begin_load many --url SURFACE --streams $N --until over-2
  both begin_load one --url SURFACE --until over-2
  add 1 1500 500 video
  end_of over-2 video
  both finish_load many 60
  both finish_load one

  all_alike q
  all_alike u
  [ "$(told_of qone | cut -d ' ' -f 1)" = "$(seq 1500)" ]
  [ "$(told_of uone | cut -d ' ' -f 1)" = "$(seq 1500)" ]
  [ "$(slow_cut)" = "$late" ]
  figure "3,000,000 deliveries; median and p99: $(latency qmany), $(latency umany)"
}
