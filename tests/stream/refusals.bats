#!/usr/bin/env bats
# Streams that do not begin: the reason comes as JSON, under its own status.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and get() set what is used

setup_file() {
  load ../helpers
  load sse
  account=$(new_account)
  reader=$(new_key "$account" job:read)
  job=$(submit_job "$account" move)
  path=/api/v1/job/$job/progress
  export account reader job path
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load sse
  key=$reader
}

teardown_file() {
  load ../helpers
  load sse
  leave_all
}

# Opens with these arguments, and is a stream.
admitted() {
  open_stream a "$path" "$@"
  await a '^event: connected'
  leave a
}

@test "no key, and what nobody made, is 401" {
  key='' get "$path"
  refused 401 UNAUTHORIZED
  [ "$(header WWW-Authenticate)" = Bearer ]

  key=tt_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC get "$path"
  refused 401 UNAUTHORIZED
}

# bats test_tags=any-server
@test "a key in the query is no key, and an unknown parameter" {
  key='' get "$path?key=$reader"

  refused 400 INVALID_REQUEST
}

# bats test_tags=any-server
@test "a key without the scope is 403" {
  key=$(new_key "$account" job:write,queue:read,admin) get "$path"

  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "a job that is not there, or another account's, is 404" {
  local other
  other=$(submit_job "$(new_account)" move)

  get /api/v1/job/nobody/progress
  refused 404 JOB_NOT_FOUND
  get "/api/v1/job/$other/progress"
  refused 404 JOB_NOT_FOUND
}

# bats test_tags=any-server
@test "a removed job is 404" {
  local gone
  gone=$(submit_job "$account" move)
  worker "select telltale.remove('$gone')"

  get "/api/v1/job/$gone/progress" -H 'Last-Event-ID: 2' -H 'Accept: text/event-stream'
  refused 404 JOB_NOT_FOUND
}

@test "what cannot be a job's id is 400" {
  get "/api/v1/job/$(printf 'x%.0s' {1..65})/progress"
  refused 400 INVALID_REQUEST
  get /api/v1/job/a%20b/progress
  refused 400 INVALID_REQUEST
}

# bats test_tags=any-server
@test "a parameter given twice, or that nobody knows, is 400" {
  get "$path?lastEventId=1&lastEventId=2"
  refused 400 INVALID_REQUEST
  get "$path?since=1"
  refused 400 INVALID_REQUEST
}

@test "another method is 405, and says which there are" {
  local method
  for method in POST PUT DELETE; do
    request $method "$path" -d '{}'
    refused 405 METHOD_NOT_ALLOWED
    [[ $(header Allow) == *GET* && $(header Allow) == *HEAD* ]]
  done
}

@test "HEAD has the headers of the stream, and ends" {
  request HEAD "$path"

  [ "$http_status" = 200 ]
  [ "$(header Content-Type)" = 'text/event-stream; charset=utf-8' ]
  [ "$(header Cache-Control)" = 'no-cache, no-transform' ]
}

@test "HEAD of what is not there says so" {
  request HEAD /api/v1/job/nobody/progress

  [ "$http_status" = 404 ]
}

# bats test_tags=any-server
@test "a client that would not take a stream is 406" {
  local accept
  for accept in application/json 'text/html, application/xml;q=0.9' 'text/event-stream;q=0' \
    'text/event-stream; q=0.0, */*' 'text/*;q=0, application/json' '*/*;q=0' text/event; do
    get "$path" -H "Accept: $accept"
    refused 406 NOT_ACCEPTABLE
  done
}

@test "a client that would take anything, or does not say, gets a stream" {
  admitted -H 'Accept: text/event-stream'
  admitted -H 'Accept: */*'
  admitted -H 'Accept: text/*'
  admitted -H 'Accept: application/json, text/event-stream;q=0.1'
  admitted -H 'Accept: Text/Event-Stream; q=1'
  admitted -H 'Accept: text/html;q=0, text/event-stream'
  admitted -H 'Accept:'
}

@test "a trailing slash is no other path" {
  path=$path/ admitted
}

@test "OPTIONS needs no key" {
  key='' request OPTIONS "$path"

  [ "$http_status" = 204 ]
  [[ $(header Allow) == *GET* ]]
}
