#!/usr/bin/env bats
# What other sites' pages may read, and that no web server takes away or adds to
# what the programs say of it: in either manner of Apache and lighttpd.  The stack
# allows two origins: see tests/run.
# bats file_tags=any-server
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and ask() set what is used

setup_file() {
  load ../helpers
  grep -q '^TELLTALE_CORS_ORIGINS=https://front.example https://other.example$' "$TELLTALE_DIR/site/telltale.conf" ||
    skip 'needs tools/stack up --set "TELLTALE_CORS_ORIGINS=https://front.example https://other.example"'
  account=$(new_account)
  reader=$(new_key "$account" job:read)
  writer=$(new_key "$account" job:write)
  job=$(submit_job "$account" move)
  claim_job "$account" move >/dev/null
  worker "select telltale.complete('$job', 1)" >/dev/null
  export account reader writer job
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load ../stream/sse
  load ask
  key=$reader
  origin=https://front.example
}

# --- what is looked for ----------------------------------------------------------

# What every answer of a program has, whoever asks.
guarded() {
  local id='X-Request-Id: [A-Za-z0-9_.-]{1,64}($|'$'\n'')'
  once X-Content-Type-Options nosniff
  [[ $headers =~ $id ]]
  varies
  never Access-Control-Allow-Credentials
}

varies() { [[ ", $(header Vary)," == *', Origin,'* ]]; }

# This other site's page may read it; or not.
readable() {
  guarded
  once Access-Control-Allow-Origin "$origin"
  [[ $headers == *'Access-Control-Expose-Headers: '*Retry-After* ]]
}

unreadable() {
  guarded
  never Access-Control-Allow
}

# answers STATUS METHOD PATH [CURL ARGUMENT...]: and is readable for $origin.
answers() {
  local wanted=$1
  shift
  ask "$@" -H "Origin: $origin"
  [ "$http_status" = "$wanted" ] && readable
}

# --- the tests -------------------------------------------------------------------

@test "an origin of the list may read what is well" {
  answers 200 GET /api/v1/jobs
  answers 200 HEAD /api/v1/jobs
  answers 200 GET "/api/v1/job/$job"
  answers 200 GET /healthz
  answers 200 GET /readyz
  answers 200 POST /api/v1/ticket -d '{}' -H 'Content-Type: application/json'
  answers 204 DELETE /api/v1/ticket
  origin=https://other.example answers 200 GET /api/v1/jobs
}

@test "and what is refused" {
  answers 400 GET '/api/v1/jobs?limit=0'
  key='' answers 401 GET /api/v1/jobs
  key=$writer answers 403 GET /api/v1/jobs
  answers 404 GET /api/v1/job/nobody
  answers 404 GET /api/v1/jobs/no/such/path
  answers 405 PUT /api/v1/jobs -d x
  answers 406 GET "/api/v1/job/$job/progress" -H 'Accept: text/html'
  answers 413 POST /api/v1/ticket -H 'Content-Type: application/json' -d "\"$(printf 'x%.0s' {1..5000})\""
  answers 415 POST /api/v1/ticket -H 'Content-Type: text/plain' -d '{}'
}

@test "and that he asks too often" {
  local often
  often=bats-$(unique 8)
  sql "select telltale.account_add('$often', p_rate_per_minute => 2)" >/dev/null
  key=$(new_key "$often" job:read)
  answers 200 GET /api/v1/jobs
  answers 200 GET /api/v1/jobs
  answers 429 GET /api/v1/jobs
  [ "$(header Retry-After)" -gt 0 ]
  [ "$(header X-RateLimit-Remaining)" = 0 ]
  # An EventSource is told to come back, in its own words.
  answers 200 GET "/api/v1/job/$job/progress" -H 'Accept: text/event-stream'
  [[ $body == *'rate limit'* ]]
}

@test "and streams, from their beginning" {
  answers 200 GET "/api/v1/job/$job/progress" -H 'Accept: text/event-stream'
  [[ $body == *connected* ]]
  answers 204 GET "/api/v1/job/$job/progress" -H 'Last-Event-ID: 3' -H 'Accept: text/event-stream'
  answers 200 HEAD "/api/v1/job/$job/progress"
  answers 404 GET /api/v1/job/nobody/progress -H 'Accept: text/event-stream'
  key='' answers 401 GET "/api/v1/jobs/progress?ids=$job"

  # One that stays open has said so before its first event.
  job=$(submit_job "$account" index)
  watch_job open -H "Origin: $origin"
  headers=$(tr -d '\r' <"$(stream_file open head)")
  readable
  leave open
}

@test "a page that asks whether something has changed may read that it has not" {
  answers 200 GET "/api/v1/job/$job"
  ask GET "/api/v1/job/$job" -H "Origin: $origin" -H "If-None-Match: $(header ETag)"

  [ "$http_status" = 304 ]
  varies
  never Access-Control-Allow-Credentials
  # Apache sends few headers with a 304; the browser has the others already.
  case $TELLTALE_SERVER in apache-*) ;; *) readable ;; esac
}

@test "an origin that is not in the list may read nothing" {
  local other
  for other in https://evil.example https://front.example.evil.example http://front.example https://front.exampl \
    https://front.example:8443 https://front.example/ HTTPS://FRONT.EXAMPLE null '*' https://front.example,https://other.example \
    'https://front.example https://other.example'; do
    ask GET /api/v1/jobs -H "Origin: $other"
    [ "$http_status" = 200 ]
    unreadable
  done
  key='' ask GET /api/v1/jobs -H 'Origin: https://evil.example'
  [ "$http_status" = 401 ]
  unreadable
  ask GET "/api/v1/job/$job/progress" -H 'Origin: https://evil.example'
  [ "$http_status" = 200 ]
  unreadable
}

@test "who is of no other site is told nothing of them, and caches are told that some are" {
  ask GET /api/v1/jobs
  unreadable
  key='' ask GET /api/v1/jobs
  unreadable
}

@test "a preflight says what a page of the list may send, and to another nothing" {
  local path
  key=
  for path in /api/v1/jobs "/api/v1/job/$job" "/api/v1/job/$job/progress" /api/v1/ticket /healthz; do
    answers 204 OPTIONS "$path" -H 'Access-Control-Request-Method: POST' \
      -H 'Access-Control-Request-Headers: authorization, content-type'
    [[ $(header Access-Control-Allow-Headers) == *Authorization*Content-Type* ]]
    [[ $(header Access-Control-Allow-Methods) == *POST* ]]
    [ -z "$body" ]

    ask OPTIONS "$path" -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: POST'
    [ "$http_status" = 204 ]
    never Access-Control-Allow-Origin
  done
  # A page of another site cannot make a browser send what writes by a cookie.
  [[ $(header Access-Control-Allow-Headers) != *Telltale* ]]
}

# --- without a database ------------------------------------------------------------

super() { psql -XqAt -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN" -c "$1"; }

ready() { ask GET /readyz && [ "$http_status" = 200 ]; }
streams_again() {
  ask GET "/api/v1/job/$job/progress" -H 'Accept: text/event-stream' && [[ $body == *connected* ]]
}

no_database() {
  super "alter role telltale_web nologin;
         select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'telltale_web'" >/dev/null
}

teardown() {
  [ "$BATS_TEST_DESCRIPTION" = 'and that the service is away' ] || return 0
  super 'alter role telltale_web login'
  within 10 ready
  within 10 streams_again
}

@test "and that the service is away" {
  no_database

  answers 503 GET /api/v1/jobs
  [ "$(header Retry-After)" -gt 0 ]
  answers 503 GET /readyz
  answers 503 GET "/api/v1/job/$job/progress"
  answers 200 GET "/api/v1/job/$job/progress" -H 'Accept: text/event-stream'
  [[ $body == *'service unavailable'* ]]
}
