#!/usr/bin/env bats
# A program is killed, is sent half a request, or has no descriptor left.
# shellcheck disable=SC2154 # the stack's environment

setup_file() {
  load fault
  stack_up --set TELLTALE_THREADS=2
}

teardown_file() {
  load fault
  stack_down
}

setup() {
  bats_require_minimum_version 1.5.0
  load fault
  on_stack
  fcgi=build${SAN:+-$SAN}/tests/fault/fcgi
  [ -x "$fcgi" ] || { echo "make testprogs builds $fcgi"; return 1; }
}

teardown() {
  local pid
  stop_writer
  leave_all
  for pid in ${fcgis-}; do kill "$pid" 2>/dev/null || true; done
}

# --- killed ----------------------------------------------------------------------

# All that a client was given, over its connections, in their order.
ids_of() {
  local part
  for part in "$1" "$1.1"; do
    [ ! -e "$(stream_file "$part")" ] || ids "$part" | { grep -v '^-$' || true; }
  done
}

# The stream comes back where it was, as EventSource does.
come_back() {
  local i last
  last=$(ids_of "$1" | tail -n 1)
  for ((i = 0; i < 100; i++)); do
    open_stream "$1.1" "/api/v1/job/$job/progress" -H "Last-Event-ID: $last"
    if within 2 grep -q '^data:' "$(stream_file "$1.1")"; then return 0; fi
    leave "$1.1"
    sleep 0.1
  done
  return 1
}

all_ended() { local i; for i in $streams; do has_ended "s$i" || return 1; done; }

listeners_of() { sql "select count(*) from telltale.listener where pid = $1"; }
no_listener_of() { [ "$(listeners_of "$1")" = 0 ]; }

@test "the hub is killed: it is started again, and who comes back misses nothing" {
  local i pid
  open_twenty
  start_writer
  flowing
  pid=$(program_pid progress)
  [ "$(listeners_of "$pid")" = 1 ]

  kill -9 "$pid"

  within 10 all_ended
  for i in $streams; do come_back "s$i"; done
  [ "$(program_pid progress)" != "$pid" ]
  stop_writer
  complete
  for i in $streams; do
    ended "s$i.1" 10
    gapless "$(ids_of "s$i")" || { echo "client s$i"; return 1; }
  done
  watch_another
  within 30 no_listener_of "$pid"
}

# The hub that is there does the housekeeping, as long as it has a stream.
watch_another() {
  begin_job
  watch_job another
}

# --- half a request --------------------------------------------------------------

# The program's own socket, by the name that lighttpd gave it.
socket_of() { echo "$stack_dir/run/$1.sock-0"; }

# start_fcgi NAME WHAT: misbehaves towards jobs.fcgi in the background.
start_fcgi() {
  "$fcgi" "$(socket_of jobs)" "$2" >"$BATS_TEST_TMPDIR/$1" 2>&1 3>&- 4>&- &
  fcgis+=" $!"
  within 5 grep -q waiting "$BATS_TEST_TMPDIR/$1"
}

# It was let go, after so many ms at most.
let_go() {
  within 40 grep -qE '^[0-9]+$' "$BATS_TEST_TMPDIR/$1"
  [ "$(tail -n 1 "$BATS_TEST_TMPDIR/$1")" -le "$(stretched "$2")" ]
}

@test "half a request takes one thread, and not for ever" {
  works
  start_fcgi one half
  works
  works
  let_go one 15000
  works
}

@test "as many half requests as there are threads are sat out" {
  works
  start_fcgi one half
  start_fcgi two silent

  # Both threads wait for the rest, and then it is our turn.
  works
  let_go one 15000
  let_go two 15000
  works
}

@test "a request without a web server is answered as one with it" {
  works
  run -0 "$fcgi" "$(socket_of jobs)" get REQUEST_METHOD=GET REQUEST_URI=/api/v1/jobs \
    "HTTP_AUTHORIZATION=Bearer $key"
  [[ $output == 'Status: 200'* ]]
  [[ $output == *'"jobs"'* ]]
}

# --- descriptors -----------------------------------------------------------------

# limit_files PROGRAM N: it may open so many more than it has open.
limit_files() {
  local pid open
  pid=$(program_pid "$1")
  open=$(find "/proc/$pid/fd" -mindepth 1 -printf '%f\n' | sort -n | tail -n 1)
  as_servers prlimit --pid "$pid" --nofile=$((open + 1 + $2)):
}

is_let_in() { grep -q '^data:' "$(stream_file "$1")"; }
let_in_or_told() { is_let_in "$1" || [ "$(stream_header "$1" Retry-After)" != '' ]; }

# For a second after such a failure it is still 503.
comes_in() {
  open_stream "$1" "/api/v1/job/$job/progress"
  within 2 is_let_in "$1" || { leave "$1"; return 1; }
}

@test "a program without a descriptor left sits it out" {
  local pid files i
  begin_job
  watch_job first
  pid=$(program_pid progress)
  files=$(awk '/open files/ { print $4 }' "/proc/$pid/limits")
  limit_files progress 4

  for ((i = 0; i < 12; i++)); do
    open_stream "more$i" "/api/v1/job/$job/progress"
  done
  logged 'accept: Too many open files'

  # Whoever is in is served, and nobody is thrown out.
  progress "10, 'still here'"
  await first 'still here'
  is_open first
  [ "$(program_pid progress)" = "$pid" ]

  # Those who wait are let in when there is room again; but who was let in when
  # there was none for a session of his may have been told to come back.
  as_servers prlimit --pid "$pid" --nofile="$files:"
  for ((i = 0; i < 12; i++)); do within 15 let_in_or_told "more$i"; done
  progress "20, 'all here'"
  for ((i = 0; i < 12; i++)); do
    if is_let_in "more$i"; then await "more$i" 'all here'; fi
  done
  await first 'all here'
  within 15 comes_in last
  [ "$(program_pid progress)" = "$pid" ]
}
