#!/usr/bin/env bats
# What POST and DELETE /api/v1/ticket answer, and what a ticket opens.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # get() and setup_file set what is used

setup_file() {
  load ../helpers
  account=$(new_account)
  reader=$(new_key "$account" admin,queue:read,job:write,job:read)
  job=$(submit_job "$account" move)
  other=$(submit_job "$account" move)
  export account reader job other
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load ../stream/sse
  key=$reader
}

teardown() {
  local pid
  for pid in "$BATS_TEST_TMPDIR"/*.pid; do
    [ ! -e "$pid" ] || leave "$(basename "$pid" .pid)"
  done
}

# post [JSON [CURL ARGUMENT...]]: without JSON there is no body.
post() {
  local json=
  case ${1--} in -*) ;; *) json=$1; shift ;; esac
  request POST /api/v1/ticket ${json:+-H 'Content-Type: application/json'} -d "$json" "$@"
}

# mint [JSON]: sets ticket.
mint() {
  post "$@"
  [ "$http_status" = 200 ] && ticket=$(field .ticket) && [[ $ticket == tk_* ]]
}

# bake [JSON]: the same for the cookie; sets cookie.
bake() {
  post "$(jq -c '. + {cookie: true}' <<<"${1:-{\}}")"
  [ "$http_status" = 200 ] && cookie=$(cookie_value) && [[ $cookie == tk_* ]]
}

# sealed BORN EXPIRES [JOB [SCOPES [KEY]]]: sets ticket and cookie to such that
# we seal ourselves, with times in seconds from now.
sealed() {
  ticket=$(seal '' "$@")
  cookie=$(seal --cookie "$@")
}

seal() {
  TELLTALE_SECRET=$(stack_secret) "$BUILD/tests/tool/seal" ${1:+"$1"} "${6-$reader}" \
    "${5-job:read,queue:read}" "$2" "$3" ${4:+"$4"}
}

stack_secret() { sed -n 's/^TELLTALE_SECRET=//p' "$TELLTALE_DIR/site/telltale.conf"; }

# with_cookie COMMAND...: $cookie comes among other cookies, and no key does.
with_cookie() {
  local key=''
  "$@" -H "Cookie: a=b; telltale_ticket=$cookie; telltale_ticketx=c"
}

# The same, and as only a page of ours can.
by_page() { with_cookie "$@" -H 'Sec-Fetch-Site: same-origin' -H 'X-Telltale: 1'; }

cookie_value() { header Set-Cookie | sed 's/^telltale_ticket=//; s/;.*//'; }

seconds_left() { echo $(($(date -d "$(field .expires_at)" +%s) - $(date +%s))); }

# watch PATH [CURL ARGUMENT...]: without a key it is a stream.
watch() {
  local key=''
  open_stream a "$@"
  await a '^event: connected'
  leave a
}

# --- what a key gets -------------------------------------------------------------

@test "a key gets a ticket for what it may read, for minutes" {
  post

  [ "$http_status" = 200 ]
  [[ $(header Content-Type) == application/json* ]]
  [ "$(header Cache-Control)" = no-store ]
  [ -z "$(header Set-Cookie)" ]
  [ "$(field 'keys_unsorted | join(" ")')" = 'ticket expires_in expires_at scope' ]
  [[ $(field .ticket) =~ ^tk_[A-Za-z0-9_-]{100,300}$ ]]
  [ "$(field .expires_in)" = 300 ]
  [[ $(field .expires_at) == 2*T*.*Z ]]
  [ "$(seconds_left)" -gt 290 ] && [ "$(seconds_left)" -le 301 ]
  [ "$(field .scope)" = 'job:read queue:read' ]
  [ "$(header X-RateLimit-Limit)" = 1000000 ]
}

# bats test_tags=any-server
@test "by default it may read no more than the key" {
  key=$(new_key "$account" job:read,job:write) post
  [ "$(field .scope)" = job:read ]

  key=$(new_key "$account" queue:read) post '{}'
  [ "$(field .scope)" = queue:read ]
}

# bats test_tags=any-server
@test "a key that reads nothing gets one for what it says, and none by default" {
  key=$(new_key "$account" moderate:prompt)
  post
  refused 403 FORBIDDEN

  post '{"scope": "moderate:prompt"}'
  [ "$(field .scope)" = moderate:prompt ]
}

# bats test_tags=any-server
@test "scopes are parted by blanks or commas, and said in one order, once" {
  post '{"scope": "queue:read job:read"}'
  [ "$(field .scope)" = 'job:read queue:read' ]

  post '{"scope": ",admin,  job:write,job:write ,"}'
  [ "$(field .scope)" = 'job:write admin' ]

  post '{"scope": null}'
  [ "$(field .scope)" = 'job:read queue:read' ]
}

@test "a form, and one with parts, say the same as JSON" {
  request POST /api/v1/ticket -d scope=job:read -d "job_id=$job" -d cookie=false
  [ "$(field '.scope + " " + .job_id')" = "job:read $job" ]
  [[ $(field .ticket) == tk_* ]]

  request POST /api/v1/ticket -F scope='queue:read,job:read' -F cookie=true
  [ "$(field .scope)" = 'job:read queue:read' ]
  [ "$(field .ticket)" = null ]
}

# bats test_tags=any-server
@test "a ticket for one job says so" {
  post "{\"job_id\": \"$job\"}"
  [ "$http_status" = 200 ]
  [ "$(field .job_id)" = "$job" ]

  # The longest id there can be.
  mint "{\"job_id\": \"$(printf 'x%.0s' {1..64})\", \"scope\": \"job:read queue:read\"}"
}

# bats test_tags=any-server
@test "it lasts as long as the operator says" {
  cgi ticket POST /api/v1/ticket TELLTALE_TICKET_TTL=5

  [ "$http_status" = 200 ]
  [ "$(field .expires_in)" = 5 ]
  [ "$(seconds_left)" -le 5 ]
}

# --- what is refused -------------------------------------------------------------

# bats test_tags=any-server
@test "what cannot be asked for is 400, and named" {
  local json
  for json in '{"scope": "job:read jobs:read"}' '{"scope": ""}' '{"scope": " , "}' \
    '{"scope": ["job:read"]}' '{"scope": "JOB:READ"}' \
    "{\"scope\": \"$(printf 'x%.0s' {1..600})\"}" '{"job_id": "a b"}' '{"job_id": ""}' \
    '{"job_id": 7}' "{\"job_id\": \"$(printf 'x%.0s' {1..65})\"}" '{"cookie": "maybe"}' \
    '{"scopes": "job:read"}' '{"scope": "job:read", "ttl": 7}' '[]' '{' '"job:read"' \
    '{"scope": "job:read", "scope": "job:read"}'; do
    post "$json"
    refused 400 INVALID_REQUEST
  done

  post '{"scope": "job:read nothing:at-all"}'
  [[ $(field .message) == *nothing:at-all* ]]
  post '{"ttl": 7}'
  [[ $(field .message) == *ttl* ]]
}

@test "a body that is too long is 413, of another type 415" {
  post "{\"scope\": \"$(printf 'x%.0s' {1..4096})\"}"
  refused 413 PAYLOAD_TOO_LARGE

  request POST /api/v1/ticket -H 'Content-Type: text/plain' -d x
  refused 415 UNSUPPORTED_MEDIA
}

@test "a parameter in the address is 400: nothing of this belongs there" {
  request POST '/api/v1/ticket?scope=job:read' -d ''
  refused 400 INVALID_REQUEST
  request POST '/api/v1/ticket?ticket=x' -d ''
  refused 400 INVALID_REQUEST
}

# bats test_tags=any-server
@test "a scope that the key lacks is 403" {
  post '{"scope": "job:read webhook:manage"}'

  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "no key, a bad one and a revoked one are 401; a terminated account is 403" {
  key='' post
  refused 401 UNAUTHORIZED
  [ "$(header WWW-Authenticate)" = Bearer ]
  key=tt_DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD post
  refused 401 UNAUTHORIZED

  key=$(new_key "$account" job:read)
  revoke_key "$key"
  post
  refused 401 UNAUTHORIZED

  local gone
  gone=$(new_account)
  key=$(new_key "$gone" job:read)
  sql "select telltale.account_set('$gone', p_terminated => true)"
  post
  refused 403 ACCOUNT_TERMINATED
}

@test "another method is 405 and says which are allowed" {
  local method
  for method in GET HEAD PUT; do
    request "$method" /api/v1/ticket
    [ "$http_status" = 405 ]
    [ "$(header Allow)" = 'POST, DELETE' ]
  done
}

@test "a path below is 404, a trailing slash is no other path" {
  request POST /api/v1/ticket/x -d ''
  refused 404 NOT_FOUND

  request POST /api/v1/ticket/ -d ''
  [ "$http_status" = 200 ]
}

# bats test_tags=any-server
@test "without a secret it is 503, and the log says what to set" {
  cgi ticket POST /api/v1/ticket TELLTALE_SECRET=

  refused 503 SERVICE_UNAVAILABLE
  [[ $log == *'set TELLTALE_SECRET'* ]]
  [[ $body != *SECRET* ]]
}

# bats test_tags=any-server
@test "without a database it is 503" {
  cgi ticket POST /api/v1/ticket TELLTALE_DSN='host=/nowhere dbname=telltale'

  refused 503 SERVICE_UNAVAILABLE
}

# --- a stream by its address -----------------------------------------------------

@test "a ticket in the address opens a stream" {
  mint
  watch "/api/v1/job/$job/progress?ticket=$ticket"
  watch "/api/v1/jobs/progress?ids=$job,$other&ticket=$ticket"

  key='' request HEAD "/api/v1/job/$job/progress?ticket=$ticket"
  [ "$http_status" = 200 ]
}

# bats test_tags=any-server
@test "in the address of anything but a stream it is a parameter too many" {
  mint
  key='' get "/api/v1/jobs?ticket=$ticket"
  refused 400 INVALID_REQUEST
  key='' get "/api/v1/job/$job?ticket=$ticket"
  refused 400 INVALID_REQUEST
}

# bats test_tags=any-server
@test "a ticket is no key" {
  mint
  key=$ticket get /api/v1/jobs
  refused 401 UNAUTHORIZED
}

# bats test_tags=any-server
@test "what is no ticket of ours is 401" {
  local each last
  mint
  last=${ticket: -1}
  for each in '' tk_ x "$reader" "${ticket}A" "${ticket:0:-1}" "${ticket:3}" \
    "${ticket:0:50}A${ticket:51}B" "$ticket$ticket$ticket" "%20$ticket" "$ticket="; do
    key='' get "/api/v1/job/$job/progress?ticket=$each"
    refused 401 UNAUTHORIZED
  done
}

# bats test_tags=any-server
@test "an expired ticket is 401" {
  sealed -10 30
  watch "/api/v1/job/$job/progress?ticket=$ticket"

  sealed -10 0
  key='' get "/api/v1/job/$job/progress?ticket=$ticket"
  refused 401 UNAUTHORIZED
  with_cookie get /api/v1/jobs
  refused 401 UNAUTHORIZED
}

# bats test_tags=any-server
@test "a ticket for one job opens no other, and no list" {
  mint "{\"job_id\": \"$job\"}"
  watch "/api/v1/job/$job/progress?ticket=$ticket"
  watch "/api/v1/jobs/progress?ids=$job&ticket=$ticket"
  bake "{\"job_id\": \"$job\"}"
  with_cookie get "/api/v1/job/$job"
  [ "$http_status" = 200 ]

  key='' get "/api/v1/job/$other/progress?ticket=$ticket"
  refused 403 FORBIDDEN
  key='' get "/api/v1/jobs/progress?ids=$job,$other&ticket=$ticket"
  refused 403 FORBIDDEN
  with_cookie get "/api/v1/job/$other"
  refused 403 FORBIDDEN
  with_cookie get /api/v1/jobs
  refused 403 FORBIDDEN
}

@test "another account's job is not there for a ticket either" {
  local theirs
  theirs=$(submit_job "$(new_account)" move)
  mint "{\"job_id\": \"$theirs\"}"

  key='' get "/api/v1/job/$theirs/progress?ticket=$ticket"
  refused 404 JOB_NOT_FOUND
}

@test "a ticket without the scope is 403, whatever its key may do" {
  mint '{"scope": "queue:read"}'
  key='' get "/api/v1/job/$job/progress?ticket=$ticket"
  refused 403 FORBIDDEN
  bake '{"scope": "queue:read"}'
  with_cookie get /api/v1/jobs
  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "a ticket may do no more than its key may by now" {
  sealed 0 300 '' job:read "$(new_key "$account" queue:read)"
  key='' get "/api/v1/job/$job/progress?ticket=$ticket"

  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "a revoked key's tickets are worth nothing" {
  key=$(new_key "$account" job:read)
  mint
  bake
  watch "/api/v1/job/$job/progress?ticket=$ticket"

  revoke_key "$key"
  key='' get "/api/v1/job/$job/progress?ticket=$ticket"
  refused 401 UNAUTHORIZED
  with_cookie get /api/v1/jobs
  refused 401 UNAUTHORIZED
}

# bats test_tags=any-server
@test "when the secret changes, the one before is still good if it is said" {
  local old new header
  old=$(openssl rand -hex 32) new=$(openssl rand -hex 32)
  header="HTTP_COOKIE=telltale_ticket=$(TELLTALE_SECRET=$old "$BUILD/tests/tool/seal" \
    --cookie "$reader" job:read 0 300)"
  key=''

  cgi job GET "/api/v1/job/$job" "$header" TELLTALE_SECRET="$old"
  [ "$http_status" = 200 ]
  cgi job GET "/api/v1/job/$job" "$header" TELLTALE_SECRET="$new,$old"
  [ "$http_status" = 200 ]
  cgi job GET "/api/v1/job/$job" "$header" TELLTALE_SECRET="$new"
  refused 401 UNAUTHORIZED
  cgi job GET "/api/v1/job/$job" "$header" TELLTALE_SECRET=
  refused 401 UNAUTHORIZED
}

@test "a ticket is in no log" {
  mint
  watch "/api/v1/job/$job/progress?ticket=$ticket" -H 'Referer: https://a.example/'
  key='' get "/api/v1/job/$job/progress?ticket=${ticket}x"
  key='' get "/api/v1/job/$job?ticket=${ticket}" -H "X-Request-Id: ticket-$$-$BATS_TEST_NUMBER"

  logged "ticket-$$-$BATS_TEST_NUMBER"
  within 5 grep -q "job/$job" "$TELLTALE_DIR/log/access.log"
  run ! grep -rF "${ticket:0:40}" "$TELLTALE_DIR/log"
}

# The program of the streams, where it serves more than one.
stream_program() {
  local pid
  for pid in /proc/[0-9]*; do
    [ "$(readlink "$pid/exe")" != "$TELLTALE_DIR/site/cgi-bin/progress.fcgi" ] || echo "${pid#/proc/}"
  done
}

# asked SOCKET: somebody is connected there whom the program has not let in.
asked() { grep -q " 0 $1" /proc/net/unix; }

answers() { key='' get "$1" && [ "$http_status" = "$2" ]; }

# A server may write its line when the client has its answer.
in_access_log() { tail -n 20 "$TELLTALE_DIR/log/access.log" | grep -F "$1" | grep -q "$2"; }

# Where it fails, servers like to say at which address.
@test "a ticket is in no log either where the program fails" {
  local path=/api/v1/job/$job/progress socket=$TELLTALE_DIR/run/progress.sock pid
  mint
  case $TELLTALE_SERVER in
  nginx | apache-proxy)
    mv "$socket" "$socket.away"
    key='' get "$path?ticket=$ticket" || true
    mv "$socket.away" "$socket"
    ;;
  lighttpd)
    # It has the request, and ends without an answer.
    watch "$path?ticket=$ticket"
    pid=$(stream_program)
    kill -STOP "$pid"
    (within 10 asked "$socket"; kill -KILL "$pid") 3>&- &
    key='' get "$path?ticket=$ticket" || true
    ;;
  *) skip "$TELLTALE_SERVER writes no address" ;;
  esac
  [[ $http_status == 50[0-9] ]]
  within 5 in_access_log "$path" " $http_status "
  run ! grep -rF "${ticket:0:40}" "$TELLTALE_DIR/log"

  within 10 answers "$path?ticket=x" 401
}

# --- a cookie --------------------------------------------------------------------

@test "a ticket may come as a cookie, and then no script sees it" {
  post '{"cookie": true}'

  [ "$http_status" = 200 ]
  [ "$(field 'keys_unsorted | join(" ")')" = 'expires_in expires_at scope' ]
  [[ $(header Set-Cookie) =~ ^telltale_ticket=tk_[A-Za-z0-9_-]+';'\ (.*)$ ]]
  [ "${BASH_REMATCH[1]}" = 'Path=/; Max-Age=300; HttpOnly; SameSite=Strict' ]
  [ "$(header Cache-Control)" = no-store ]
}

@test "by https the cookie is for https only" {
  post '{"cookie": true}' -H 'X-Forwarded-Proto: https'
  [[ $(header Set-Cookie) == *'; SameSite=Strict; Secure' ]]
  post '{"cookie": true}' -H 'X-Forwarded-Proto: http'
  [[ $(header Set-Cookie) != *Secure* ]]

  cgi ticket DELETE /api/v1/ticket HTTPS=on
  [[ $(header Set-Cookie) == *'; Secure' ]]
  cgi ticket DELETE /api/v1/ticket REQUEST_SCHEME=https
  [[ $(header Set-Cookie) == *'; Secure' ]]
  cgi ticket DELETE /api/v1/ticket HTTPS=off REQUEST_SCHEME=http HTTP_X_FORWARDED_PROTO=httpsx
  [[ $(header Set-Cookie) != *Secure* ]]
}

# bats test_tags=any-server
@test "the cookie is for where the programs are" {
  cgi ticket DELETE /jobs-api/api/v1/ticket TELLTALE_MOUNT=/jobs-api

  [ "$http_status" = 204 ]
  [[ $(header Set-Cookie) == *'; Path=/jobs-api; '* ]]
}

@test "the cookie reads, and opens streams" {
  post '{"cookie": true}'
  cookie=$(cookie_value)

  with_cookie get /api/v1/jobs
  [ "$http_status" = 200 ]
  [ "$(header X-RateLimit-Limit)" = 1000000 ]
  with_cookie get "/api/v1/job/$job"
  [ "$http_status" = 200 ]
  with_cookie request HEAD "/api/v1/job/$job"
  [ "$http_status" = 200 ]
  with_cookie watch "/api/v1/job/$job/progress"
}

@test "a key wins over a cookie, also a bad one" {
  ticket=nonsense
  get /api/v1/jobs -H "Cookie: telltale_ticket=$ticket"
  [ "$http_status" = 200 ]

  mint
  key=tt_EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE get /api/v1/jobs -H "Cookie: telltale_ticket=$ticket"
  refused 401 UNAUTHORIZED
}

# bats test_tags=any-server
@test "other cookies are none of our business; of ours a bad one is 401" {
  key='' get /api/v1/jobs -H 'Cookie: a=b; xtelltale_ticket=c'
  refused 401 UNAUTHORIZED
  [[ $(field .message) == *key* ]]

  for cookie in '' x "$(printf 'x%.0s' {1..400})"; do
    with_cookie get /api/v1/jobs
    refused 401 UNAUTHORIZED
    [[ $(field .message) == *ticket* ]]
  done
}

# bats test_tags=any-server
@test "what stands in a URL is no cookie, and the other way round" {
  mint
  cookie=$ticket
  with_cookie get /api/v1/jobs
  refused 401 UNAUTHORIZED
  by_page post
  refused 401 UNAUTHORIZED

  bake
  key='' get "/api/v1/job/$job/progress?ticket=$cookie"
  refused 401 UNAUTHORIZED
}

@test "a write by cookie is refused unless it is a page of ours" {
  bake
  with_cookie post
  refused 403 FORBIDDEN
  with_cookie post '' -H 'X-Telltale: 1'
  refused 403 FORBIDDEN
  with_cookie post '' -H 'Sec-Fetch-Site: same-origin'
  refused 403 FORBIDDEN
  with_cookie post '' -H 'X-Telltale: 1' -H 'Sec-Fetch-Site: same-site'
  refused 403 FORBIDDEN
  with_cookie post '' -H 'X-Telltale: 1' -H 'Sec-Fetch-Site: cross-site'
  refused 403 FORBIDDEN

  by_page post
  [ "$http_status" = 200 ]
}

# --- another one for a ticket ------------------------------------------------------

# bats test_tags=any-server
@test "a cookie is renewed: the same scopes, the same job" {
  bake "{\"scope\": \"job:read job:write\", \"job_id\": \"$job\"}"
  by_page post

  [ "$http_status" = 200 ]
  [ "$(field 'keys_unsorted | join(" ")')" = 'expires_in expires_at scope job_id' ]
  [ "$(field .scope)" = 'job:read job:write' ]
  [ "$(field .job_id)" = "$job" ]
  [ "$(field .expires_in)" = 300 ]
  [[ $(header Set-Cookie) == telltale_ticket=tk_*'; HttpOnly;'* ]]
  [ "$(cookie_value)" != "$cookie" ]

  cookie=$(cookie_value)
  with_cookie get "/api/v1/job/$job"
  [ "$http_status" = 200 ]
  with_cookie get "/api/v1/job/$other"
  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "it is renewed with less, never with more" {
  bake '{"scope": "job:read job:write"}'
  by_page post '{"scope": "job:read queue:read"}'
  refused 403 FORBIDDEN

  by_page post "{\"scope\": \"job:read\", \"job_id\": \"$job\"}"
  [ "$(field '.scope + " " + .job_id')" = "job:read $job" ]

  cookie=$(cookie_value)
  by_page post '{"scope": "job:read job:write"}'
  refused 403 FORBIDDEN
  by_page post "{\"job_id\": \"$other\"}"
  refused 403 FORBIDDEN
}

# bats test_tags=any-server
@test "what was a cookie stays one: no script gets at it by renewing" {
  bake
  by_page post '{"cookie": false}'
  refused 403 FORBIDDEN

  by_page post '{"cookie": true}'
  [ "$http_status" = 200 ]
  [ "$(field .ticket)" = null ]
}

# bats test_tags=any-server
@test "half a day after the first of them there is no other" {
  sealed -43000 100
  by_page post
  [ "$http_status" = 200 ]
  [ "$(field .expires_in)" -le 200 ] && [ "$(field .expires_in)" -ge 190 ]
  [[ $(header Set-Cookie) == *"; Max-Age=$(field .expires_in); "* ]]

  # What came of it is as old.
  cookie=$(cookie_value)
  by_page post
  [ "$(field .expires_in)" -le 200 ]

  sealed -43201 100
  by_page post
  refused 401 UNAUTHORIZED
  with_cookie get /api/v1/jobs
  [ "$http_status" = 200 ]
}

# bats test_tags=any-server
@test "a revoked key's cookie is not renewed" {
  key=$(new_key "$account" job:read)
  bake
  revoke_key "$key"

  by_page post
  refused 401 UNAUTHORIZED
}

# --- the end ---------------------------------------------------------------------

@test "DELETE takes the cookie back, and needs nothing" {
  key='' request DELETE /api/v1/ticket

  [ "$http_status" = 204 ]
  [ -z "$body" ]
  [ "$(header Set-Cookie)" = \
    'telltale_ticket=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict' ]
  [ "$(header Cache-Control)" = no-store ]
}

# bats test_tags=any-server
@test "DELETE needs no ticket that is good, no secret and no database" {
  cookie=nonsense
  with_cookie request DELETE /api/v1/ticket
  [ "$http_status" = 204 ]

  key=''
  cgi ticket DELETE /api/v1/ticket TELLTALE_SECRET= TELLTALE_DSN='host=/nowhere dbname=x'
  [ "$http_status" = 204 ]
}

# --- the stack -------------------------------------------------------------------

@test "no file with the secret is for others to read" {
  local secret file
  secret=$(stack_secret)
  [ "${#secret}" = 64 ]
  while read -r file; do
    [ $((0$(stat -c %a "$file") & 077)) = 0 ] || { ls -l "$file"; false; }
  done < <(grep -rlsF "$secret" "$TELLTALE_DIR" --exclude-dir=pg)
}
