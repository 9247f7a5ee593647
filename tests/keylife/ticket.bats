#!/usr/bin/env bats
# Streams that were opened by a ticket, and what becomes of them with it.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup() and get() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load keylife
  on_stack
  account=$(new_account)
  reader=$(new_key "$account" job:read)
  key=$reader
  begin_job
  path=/api/v1/job/$job/progress
}

teardown() { leave_all; }

# draw [JSON]: a ticket of the reader, into ticket; from then on there is no key.
draw() {
  key=$reader request POST /api/v1/ticket -H 'Content-Type: application/json' -d "${1:-{\}}"
  [ "$http_status" = 200 ]
  ticket=$(field .ticket)
  key=''
}

# watch_by NAME [TICKET]
watch_by() {
  open_stream "$1" "$path?ticket=${2:-$ticket}"
  await "$1" '^event: connected'
}

has_no_more() { status_is 401 "/api/v1/jobs/progress?ids=$job&ticket=$ticket" -I; }

@test "a page is told when its ticket is about to end, and its stream goes on" {
  draw
  [ "$(field .expires_in)" = 5 ]
  watch_by a
  await a '^event: ticket' 8
  [ "$(datas a | tail -n 1 | jq -c keys)" = '["expires_in"]' ]
  [ "$(datas a | tail -n 1 | jq .expires_in)" -le 1 ]
  [ "$(ids a | tail -n 1)" = - ]

  within 5 has_no_more
  progress 50
  await a '"progress":50'
  is_open a
  [ "$(events a | grep -c '^- ticket ')" = 1 ]

  # What it fetches in time opens the next one where this one is.
  draw
  open_stream b "$path?ticket=$ticket&lastEventId=$(last_id a)"
  await b '^event: connected'
  progress 60
  await b '"progress":60'
}

@test "a ticket that is over opens nothing" {
  draw
  within 8 has_no_more
  get "$path?ticket=$ticket" -H 'Accept: text/event-stream'
  refused 401 UNAUTHORIZED
}

@test "a stream by a key is told of no ticket" {
  watch_job a
  draw
  watch_by b
  await b '^event: ticket' 8
  run ! grep ticket "$(stream_file a)"
}

@test "what ends a key ends the streams of its tickets" {
  draw
  watch_by a
  telltale key revoke "$(key_id "$reader")"
  ended a 5
  get "$path?ticket=$ticket"
  refused 401 UNAUTHORIZED
}

@test "a ticket of one job is good for that job's stream" {
  local other
  other=$(submit_job "$account" move)
  draw "{\"job_id\": \"$job\"}"
  watch_by a

  # A ticket is good for five seconds here: each request has its own.
  draw "{\"job_id\": \"$job\"}"
  get "/api/v1/job/$other/progress?ticket=$ticket"
  refused 403 FORBIDDEN
  draw "{\"job_id\": \"$job\"}"
  get "/api/v1/jobs/progress?ids=$job,$other&ticket=$ticket"
  refused 403 FORBIDDEN
}

@test "a ticket pays what its key pays, and takes its places" {
  telltale account set "$account" --rate 600 --watch-limit 1
  draw
  watch_by a
  [ "$(stream_header a X-RateLimit-Limit)" = 600 ]
  draw
  get "$path?ticket=$ticket"
  refused 429 RATE_LIMITED
  key=$reader get "$path"
  refused 429 RATE_LIMITED
}

@test "a ticket stands in the address of a stream only" {
  draw
  get "/api/v1/jobs?ticket=$ticket"
  refused 400 INVALID_REQUEST
  get "/api/v1/job/$job?ticket=$ticket"
  refused 400 INVALID_REQUEST
}

@test "a key goes before a ticket" {
  draw
  key=tt_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC get "$path?ticket=$ticket"
  refused 401 UNAUTHORIZED
  key=$reader open_stream a "$path?ticket=tk_x"
  await a '^event: connected'
}
