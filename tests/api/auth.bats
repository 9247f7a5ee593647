#!/usr/bin/env bats
# Who is let in, and what the others are told.
# shellcheck disable=SC2154 # get() sets http_status, headers and body

setup_file() {
  load ../helpers
  account=$(new_account)
  reader=$(new_key "$account" job:read)
  export account reader
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  key=$reader
}

unauthorized() {
  refused 401 UNAUTHORIZED && [ "$(header WWW-Authenticate)" = Bearer ] &&
    [ "$(header Cache-Control)" = no-store ]
}

@test "a key with the scope is let in" {
  get /api/v1/jobs

  [ "$http_status" = 200 ]
}

@test "the scheme's name is not case-sensitive" {
  key='' get /api/v1/jobs -H "Authorization: bEARER  $reader"

  [ "$http_status" = 200 ]
}

@test "no key is 401" {
  key='' get /api/v1/jobs
  unauthorized

  key='' get /api/v1/job/x
  unauthorized
}

@test "what cannot be a key is 401" {
  local header
  for header in Bearer 'Bearer ' 'Bearer x' "Basic $reader" "Bearer$reader" "$reader" \
    "Bearer ${reader:0:34}" "Bearer ${reader}x" "Bearer $reader $reader" \
    "Bearer tt-${reader:3}" "Bearer ${reader:0:34}'" "Bearer ${reader:0:34}*"; do
    key='' get /api/v1/jobs -H "Authorization: $header"
    unauthorized
  done
}

@test "a key that nobody made is 401" {
  key=tt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
  get /api/v1/jobs
  unauthorized

  get /api/v1/job/x
  unauthorized
}

# bats test_tags=any-server
@test "a key is never taken from the query" {
  key='' get "/api/v1/jobs?key=$reader"

  refused 400 INVALID_REQUEST
}

# bats test_tags=any-server
@test "an expired key is 401" {
  key=$(new_key "$account" job:read "now() + interval '1 hour'")
  get /api/v1/jobs
  [ "$http_status" = 200 ]

  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "update telltale.api_key
    set expires_at = now() where hash = sha256('$key')"
  get /api/v1/jobs
  unauthorized
}

# bats test_tags=any-server
@test "a revoked key is 401, from the next request on" {
  key=$(new_key "$account" job:read)
  get /api/v1/jobs
  [ "$http_status" = 200 ]

  revoke_key "$key"
  get /api/v1/jobs
  unauthorized
}

# bats test_tags=any-server
@test "a missing scope is 403, and admin is not every scope" {
  key=$(new_key "$account" job:write,queue:read,admin)
  get /api/v1/jobs
  refused 403 FORBIDDEN

  get /api/v1/job/x
  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "a terminated account is 403, whatever the scope" {
  local gone
  gone=$(new_account)
  key=$(new_key "$gone" job:read)
  sql "select telltale.account_set('$gone', p_terminated => true)"

  get /api/v1/jobs
  refused 403 ACCOUNT_TERMINATED
  get /api/v1/job/x
  refused 403 ACCOUNT_TERMINATED

  sql "select telltale.account_set('$gone', p_terminated => false)"
  get /api/v1/jobs
  [ "$http_status" = 200 ]
}

# bats test_tags=any-server
@test "a bad request is told before a bad key" {
  key='' get '/api/v1/jobs?limit=0'
  refused 400 INVALID_REQUEST

  key='' get '/api/v1/jobs/nothing/here'
  [ "$http_status" = 404 ]
}

@test "the key is not in the log" {
  key=tt_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB
  get /api/v1/jobs -H "X-Request-Id: auth-$BATS_TEST_NUMBER-$$"

  logged "auth-$BATS_TEST_NUMBER-$$"
  run ! grep -F "$key" "$TELLTALE_LOG_FILE"
}

# bats test_tags=any-server
@test "what the database says is for the log, and a client may come again" {
  cgi jobs GET /api/v1/jobs TELLTALE_DSN='host=/nowhere dbname=telltale'

  refused 503 SERVICE_UNAVAILABLE
  [ "$(header Retry-After)" -gt 0 ]
  [[ $body != *nowhere* ]]
  [[ $log == *nowhere* ]]
}

# bats test_tags=any-server
@test "a fault of ours is 500 and tells nothing" {
  cgi job GET /api/v1/job/x TELLTALE_DSN="${TELLTALE_DSN/dbname=telltale/dbname=template1}"

  refused 500 INTERNAL_ERROR
  [[ $body != *schema* ]]
  [[ $log == *'schema "telltale" does not exist 3F000'* ]]
}

# --- what belongs to every answer ----------------------------------------------

@test "every answer has a request id, the client's own if it is a word" {
  get /api/v1/jobs
  [[ $(header X-Request-Id) =~ ^[A-Za-z0-9_.-]{1,64}$ ]]

  get /api/v1/jobs -H 'X-Request-Id: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'
  [ "$(header X-Request-Id)" = 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 ]

  get /api/v1/jobs -H 'X-Request-Id: not a word'
  [[ $(header X-Request-Id) =~ ^[A-Za-z0-9_.-]{1,64}$ ]]
}

@test "a refusal is logged under its request id" {
  get '/api/v1/jobs?nonsense=1' -H "X-Request-Id: bats-$$-$BATS_TEST_NUMBER"

  logged "bats-$$-$BATS_TEST_NUMBER .*400: Unknown parameter: nonsense"
}

@test "an unknown path below ours is 404" {
  get /api/v1/jobs/x/y
  refused 404 NOT_FOUND
}

@test "OPTIONS is 204 and needs no key" {
  key='' request OPTIONS /api/v1/jobs

  [ "$http_status" = 204 ]
  [[ $(header Allow) == *GET* ]]
}

@test "no other site may read the answers unless the operator says so" {
  get /api/v1/jobs -H 'Origin: https://a.example'

  [ -z "$(header Access-Control-Allow-Origin)" ]
}

# bats test_tags=any-server
@test "an origin of the operator's list may read them, another may not" {
  local origins='https://a.example, https://b.example'
  cgi jobs GET /api/v1/jobs TELLTALE_DSN="$TELLTALE_DSN" TELLTALE_CORS_ORIGINS="$origins" \
    HTTP_ORIGIN=https://b.example
  [ "$http_status" = 200 ]
  [ "$(header Access-Control-Allow-Origin)" = https://b.example ]
  [ "$(header Vary)" = Origin ]
  [[ $(header Access-Control-Expose-Headers) == *Link* ]]

  cgi jobs GET /api/v1/jobs TELLTALE_DSN="$TELLTALE_DSN" TELLTALE_CORS_ORIGINS="$origins" \
    HTTP_ORIGIN=https://evil.example
  [ -z "$(header Access-Control-Allow-Origin)" ]
  [ "$(header Vary)" = Origin ]

  cgi jobs GET /api/v1/jobs TELLTALE_DSN="$TELLTALE_DSN" TELLTALE_CORS_ORIGINS='*' \
    HTTP_ORIGIN=https://c.example
  [ "$(header Access-Control-Allow-Origin)" = '*' ]
}

# bats test_tags=any-server
@test "a refusal may be read by the other site as well" {
  key=''
  cgi jobs GET /api/v1/jobs TELLTALE_CORS_ORIGINS=https://a.example HTTP_ORIGIN=https://a.example

  refused 401 UNAUTHORIZED
  [ "$(header Access-Control-Allow-Origin)" = https://a.example ]
}

# bats test_tags=any-server
@test "a preflight allows the Authorization header" {
  key=''
  cgi jobs OPTIONS /api/v1/jobs TELLTALE_CORS_ORIGINS=https://a.example \
    HTTP_ORIGIN=https://a.example HTTP_ACCESS_CONTROL_REQUEST_METHOD=GET

  [ "$http_status" = 204 ]
  [ "$(header Access-Control-Allow-Origin)" = https://a.example ]
  [[ $(header Access-Control-Allow-Headers) == *Authorization* ]]
  [[ $(header Access-Control-Allow-Methods) == *GET* ]]
  [ -z "$(header Content-Length)" ]
}
