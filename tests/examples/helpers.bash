# Words the tests of the workers are written in.
# shellcheck shell=bash

# shellcheck source=tests/within.bash
. "${BASH_SOURCE[0]%/*}/../within.bash"

sql() { psql -XqAt -v ON_ERROR_STOP=1 -d "$TELLTALE_ADMIN_DSN" -c "$1"; }

# submit TYPE PAYLOAD [FILE [ATTEMPTS]]: prints the job.
submit() {
  bin/telltale submit --account "${account:-demo}" --type "$1" --payload "$2" ${3:+--file "$3"} \
    ${4:+--max-attempts "$4"}
}

# A column of the job.
job() { sql "select $2 from telltale.job where job_id = '$1'"; }

is_true() { [ "$(job "$1" "$2")" = t ]; }
until_true() { within 60 is_true "$@" || { job "$1" "row_to_json(job)"; return 1; }; }

# Start a worker in the background; it is ended, if need be, after the test.
start() {
  "$@" 3>&- 4>&- &
  worker=$!
}

# Jobs of the tests before this one are nobody's business.
clean_up() {
  [ -z "${workers-}" ] || kill "${workers[@]}" 2>/dev/null || true
  [ -z "${worker-}" ] || ! kill "$worker" 2>/dev/null || wait "$worker" || true
  [ -z "${site-}" ] || ! kill "$site" 2>/dev/null || wait "$site" || true
  sql "select telltale.remove(job_id) from telltale.job" >/dev/null
}

# The arguments of every process that a process has started.
arguments_below() {
  local child
  for child in $(ps -o pid= --ppid "$1"); do
    ps -ww -o args= -p "$child" || true
    arguments_below "$child"
  done
}

# Links to what a worker needs, but not to ffmpeg: prints a PATH.
path_without_ffmpeg() {
  local folder=$BATS_TEST_TMPDIR/path command
  mkdir -p "$folder"
  for command in psql perl sh env; do
    ln -sf "$(command -v "$command")" "$folder/$command"
  done
  # Where python3 is a script that looks for the real one.
  ln -sf "$(python3 -c 'import sys; print(sys.executable)')" "$folder/python3"
  echo "$folder"
}

# A site that serves a folder (see tests/examples/site): sets $web.
start_site() {
  mkdir -p "$1"
  tests/examples/site "$1" "$BATS_TEST_TMPDIR/port" 3>&- 4>&- &
  site=$!
  within 10 test -e "$BATS_TEST_TMPDIR/port"
  web=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
  export web
}
