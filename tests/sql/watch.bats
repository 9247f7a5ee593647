#!/usr/bin/env bats
# telltale watch: what it makes of what a server says.  That it understands ours
# is shown in tests/stream.
# shellcheck disable=SC2030,SC2031,SC2154 # each test has an output of its own

setup() {
  load helpers
  at=$BATS_TEST_TMPDIR
}

teardown() {
  [ -z "${server-}" ] || kill "$server" 2>/dev/null || true
}

# The next connection is answered with this: a status, a content type, the input.
answer() {
  local n=1
  while [ -e "$at/$n" ]; do n=$((n + 1)); done
  { printf 'HTTP/1.1 %s\r\nContent-Type: %s\r\n%s\r\n' "$1" "${2-text/event-stream}" "${3:+$3$'\r\n'}"; cat; } \
    >"$at/$n"
}

# An event: its id, name and data.
event() { printf 'id: %s\nevent: %s\ndata: %s\n\n' "$1" "$2" "$3"; }

serve() {
  tests/sql/replay "$at" 3>&- &
  server=$!
  within 10 test -e "$at/port"
  TELLTALE_URL=http://127.0.0.1:$(cat "$at/port")
  export TELLTALE_URL TELLTALE_KEY=tt_secret
}

done_event='{"job_id":"j","status":"completed","progress":100}'

@test "a line for each change into a pipe, and 0 when it completed" {
  { event 1 connected '{"job_id":"j","status":"queued","progress":0}'
    printf ': keepalive\n\n'
    event 2 progress '{"job_id":"j","status":"processing","progress":47.5,"detail":"a \"b\" \\ c","frames_completed":27,"frame_count":45}'
    event 3 progress "$done_event"
  } | answer '200 OK'
  serve

  run -0 --separate-stderr bin/telltale watch j

  [ "$output" = '    0% queued
 47.5% processing 27/45 a "b" \ c
  100% completed' ]
  [ "$stderr" = '' ]
  head -n 1 "$at/1.request" | grep -q '^GET /api/v1/job/j/progress HTTP/1.1'
  grep -qi '^authorization: bearer tt_secret' "$at/1.request"
  grep -qi '^accept: text/event-stream' "$at/1.request"
  run ! grep -qi '^last-event-id' "$at/1.request"
}

@test "--json: the events' data, as they are" {
  { event 1 connected '{"job_id":"j","status":"queued","progress":0}'; event 2 progress "$done_event"; } | answer '200 OK'
  serve

  run -0 bin/telltale watch j --json

  [ "$output" = "{\"job_id\":\"j\",\"status\":\"queued\",\"progress\":0}
$done_event" ]
}

@test "1 when it failed, with its code" {
  event 1 connected '{"job_id":"j","status":"failed","progress":30,"error_code":"CANCELLED"}' | answer '200 OK'
  serve
  run -1 --separate-stderr bin/telltale watch j
  [[ $stderr == *'job j: failed (CANCELLED)'* ]]
}

@test "a broken link is taken up where it broke" {
  { printf 'retry: 1\n\n'; event 7-a connected '{"job_id":"j","status":"processing","progress":5}'; } | answer '200 OK'
  { event 9-a progress '{"job_id":"j","status":"processing","progress":9}'; printf 'id: 10-a\nevent: prog'; } | answer '200 OK'
  event 11-a progress "$done_event" | answer '200 OK'
  serve

  run -0 bin/telltale watch j

  [ "$(grep -c . <<<"$output")" = 3 ]
  grep -qi '^last-event-id: 7-a' "$at/2.request"
  grep -qi '^last-event-id: 9-a' "$at/3.request"
}

@test "a busy or ailing server is asked again, after the time it names" {
  printf '{}' | answer '503 Service Unavailable' application/json 'Retry-After: 1'
  printf '{}' | answer '429 Too Many Requests' application/json 'Retry-After: 1'
  event 1 connected "$done_event" | answer '200 OK'
  serve

  run -0 --separate-stderr bin/telltale watch j

  [[ $stderr == *'503; again in 1 s'*'429; again in 1 s'* ]]
}

@test "told by 204 that it is over, it asks how it ended" {
  { printf 'retry: 1\n\n'; event 1 connected '{"job_id":"j","status":"processing","progress":5}'; } | answer '200 OK'
  printf '' | answer '204 No Content' text/plain
  printf '{"job_id":"j","status":"failed","progress":5,"error_code":"DISK"}' | answer '200 OK' application/json
  serve

  run -1 --separate-stderr bin/telltale watch j

  [[ $stderr == *'job j: failed (DISK)'* ]]
  head -n 1 "$at/3.request" | grep -q '^GET /api/v1/job/j HTTP/1.1'
}

@test "what will not change is said at once, with 1" {
  for status in '401 Unauthorized' '403 Forbidden' '404 Not Found' '400 Bad Request'; do
    printf '{"message":"status\\":\\"completed"}' | answer "$status" application/json
  done
  printf '<html>"status":"completed"' | answer '200 OK' text/html
  serve

  for says in 'expired or revoked' 'scope job:read' 'no job j' '400 from' 'not telltale'; do
    run -1 bin/telltale watch j
    [[ $output == *"$says"* ]]
  done
}

@test "nobody there is 3" {
  export TELLTALE_URL=http://127.0.0.1:1 TELLTALE_KEY=tt_x
  run -3 bin/telltale watch j
  [[ $output == *'http://127.0.0.1:1: '* ]]
}

@test "without address or key, or with a key that is none, it is 2" {
  unset TELLTALE_URL TELLTALE_KEY
  run -2 bin/telltale watch j
  [[ $output == *TELLTALE_URL* ]]
  export TELLTALE_URL=http://x
  run -2 bin/telltale watch j
  [[ $output == *TELLTALE_KEY* ]]
  TELLTALE_KEY='x"' run -2 bin/telltale watch j
  [[ $output == *TELLTALE_KEY* ]]
}

@test "the key is in nobody's arguments, and each event is shown as it comes" {
  { event 1 connected '{"job_id":"j","status":"queued","progress":1}'; echo '@wait'; event 2 progress "$done_event"; } | answer '200 OK'
  serve

  bin/telltale watch j >"$at/out" 3>&- &
  watch=$!
  within 10 test -s "$at/out"

  [ "$(cat "$at/out")" = '    1% queued' ]
  run ! grep -qa tt_secret /proc/[0-9]*/cmdline
  touch "$at/go"
  wait $watch
}

@test "on a terminal there is a bar, redrawn in its line" {
  command -v script >/dev/null || skip 'no script(1)'
  { event 1 connected '{"job_id":"j","status":"processing","progress":50,"detail":"half \u001b[2J"}'; event 2 progress "$done_event"; } | answer '200 OK'
  serve

  COLUMNS=80 script -qec 'stty cols 60; bin/telltale watch j' /dev/null </dev/null >"$at/out"

  grep -qF '[##########..........]   50% processing half' "$at/out"
  grep -qF '[####################]  100% completed' "$at/out"
  [ "$(grep -c . "$at/out")" = 1 ]
  run ! grep -qF "$(printf '\033')[2J" "$at/out"
}
