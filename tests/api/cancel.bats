#!/usr/bin/env bats
# What POST /api/v1/job/{id}/cancel answers, and who learns of it.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and request() set what is used

setup_file() {
  load ../helpers
  account=$(new_account)
  writer=$(new_key "$account" job:read,job:write)
  export account writer
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load ../stream/sse
  key=$writer
}

# cancel [ID [CURL ARGUMENT...]]: $job, if none is said.  lighttpd wants a length
# also of an empty body, which browsers send.
cancel() {
  [ $# -gt 1 ] || set -- "${1-$job}" -d ''
  request POST "/api/v1/job/$1/cancel" "${@:2}"
}

cancelled() {
  [ "$http_status" = 200 ] && [ "$(header Cache-Control)" = no-store ] &&
    [ "$body" = "{\"job_id\":\"$job\",\"status\":\"failed\",\"error_code\":\"CANCELLED\"}" ]
}

happened() { sql "select count(*) from telltale.job_event where job_id = '$job' and kind = 'job.cancelled'"; }

@test "a job that waits is cancelled" {
  job=$(submit_job "$account" move)
  cancel
  cancelled

  get "/api/v1/job/$job"
  [ "$(field '.status + " " + .error_code')" = 'failed CANCELLED' ]
  [ "$(sql "select status from telltale.job where job_id = '$job'")" = cancelled ]
}

# bats test_tags=any-server
@test "again is the same, and nothing happens" {
  job=$(submit_job "$account" move)
  cancel
  cancel
  cancelled
  [ "$(happened)" = 1 ]
}

# bats test_tags=any-server
@test "a job that runs is cancelled, and its worker told when it next reports" {
  begin_job move
  cancel
  cancelled
  [ "$(worker "select telltale.progress('$job', $attempt, 50)")" = f ]
}

@test "whoever watches it is told" {
  begin_job move
  watch_job a
  cancel
  cancelled
  within 10 has_ended a
  grep -q '"error_code":"CANCELLED"' "$(stream_file a)"
}

# bats test_tags=any-server
@test "what has ended otherwise is 409" {
  begin_job move
  complete
  cancel
  refused 409 CONFLICT
  [[ $(field .message) == *ended* ]]

  begin_job move
  worker "select telltale.fail('$job', $attempt, 'broken', 'X', false)" >/dev/null
  cancel
  refused 409 CONFLICT
  [ "$(happened)" = 0 ]
}

# bats test_tags=any-server
@test "what is not there, or not his, is 404" {
  cancel nothing-of-that-name
  refused 404 JOB_NOT_FOUND
  job=$(submit_job "$(new_account)" move)
  cancel
  refused 404 JOB_NOT_FOUND
  [ "$(happened)" = 0 ]
}

@test "a body may be empty, or a form without fields" {
  local sent
  for sent in '{}' ' {} '; do
    job=$(submit_job "$account" move)
    cancel "$job" -H 'Content-Type: application/json' -d "$sent"
    cancelled
  done
  job=$(submit_job "$account" move)
  cancel "$job" -H 'Content-Type: application/json' -d ''
  cancelled
}

@test "what says more is refused, and nothing is cancelled" {
  job=$(submit_job "$account" move)
  cancel "$job" -H 'Content-Type: application/json' -d '{"reason": "why"}'
  refused 400 INVALID_REQUEST
  [[ $(field .message) == *reason* ]]
  cancel "$job" -H 'Content-Type: text/plain' -d 'please'
  refused 415 UNSUPPORTED_MEDIA
  cancel "$job" -H 'Content-Type: application/json' -d "$(head -c 5000 /dev/zero | tr '\0' ' ')"
  refused 413 PAYLOAD_TOO_LARGE
  request POST "/api/v1/job/$job/cancel?force=1" -d ''
  refused 400 INVALID_REQUEST
  [ "$(happened)" = 0 ]
}

@test "an id that cannot be one is 400" {
  cancel 'a%20b'
  refused 400 INVALID_REQUEST
  cancel "$(printf 'x%.0s' {1..65})"
  refused 400 INVALID_REQUEST
}

@test "another method is 405, a path below 404, a trailing slash no other path" {
  local method
  job=$(submit_job "$account" move)
  for method in GET HEAD DELETE; do
    request $method "/api/v1/job/$job/cancel"
    [ "$http_status" = 405 ]
    [ "$(header Allow)" = POST ]
  done
  request POST "/api/v1/job/$job" -d ''
  [ "$http_status" = 405 ]
  [ "$(header Allow)" = 'GET, HEAD' ]
  request POST "/api/v1/job/$job/cancel/x" -d ''
  refused 404 NOT_FOUND
  [ "$(happened)" = 0 ]
  request POST "/api/v1/job/$job/cancel/" -d ''
  cancelled
}

# bats test_tags=any-server
@test "it wants job:write" {
  job=$(submit_job "$account" move)
  key=$(new_key "$account" job:read,queue:write) cancel
  refused 403 FORBIDDEN
  key='' cancel
  refused 401 UNAUTHORIZED
  [ "$(happened)" = 0 ]
}

# bats test_tags=any-server
@test "ten at once all succeed, and it happens once" {
  local out=$BATS_TEST_TMPDIR/out
  job=$(submit_job "$account" move)
  seq 10 | xargs -P 10 -I @ curl -sS --max-time 30 -d '' -H "Authorization: Bearer $key" -o /dev/null \
    -w '%{http_code}\n' "$TELLTALE_URL/api/v1/job/$job/cancel" >"$out"
  [ "$(sort -u "$out")" = 200 ]
  [ "$(wc -l <"$out")" = 10 ]
  [ "$(happened)" = 1 ]
}
