# Words for what goes wrong: a stack of the file's own, twenty streams on it,
# and a worker who does not give up.
# shellcheck shell=bash
# shellcheck disable=SC2154 # job, attempt and the stack's environment

# stack_up [TOOLS/STACK ARGUMENT...]: for setup_file.
stack_up() {
  cd "$BATS_TEST_DIRNAME/../.." || return
  stack_dir=$(mktemp -d /tmp/ttfault.XXXXXX)
  export stack_dir
  tools/stack up --dir "$stack_dir" --port 0 ${SAN:+--san "$SAN"} "$@"
}

# For teardown_file.  What the sanitizers or an assertion had to say is a fault.
stack_down() {
  cd "$BATS_TEST_DIRNAME/../.." || return
  [ -n "${stack_dir-}" ] || return 0
  tools/stack down --dir "$stack_dir" >/dev/null
  if grep -raE -A 20 'Sanitizer|runtime error|Assertion|\*\*\*: terminated' \
    "$stack_dir/log"; then
    return 1
  fi
  tests/leaks "$stack_dir" || return
  rm -rf "$stack_dir"
}

# For setup.
on_stack() {
  cd "$BATS_TEST_DIRNAME/../.." || return
  # shellcheck disable=SC1091 # written by tools/stack
  . "$stack_dir/env"
  load ../helpers
  load ../stream/sse
  # shellcheck disable=SC2034 # the helpers'
  account=demo key=$TELLTALE_KEY
  writer=
}

super() { psql -XqAt -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN" -c "$1"; }

as_servers() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  else
    "$@"
  fi
}

# Short requests, timed: "status seconds" for each of N, one after the other.
ask() {
  local i urls=()
  for ((i = 0; i < $1; i++)); do urls+=(-o /dev/null "$TELLTALE_URL/api/v1/jobs"); done
  curl -s -m 30 -w '%{http_code} %{time_total}\n' -H "Authorization: Bearer $key" "${urls[@]}"
}

works() { [[ $(ask 1) == '200 '* ]]; }

restart_postgres() {
  (cd / && as_servers "$TELLTALE_PGBIN/pg_ctl" -s -w -m "$1" -D "$TELLTALE_PGDATA" \
    -l "$stack_dir/log/postgresql-start.log" restart >/dev/null 3>&- 4>&-)
}

# The cluster's processes, and no other's: they work in its data directory.
postgres_pids() {
  find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' -lname "$TELLTALE_PGDATA" 2>/dev/null |
    cut -d / -f 3
}

# The process of a program of this stack.
program_pid() {
  find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$stack_dir/site/cgi-bin/$1.fcgi" \
    2>/dev/null | cut -d / -f 3
}

# --- a worker ------------------------------------------------------------------

# Steps, one after the other, each until PostgreSQL has it; until it is told to
# stop.  What was done twice because its answer was lost is no news, and so no
# event.
write_on() {
  local n=0
  while [ ! -e "$BATS_TEST_TMPDIR/stop" ]; do
    n=$((n + 1))
    until progress "1, 'step $n'" 2>/dev/null; do sleep 0.05; done
    sleep 0.03
  done
}

start_writer() {
  rm -f "$BATS_TEST_TMPDIR/stop"
  write_on 3>&- 4>&- &
  writer=$!
}

stop_writer() {
  [ -n "$writer" ] || return 0
  touch "$BATS_TEST_TMPDIR/stop"
  wait "$writer" || true
  writer=
}

# --- twenty streams ------------------------------------------------------------

streams=$(seq 1 20)

open_twenty() {
  local i
  begin_job
  for i in $streams; do watch_job "s$i"; done
}

number_of_events() { events "$1" | wc -l; }
has_events() { [ "$(number_of_events "$1")" -ge "$2" ]; }

# Some more events arrive at the first and the last of them.
flowing() {
  local name
  for name in s1 s20; do
    within 20 has_events "$name" $(($(number_of_events "$name") + 5))
  done
}

all_open() { local i; for i in $streams; do is_open "s$i" || return 1; done; }

# Ids that a client was given, in order: each once, none left out, from the
# first to the job's last.
gapless() {
  diff <(printf '%s\n' "$1") <(seq "${1%%[!0-9]*}" "$(last_seq)")
}

# The job ends, and with it every stream, and none has lost a thing.
all_complete() {
  local i
  stop_writer
  within 20 complete
  for i in $streams; do
    ended "s$i" 20
    gapless "$(ids "s$i" | grep -v '^-$')" || { echo "stream s$i"; return 1; }
  done
}
