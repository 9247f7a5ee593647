#!/usr/bin/env bats
# What GET /healthz and GET /readyz answer.
# shellcheck disable=SC2034,SC2154 # get() and cgi() read key, and set the rest

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  key=
}

@test "healthz is 200 and ok" {
  get /healthz

  [ "$http_status" = 200 ]
  [ "$body" = '{"status":"ok"}' ]
  [[ $(header Content-Type) == application/json* ]]
  [ "$(header Cache-Control)" = no-store ]
}

@test "readyz is 200 and ready while the database is there" {
  get /readyz

  [ "$http_status" = 200 ]
  [ "$body" = '{"status":"ready"}' ]
}

@test "HEAD has the headers of GET and no body" {
  request HEAD /healthz

  [ "$http_status" = 200 ]
  [[ $(header Content-Type) == application/json* ]]
  length_is 15
}

@test "a trailing slash and parameters do no harm" {
  get '/healthz/?from=a-load-balancer'

  [ "$http_status" = 200 ]
}

@test "another method is 405 and says which are allowed" {
  request POST /healthz -d x

  refused 405 METHOD_NOT_ALLOWED
  [ "$(header Allow)" = 'GET, HEAD' ]
}

# bats test_tags=any-server
@test "healthz needs no database" {
  cgi health GET /healthz TELLTALE_DSN='host=/nowhere dbname=telltale'

  [ "$http_status" = 200 ]
}

# bats test_tags=any-server
@test "readyz is 503 without a database, and says no more than that" {
  cgi health GET /readyz TELLTALE_DSN='host=/nowhere dbname=telltale'

  [ "$http_status" = 503 ]
  [ "$body" = '{"status":"unavailable","reason":"database"}' ]
  [ "$(header Retry-After)" -gt 0 ]
  [[ $log == *nowhere* ]]
}

# bats test_tags=any-server
@test "readyz is 503 where the schema is not" {
  cgi health GET /readyz TELLTALE_DSN="${TELLTALE_DSN/dbname=telltale/dbname=template1}"

  [ "$http_status" = 503 ]
  [ "$body" = '{"status":"unavailable","reason":"schema"}' ]
  [[ $log == *'not ready: schema "telltale"'* ]]
}
