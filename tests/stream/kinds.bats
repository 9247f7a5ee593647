#!/usr/bin/env bats
# Each event of seed 002 and each opcode of seed 004 as it comes over the wire,
# caused by what causes it in life; tests/EVENTS.md has the list.  What files and
# folders cause is in tests/examples.
# bats file_tags=any-server
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file, request() and saw() set what is used
# shellcheck disable=SC2016 # the backquotes are of a pattern

setup_file() {
  load ../helpers
  load sse
  account=$(new_account)
  key=$(new_key "$account" queue:read,queue:write)
  # It is opened first and looked at last: its beat is half a minute.
  stream_dir=$BATS_FILE_TMPDIR open_stream beat /queue/events --max-time 300
  export account key
}

teardown_file() { stream_dir=$BATS_FILE_TMPDIR leave beat; }

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load sse
  open_stream queue /queue/events
  await queue '^event: connected'
  open_stream updates /api/updates -H 'Accept: text/event-stream'
  await updates '^id:'
}

teardown() {
  leave_all
  [ ! -s "$BATS_TEST_TMPDIR/own.program" ] || kill "$(cat "$BATS_TEST_TMPDIR/own.program")" 2>/dev/null || true
}

# what NAME: a line for each event: what it is called, and its data.
what() {
  case $1 in
  queue|beat)	shown "$1" ;;
  *)		datas "$1" | jq -rc '.opcode + " " + (.data | tojson)' ;;
  esac
}

# keys_of DATA: as the table has them.
keys_of() { jq -r 'keys_unsorted | join(", ")' <<<"$1"; }
table() { sed -nE 's/^\| `([a-z:_]+)` \| ([^|]*[^| ])? *\| [^|]* \| [^|]* \|$/\1 \2/p' "$BATS_TEST_DIRNAME/../EVENTS.md"; }

# has NAME EVENT [CONDITION]: one such is there; sets data to the first of them.
has() {
  data=$(what "$1" | sed -n "s/^$2 //p" | jq -c "select(${3:-true})" | head -n 1)
  [ -n "$data" ]
}

# saw NAME EVENT [CONDITION [SECONDS]]: until there is one, of which the table has the
# keys, in that order; and no event is of more than a line.
saw() {
  within "${4:-10}" has "$1" "$2" "${3:-true}" || { show_stream "$1" "which has no $2, ${3:-true}"; return 1; }
  table | grep -qxF "$2 $(keys_of "$data")" || { echo "EVENTS.md: $2: $data"; return 1; }
  awk '/^data:/ { n++ } /^$/ { n = 0 } n > 1 { exit 1 }' "$(stream_file "$1")"
}

# of ID: the condition that an event is of this job.
of() { printf '(.jobId // .id) == "%s"' "$1"; }

# say OPCODE DATA: as an operator's script does.
say() { "$BATS_TEST_DIRNAME/../../bin/telltale" publish --account "$account" "$@"; }

# control METHOD PATH [BODY]: it goes well.
control() {
  request "$1" "$2" -H 'Content-Type: application/json' -d "${3-}"
  [ "$http_status" = 200 ]
}

# --- /queue/events: the stream itself ----------------------------------------------

@test "a client is greeted by a name" {
  saw queue connected '.clientId | test("^client_[a-z0-9]{12}$")'
}

# --- jobs --------------------------------------------------------------------------

@test "a job that is submitted, claimed, worked at and done" {
  job=$(worker "select telltale.submit('$account', 'video', '{\"action\": \"index\"}', 'videos/clip \"1\".mp4')")
  saw queue job:created "$(of "$job") and .status == \"pending\" and .priority == 1"
  saw updates queue_item_added "$(of "$job") and .status == \"waiting\" and .action == \"index\""

  attempt=$(claim_job "$account" video | cut -d '|' -f 2)
  saw queue job:started "$(of "$job") and .status == \"running\""
  saw updates queue_item_processing "$(of "$job") and .status == \"processing\" and .action == \"index\""

  progress "47.9, 'frame 12'"
  saw queue job:progress "$(of "$job") and .progress == 47"
  saw updates status_update "$(of "$job") and .progress == 47.9 and .detail == \"frame 12\""

  complete
  saw queue job:completed "$(of "$job") and .status == \"completed\" and .filePath == \"videos/clip \\\"1\\\".mp4\""
  saw updates queue_item_completed "$(of "$job") and .status == \"completed\" and .file_path == \"videos/clip \\\"1\\\".mp4\""
}

@test "a job that fails, fails for good, and is tried again" {
  job=$(worker "select telltale.submit('$account', 'video', file_path => '/a.mp4', max_attempts => 2)")
  attempt=$(claim_job "$account" video | cut -d '|' -f 2)
  worker "select telltale.fail('$job', $attempt, 'no luck')" >/dev/null
  saw queue job:created "$(of "$job") and .attempt == 1"
  saw updates queue_item_updated "$(of "$job") and .status == \"waiting\" and .action == \"video\""

  # Its time has not come: it is sent for.
  worker "select telltale.retry('$job')" >/dev/null
  attempt=$(claim_job "$account" video | cut -d '|' -f 2)
  worker "select telltale.fail('$job', $attempt, 'FFmpeg process exited with code 1')" >/dev/null
  saw queue job:error "$(of "$job") and .status == \"error\" and .error == \"FFmpeg process exited with code 1\""
  saw updates queue_item_failed "$(of "$job") and .error == \"FFmpeg process exited with code 1\""

  control POST "/queue/jobs/$job/retry"
  saw queue job:created "$(of "$job") and .attempt == 2 and .status == \"pending\""
}

@test "a job that is cancelled and taken away" {
  job=$(submit_job "$account" image)
  control POST "/queue/jobs/$job/cancel"
  saw queue job:cancelled "$(of "$job") and .status == \"cancelled\" and .filePath == null"
  saw updates queue_item_removed "$(of "$job") and .action == \"image\" and .file_path == null"

  control DELETE "/queue/jobs/$job"
  saw queue job:deleted "$(of "$job") and .status == \"deleted\""

  job=$(submit_job "$account" image)
  control DELETE "/api/queue/items/$job"
  saw updates queue_item_removed "$(of "$job")"
}

# --- the queue as a whole ------------------------------------------------------------

@test "a queue that is paused and resumed by hand" {
  control POST /api/queue/pause
  saw updates queue_paused '.source == "manual"'
  control POST /api/queue/resume
  saw updates queue_resumed '.source == "manual"'
}

@test "a queue that its schedule pauses and resumes" {
  worker "select telltale.report_metrics('{\"cpu_percent\": 97.5}', '$account')" >/dev/null
  control PUT /api/queue/scheduler '{"enabled": true, "check_interval_seconds": 5,
    "rules": [{"rule": "cpu_percent", "operator": "lt", "value": 50}]}'
  saw updates scheduler_paused

  # Whoever looks at the clock is the hub.
  worker "select telltale.report_metrics('{\"cpu_percent\": 3}', '$account')" >/dev/null
  saw updates scheduler_resumed true 30
  control PUT /api/queue/scheduler '{"enabled": false}'
}

@test "what an application has to say" {
  say info '{"message": "two\nlines"}'
  saw updates info '.message == "two\nlines"'
  say error '{"message": "<disk full>"}'
  saw updates error '.message == "<disk full>"'
  say status_update '{"files": 9007199254740993}'
  await updates '"status_update","data":\{"files": 9007199254740993\}'
}

# --- the end ---------------------------------------------------------------------------

@test "the end of the program" {
  local out=$BATS_TEST_TMPDIR/own
  env -i PATH="$PATH" HTTP_AUTHORIZATION="Bearer $key" REQUEST_METHOD=GET REQUEST_URI=/api/updates \
    HTTP_ACCEPT=text/event-stream "$TELLTALE_DIR/site/cgi-bin/updates.fcgi" \
    </dev/null 2>"$out.err" > >(exec cat >"$out.sse" 3>&- 4>&-) 3>&- 4>&- &
  echo $! >"$out.program"
  within 5 grep -qs '^id:' "$out.sse"

  kill -TERM "$(cat "$out.program")"
  wait "$(cat "$out.program")"
  saw own shutting_down
  [ "$(what own | tail -n 1)" = 'shutting_down {}' ]
}

# --- /queue/events: time -----------------------------------------------------------------

@test "the time, every thirty seconds" {
  stream_dir=$BATS_FILE_TMPDIR saw beat heartbeat \
    '.timestamp | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$")' 60
}
