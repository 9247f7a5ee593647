#!/usr/bin/env bats
# How many requests a minute a key may make: what every answer says of it, and
# what who asks too often is told.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # limited() and get() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load ../stream/sse
}

teardown() {
  leave_all
  [ -z "${held-}" ] || let_go
}

# limited RATE: a key of its own account, with a job that waits and one that has
# ended; sets key, waits, over and rate, and when that began.
limited() {
  local name
  name=bats-$(unique 8)
  rate=$1
  "$BATS_TEST_DIRNAME/../../bin/telltale" \
    account add "$name" --rate "$rate" >/dev/null
  account=$name
  key=$(new_key "$name" job:read)
  waits=$(submit_job "$name" move)
  over=$(submit_job "$name" move)
  worker "select telltale.cancel('$over')" >/dev/null
  began=${EPOCHREALTIME/./}
}

# So many may have come back since: one each 60 s / rate, and of the next a part.
refilled() { echo $(((${EPOCHREALTIME/./} - began) * rate / 60000000)); }

# The answer says how he stands who has asked so many times.
told_after() {
  local left reset
  left=$(header X-RateLimit-Remaining)
  reset=$(header X-RateLimit-Reset)
  [ "$(header X-RateLimit-Limit)" = "$rate" ] &&
    [ "$left" -ge $((rate - $1)) ] && [ "$left" -le $((rate - $1 + $(refilled))) ] &&
    [ "$left" -le "$rate" ] &&
    [ $((reset * rate)) -le $(($1 * 60 + rate)) ] &&
    [ $((reset * rate)) -ge $((($1 - $(refilled) - 1) * 60)) ]
}

# Ask until that is too often; sets asked to how many got through.
use_up() {
  for ((asked = 0; asked < 2 * rate; asked++)); do
    get "/api/v1/job/$waits" >/dev/null
    [ "$http_status" = 200 ] || break
  done
  [ "$http_status" = 429 ]
}

# All of the answer to who asked too often.
too_often() {
  [ "$http_status" = 429 ] &&
    [ "$body" = '{"error":"RATE_LIMITED","message":"Rate limit exceeded","statusCode":429}' ] &&
    [ "$(header Content-Type)" = 'application/json; charset=utf-8' ] &&
    [ "$(header Cache-Control)" = no-store ] &&
    [ "$(header X-RateLimit-Remaining)" = 0 ] &&
    [ "$(header Retry-After)" -ge 1 ] &&
    [ $(($(header Retry-After) * rate)) -lt $((60 + rate)) ]
}

# Apache hands few headers on with a 304.
told_of_304() {
  case $TELLTALE_SERVER in
  apache-*) [ -z "$(header X-RateLimit-Limit)" ] || told_after "$1" ;;
  *) told_after "$1" ;;
  esac
}

# --- what every answer says ----------------------------------------------------------

@test "every answer says the limit, what is left of it, and when all of it is back" {
  local etag
  limited 60
  get /api/v1/jobs
  [ "$http_status" = 200 ]
  told_after 1

  etag=$(header ETag)
  get /api/v1/jobs -H "If-None-Match: $etag"
  [ "$http_status" = 304 ]
  told_of_304 2

  get "/api/v1/job/$waits"
  [ "$http_status" = 200 ]
  told_after 3

  get /api/v1/job/nobody
  [ "$http_status" = 404 ]
  told_after 4

  request HEAD /api/v1/jobs
  [ "$http_status" = 200 ]
  told_after 5

  get "/api/v1/job/$over/progress"
  [ "$http_status" = 200 ]
  told_after 6

  get "/api/v1/job/$over/progress" -H 'Last-Event-ID: 2'
  [ "$http_status" = 204 ]
  told_after 7

  request HEAD "/api/v1/job/$waits/progress"
  [ "$http_status" = 200 ]
  told_after 8
}

@test "a request that is refused before the gate says so too, and is not counted" {
  limited 60
  get /api/v1/jobs
  told_after 1

  get '/api/v1/jobs?limit=0'
  [ "$http_status" = 400 ]
  told_after 1
  request PUT /api/v1/jobs -d '{}'
  [ "$http_status" = 405 ]
  told_after 1
  request DELETE "/api/v1/job/$waits"
  [ "$http_status" = 405 ]
  told_after 1
  get "/api/v1/job/$waits/progress" -H 'Accept: application/json'
  [ "$http_status" = 406 ]
  told_after 1
  get "/api/v1/job/$waits/more"
  [ "$http_status" = 404 ]
  told_after 1
  request OPTIONS "/api/v1/job/$waits"
  [ "$http_status" = 204 ]

  get /api/v1/jobs
  told_after 2
}

# bats test_tags=any-server
@test "a key without the scope pays like any other" {
  limited 60
  key=$(new_key "$account" queue:read)
  get /api/v1/jobs
  refused 403 FORBIDDEN
  told_after 1
  get "/api/v1/job/$waits/progress"
  refused 403 FORBIDDEN
  told_after 2
}

# bats test_tags=any-server
@test "the programs count together, each key for itself" {
  local other
  limited 60
  other=$(new_key "$account" job:read)
  get /api/v1/jobs
  told_after 1
  get "/api/v1/job/$waits"
  told_after 2
  get "/api/v1/job/$over/progress"
  told_after 3
  get "/api/v1/jobs/progress?ids=$over"
  told_after 4

  key=$other get /api/v1/jobs
  told_after 1
}

@test "a stream costs one to open, and nothing to hold" {
  limited 60
  open_stream a "/api/v1/job/$waits/progress"
  await a '^event: connected'
  headers=$(tr -d '\r' <"$(stream_file a head)")
  told_after 1

  claim_job "$account" move
  worker "select count(telltale.progress('$waits', 1, n)) from generate_series(1, 90) as n"
  await a '"progress":90}'
  get /api/v1/jobs
  told_after 2
}

# bats test_tags=any-server
@test "another limit holds from the next answer on" {
  limited 60
  get /api/v1/jobs
  told_after 1

  "$BATS_TEST_DIRNAME/../../bin/telltale" account set "$account" --rate 120
  get /api/v1/jobs
  get /api/v1/jobs
  [ "$(header X-RateLimit-Limit)" = 120 ]
}

# --- too often -----------------------------------------------------------------------

@test "as many as the limit are let in at once, and the next is told when to come" {
  limited 5
  use_up
  too_often
  [ "$asked" -ge 5 ]
  [ "$asked" -le $((5 + $(refilled))) ]

  # Of every program, and asking in vain makes it no worse.
  get /api/v1/jobs
  too_often
  get "/api/v1/job/$over/progress"
  too_often
  get "/api/v1/job/$waits/progress" -H 'Accept: */*'
  too_often
  get '/api/v1/jobs?limit=0'
  [ "$http_status" = 400 ]
}

@test "the sixty-first at once is one too many, and a second later there is another" {
  local i
  limited 60
  for ((i = 0; i < 60; i++)); do
    printf 'url = "%s"\n-o /dev/null\n' "$TELLTALE_URL/api/v1/job/$waits"
  done >"$BATS_TEST_TMPDIR/sixty"
  curl -sS -K "$BATS_TEST_TMPDIR/sixty" -H "Authorization: Bearer $key" -w '%{http_code}\n' \
    >"$BATS_TEST_TMPDIR/codes"
  [ "$(uniq -c "$BATS_TEST_TMPDIR/codes" | tr -s ' ')" = ' 60 200' ]
  use_up
  [ "$asked" -le "$(refilled)" ]
  too_often
  [ "$(header Retry-After)" = 1 ]

  let_in() { get /api/v1/jobs && [ "$http_status" = 200 ]; }
  within 5 let_in
}

@test "an EventSource that comes too often is told to come later" {
  limited 5
  use_up
  get "/api/v1/job/$waits/progress" -H 'Accept: text/event-stream'

  [ "$http_status" = 200 ]
  [ "$(header Content-Type)" = 'text/event-stream; charset=utf-8' ]
  [ "$(header X-RateLimit-Remaining)" = 0 ]
  [[ $body =~ ^'retry: '([0-9]+)$'\n\n: '[a-z\ ]+$ ]]
  [ "${BASH_REMATCH[1]}" -ge 5000 ]
  [ "${BASH_REMATCH[1]}" -le 20000 ]

  # Where there is no stream to be had, there is none to come back to.
  request HEAD "/api/v1/job/$waits/progress" -H 'Accept: text/event-stream'
  [ "$http_status" = 429 ]
  get "/api/v1/job/$waits" -H 'Accept: text/event-stream'
  too_often
}

# bats test_tags=any-server
@test "whether all is well may be asked for ever" {
  local path
  limited 5
  use_up
  for path in /healthz /readyz; do
    get $path
    [ "$http_status" = 200 ]
    [ -z "$(header X-RateLimit-Limit)" ]
  done
}

@test "OPTIONS is for nothing" {
  limited 5
  use_up
  request OPTIONS /api/v1/jobs
  [ "$http_status" = 204 ]
}

# --- what was done -------------------------------------------------------------------

super() { psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "$1"; }

# hold TABLE: whoever writes to it waits, until let_go.
hold() {
  local table=$1
  held=yes
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "begin; lock table telltale.$table in exclusive mode;
    select pg_sleep(60) /* hold */" >/dev/null 2>&1 3>&- 4>&- &
  is_held() { [ "$(super "select count(*) from pg_locks
    where relation = 'telltale.$table'::regclass and mode = 'ExclusiveLock' and granted")" = 1 ]; }
  within 3 is_held
}
# waiting N TABLE: so many requests; a tick() may wait beside them.
waiting() { [ "$(super "select count(*) from pg_locks as l join pg_stat_activity as a using (pid)
  where l.relation = 'telltale.$2'::regclass and not l.granted
    and a.query like '%telltale.web\_%'")" = "$1" ]; }
let_go() {
  super "select pg_cancel_backend(pid) from pg_stat_activity
          where query like '%/* hold */' and pid <> pg_backend_pid()" >/dev/null
}

# write_twice TABLE METHOD PATH [BODY]: asked by two at once with a key that was
# never seen, so that both are let in where its limit is one; JOB in the path is
# another one each time.  Both are done, and told so; a third is not let in.
write_twice() {
  local n out=$BATS_TEST_TMPDIR/write table=$1 method=$2 path=$3 json=${4:-{\}}
  local -a jobs
  limited 1
  key=$(new_key "$account" job:write,webhook:manage,compliance:check)
  jobs=("$waits" "$(submit_job "$account" move)")
  hold "$table"
  for n in 0 1; do
    curl -sS --max-time 20 -X "$method" -H "Authorization: Bearer $key" -D "$out.$n" -o /dev/null \
      -H 'Content-Type: application/json' -d "$json" "$TELLTALE_URL${path/JOB/${jobs[n]}}" 3>&- 4>&- &
  done
  within 5 waiting 2 "$table"
  let_go
  wait
  headers=$(cat "$out.0" "$out.1" | tr -d '\r')
  printf '%s %s\n%s\n' "$method" "$path" "$headers"
  [ "$(grep -cE '^HTTP/1.1 20[0-9]' <<<"$headers")" = 2 ]
  [ "$(grep -ci '^X-RateLimit-Limit: 1$' <<<"$headers")" = 2 ]
  [ "$(grep -ci '^X-RateLimit-Remaining: 0$' <<<"$headers")" = 2 ]

  request "$method" "${path/JOB/$waits}" -H 'Content-Type: application/json' -d "$json"
  [ "$http_status" = 429 ]
}

# bats test_tags=any-server
@test "what was done is not answered by: come later" {
  write_twice job POST /api/v1/jobs '{"type": "video"}'
  [ "$(sql "select count(*) from telltale.job as j join telltale.account as a using (account_id)
             where a.name = '$account' and j.type = 'video'")" = 2 ]
  write_twice job POST /api/v1/job/JOB/cancel
  write_twice job POST /v1/compliance/check '{"jurisdictions": ["us"], "platforms": ["tiktok"],
    "content": {"text": "x"}, "mode": "fast", "responseMode": "async",
    "webhookUrl": "https://example.com/hook"}'
  write_twice webhook POST /api/v1/webhook/register '{"url": "https://example.com/hook"}'
}

# --- bad keys ------------------------------------------------------------------------

@test "what is no key is counted to the address, and takes nothing from a key" {
  local at_address
  limited 60
  get /api/v1/jobs
  told_after 1

  key=tt_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC get /api/v1/jobs
  refused 401 UNAUTHORIZED
  at_address=$(sed -n 's/^TELLTALE_ADDRESS_RATE=//p' "$TELLTALE_DIR/site/telltale.conf")
  [ "$(header X-RateLimit-Limit)" = "${at_address:-100}" ]
  [ "$(header X-RateLimit-Remaining)" -lt "${at_address:-100}" ]
  key='' get "/api/v1/job/$waits/progress"
  refused 401 UNAUTHORIZED
  [ "$(header X-RateLimit-Limit)" = "${at_address:-100}" ]

  get /api/v1/jobs
  told_after 2
}

# --- all at once ---------------------------------------------------------------------

# Twenty processes, each with ten requests of three programs.  A count that two
# of them read and write at once would let more in.
@test "twenty at once get what one gets: the limit, and what came back meanwhile" {
  local i elapsed let_in
  limited 60
  for i in 1 2 3; do
    printf 'url = "%s"\n-o /dev/null\n' "$TELLTALE_URL/api/v1/job/$waits" \
      "$TELLTALE_URL/api/v1/jobs?limit=1" "$TELLTALE_URL/api/v1/job/$over/progress"
  done >"$BATS_TEST_TMPDIR/urls"

  began=${EPOCHREALTIME/./}
  seq 20 | xargs -P 20 -I '{}' curl -sS -K "$BATS_TEST_TMPDIR/urls" -w '%{http_code}\n' \
    -H "Authorization: Bearer $key" >"$BATS_TEST_TMPDIR/codes"
  elapsed=$(refilled)

  sort "$BATS_TEST_TMPDIR/codes" | uniq -c
  [ "$(wc -l <"$BATS_TEST_TMPDIR/codes")" = 180 ]
  let_in=$(grep -c '^200$' "$BATS_TEST_TMPDIR/codes")
  [ $((let_in + $(grep -c '^429$' "$BATS_TEST_TMPDIR/codes"))) = 180 ]
  [ "$let_in" -ge 60 ]
  [ "$let_in" -le $((60 + elapsed)) ]
}
