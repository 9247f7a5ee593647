#!/usr/bin/env bats
# Who gets what: each cell of the table in SECURITY.md, which is read here so
# that the document and the programs cannot part.  The programs and PostgreSQL
# judge; how a key gets to them through each server is what auth.bats is about.
# bats file_tags=any-server
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # setup_file sets the callers, ask() the answer

setup_file() {
  load ../helpers
  account=$(new_account)
  scopes=job:read,job:write,queue:read,queue:write
  scopes+=,moderate:prompt,moderate:image,moderate:video,webhook:manage,compliance:check
  right=$(new_key "$account" $scopes)
  revoked=$(new_key "$account" $scopes)
  revoke_key "$revoked"
  # One for what reads, one for what writes, one for the queue.
  scopeless=$(new_key "$account" job:write,queue:read,webhook:manage,admin)
  writeless=$(new_key "$account" job:read,queue:read,queue:write,compliance:check,admin)
  queueless=$(new_key "$account" job:read,job:write,webhook:manage,compliance:check,admin)
  foreign=$(new_key "$(new_account)" $scopes)
  terminated=$(new_account)
  late=$(new_key "$terminated" $scopes)
  sql "select telltale.account_set('$terminated', p_terminated => true)"
  unknown=tt_$(unique 32)
  export account right revoked scopeless writeless queueless foreign late unknown

  # What nobody else may hear of.
  secret=hush$(unique 12)
  job=$(submit_job "$account" move "access-$(unique 8)" "{\"secret\": \"$secret\"}")
  other=$(submit_job "$account" index)
  attempt=$(claim_job "$account" move | cut -d '|' -f 2)
  worker "select telltale.progress('$job', $attempt, 50, '$secret');
          select telltale.complete('$job', $attempt, 'reject', '{\"$secret\": 1}', '{\"$secret\": 1}', '$secret')" \
    >/dev/null
  checked=$(submit_job "$account" compliance "check-$(unique 8)" "{\"secret\": \"$secret\"}")
  attempt=$(claim_job "$account" compliance | cut -d '|' -f 2)
  worker "select telltale.complete('$checked', $attempt, 'reject', '{\"$secret\": 1}')" >/dev/null
  waits=$(submit_job "$account" index "waits-$(unique 8)" "{\"secret\": \"$secret\"}")
  kept=$(submit_job "$account" index "kept-$(unique 8)" "{\"secret\": \"$secret\"}")
  worker "select telltale.cancel('$kept')" >/dev/null
  file=videos/$(unique 8).mp4
  worker "select telltale.submit('$account', 'index', '{\"secret\": \"$secret\"}', '$file')" >/dev/null
  export secret job checked waits kept file

  local BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
  scopeless_ticket=$(ticket_of "$scopeless" '{"scope": "queue:read"}')
  queueless_ticket=$(ticket_of "$queueless" '{"scope": "job:read"}')
  other_ticket=$(ticket_of "$right" "{\"job_id\": \"$other\", \"scope\": \"$scopes\"}")
  export scopeless_ticket queueless_ticket other_ticket
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load ask
  key=
}

# ticket_of KEY BODY: what POST /api/v1/ticket gives for it: for a URL, and for
# the cookie.
ticket_of() {
  local cookie
  cookie=$(jq -c '. + {cookie: true}' <<<"$2")
  key=$1 request POST /api/v1/ticket -H 'Content-Type: application/json' -d "$2" >&2
  field .ticket
  key=$1 request POST /api/v1/ticket -H 'Content-Type: application/json' -d "$cookie" >&2
  header Set-Cookie | sed 's/^telltale_ticket=//; s/;.*//'
}

# --- the table -----------------------------------------------------------------

document=$BATS_TEST_DIRNAME/../../SECURITY.md

# The callers' names, and the requests; a line each.
callers() { awk -F ' *[|] *' '/^\| request/ { for (i = 3; i < NF; i++) print $i }' "$document"; }
requests() { sed -n 's/^| `\([A-Z]* [^`]*\)` *|.*/\1/p' "$document"; }

# What a request's row says, a cell a line: "401 UNAUTHORIZED".
cells() {
  awk -F ' *[|] *' -v request="\`$1\`" '$2 == request { for (i = 3; i < NF; i++) print $i }' "$document"
}

# --- the callers ---------------------------------------------------------------

# by_ticket TICKETS METHOD PATH: streams in the query, else by the cookie, which
# writes for a page of the same origin only.
by_ticket() {
  local ticket=${1%%$'\n'*} cookie=${1#*$'\n'} method=$2 path=$3
  shift 3
  case $path in
  *progress\?*) ask "$method" "$path&ticket=$ticket" "$@" ;;
  *progress | */stream | */events | */updates) ask "$method" "$path?ticket=$ticket" "$@" ;;
  *)            ask "$method" "$path" "$@" -H "Cookie: telltale_ticket=$cookie" \
    -H 'Sec-Fetch-Site: same-origin' -H 'X-Telltale: 1' ;;
  esac
}

# The key that must not do for that request; and the ticket.
without_scope() {
  case $1 in
  */api/queue/* | */api/updates | *\ /queue/* | *\ /video-status/*) echo "$queueless" ;;
  POST\ */jobs | */moderate/* | */cancel | */register) echo "$writeless" ;;
  *)                                                   echo "$scopeless" ;;
  esac
}

ticket_without_scope() {
  case $1 in
  */api/queue/* | */api/updates | *\ /queue/* | *\ /video-status/*) echo "$queueless_ticket" ;;
  *) echo "$scopeless_ticket" ;;
  esac
}

# ask_as CALLER METHOD PATH [CURL ARGUMENT...]
ask_as() {
  local caller=$1
  shift
  case $caller in
  nobody)                     ask "$@" ;;
  'malformed key')            ask "$@" -H "Authorization: Bearer ${right}x" ;;
  'unknown key')              key=$unknown ask "$@" ;;
  'revoked key')              key=$revoked ask "$@" ;;
  "another account's key")    key=$foreign ask "$@" ;;
  'key without the scope')    key=$(without_scope "$1 $2") ask "$@" ;;
  'ticket without the scope') by_ticket "$(ticket_without_scope "$1 $2")" "$@" ;;
  'ticket for another job')   by_ticket "$other_ticket" "$@" ;;
  'terminated account')       key=$late ask "$@" ;;
  'the right key')            key=$right ask "$@" ;;
  *)                          echo "nobody knows the caller $caller"; return 1 ;;
  esac
}

# --- the answers ---------------------------------------------------------------

# Is it what the cell says?
is() {
  local answer=$http_status${word:+ $word}
  [ "$answer" = "$1" ] || { echo "$answer and not \"$1\""; return 1; }
}

# Nothing of the job: of its id only what the client sent.
tells_nothing() {
  local said=$headers$body
  [[ $said != *"$secret"* ]] || { echo "tells of the job"; return 1; }
  [[ $1 == *"$job"* || $said != *"$job"* ]] || { echo "tells the job's id"; return 1; }
  [[ $1 == *"$checked"* || $said != *"$checked"* ]] || { echo "tells the check's id"; return 1; }
  [[ $1 == *"$waits"* || $said != *"$waits"* ]] || { echo "tells the id of what waits"; return 1; }
  [[ $1 == *"$kept"* || $said != *"$kept"* ]] || { echo "tells the id of what was cancelled"; return 1; }
}

# What a POST or PUT there says.
body_for() {
  case $1 in
  */ticket)   echo "{\"scope\": \"job:read\", \"job_id\": \"$job\"}" ;;
  */jobs)     echo '{"type": "move"}' ;;
  */prompt)   echo '{"prompt": "x"}' ;;
  */image)    echo '{"image_url": "https://media.example/"}' ;;
  */video)    echo '{"video_url": "https://media.example/"}' ;;
  */check)    jq -cn '{jurisdictions: ["us"], platforms: ["tiktok"], content: {text: "x"},
    mode: "fast", responseMode: "async", webhookUrl: "https://hook.example/"}' ;;
  */register) echo '{"url": "https://hook.example/"}' ;;
  */scheduler) echo '{"enabled": false}' ;;
  *)          echo '{}' ;;
  esac
}

# try REQUEST CALLER CELL
try() {
  local method=${1%% *} path=${1#* } body_sent=()
  case $path in
  /v1/*)        path=${path//\{id\}/$checked} ;;
  /api/queue/*) path=${path//\{id\}/$waits} ;;
  /queue/*)     path=${path//\{id\}/$kept} ;;
  /video-status/*) path=${path//\{path\}/$file} ;;
  *)            path=${path//\{id\}/$job} ;;
  esac
  # These never end: their head says who may.
  case $path in /queue/events | /api/updates) method=HEAD ;; esac
  case $method in POST | PUT) body_sent=(-H 'Content-Type: application/json' -d "$(body_for "$path")") ;; esac
  ask_as "$2" "$method" "$path" "${body_sent[@]}"
  is "$3" || { echo "$1, $2"; return 1; }
  [ "$2" = 'the right key' ] || tells_nothing "$path ${body_sent[*]}"
}

every_caller() {
  local caller cell
  while IFS=$'\t' read -r caller cell; do
    try "$1" "$caller" "$cell"
  done < <(paste <(callers) <(cells "$1"))
}

@test "the table has ten callers, and every request that README has" {
  [ "$(callers | wc -l)" = 10 ]
  [ "$(callers | sort -u | wc -l)" = 10 ]
  [ "$(requests | sort -u | wc -l)" = "$(requests | wc -l)" ]
  grep -E '^\| `[A-Z]+ /' "$BATS_TEST_DIRNAME/../../README.md" | cut -d '|' -f 2 |
    grep -oE '`[A-Z]+ /[^`]*`' | tr -d '`' | sed 's/?.*//' | sort >"$BATS_TEST_TMPDIR/readme"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/readme")" -ge 7 ]
  [ -z "$(requests | sed 's/?.*//' | sort | comm -13 - "$BATS_TEST_TMPDIR/readme")" ]
}

@test "GET /api/v1/jobs" { every_caller 'GET /api/v1/jobs'; }

@test "GET /api/v1/job/{id}" { every_caller 'GET /api/v1/job/{id}'; }

@test "GET /api/v1/job/{id}/progress" { every_caller 'GET /api/v1/job/{id}/progress'; }

@test "GET /api/v1/jobs/progress" { every_caller 'GET /api/v1/jobs/progress?ids={id}'; }

@test "POST /api/v1/jobs" { every_caller 'POST /api/v1/jobs'; }

@test "POST /api/v1/moderate" {
  every_caller 'POST /api/v1/moderate/prompt'
  every_caller 'POST /api/v1/moderate/image'
  every_caller 'POST /api/v1/moderate/video'
}

@test "POST /api/v1/job/{id}/cancel" { every_caller 'POST /api/v1/job/{id}/cancel'; }

@test "POST /api/v1/webhook/register" { every_caller 'POST /api/v1/webhook/register'; }

@test "DELETE /api/v1/webhook/register" { every_caller 'DELETE /api/v1/webhook/register'; }

@test "POST /v1/compliance/check" { every_caller 'POST /v1/compliance/check'; }

@test "GET /v1/compliance/jobs/{id}" { every_caller 'GET /v1/compliance/jobs/{id}'; }

@test "GET /v1/compliance/jobs/{id}/stream" { every_caller 'GET /v1/compliance/jobs/{id}/stream'; }

@test "GET /queue/jobs, GET /queue/jobs/{id}, GET /queue/stats" {
  every_caller 'GET /queue/jobs'
  every_caller 'GET /queue/jobs/{id}'
  every_caller 'GET /queue/stats'
}

@test "GET /video-status/{path}" { every_caller 'GET /video-status/{path}'; }

@test "POST and DELETE /queue/jobs/{id}" {
  every_caller 'POST /queue/jobs/{id}/retry'
  every_caller 'POST /queue/jobs/{id}/cancel'
  every_caller 'DELETE /queue/jobs/{id}'
}

@test "GET /queue/events, GET /api/updates" {
  every_caller 'GET /queue/events'
  every_caller 'GET /api/updates'
}

@test "GET /api/queue" {
  every_caller 'GET /api/queue/status'
  every_caller 'GET /api/queue/items'
  every_caller 'GET /api/queue/scheduler'
  every_caller 'GET /api/queue/metrics'
}

@test "DELETE /api/queue/items/{id}" { every_caller 'DELETE /api/queue/items/{id}'; }

@test "POST /api/queue/pause, POST /api/queue/resume" {
  every_caller 'POST /api/queue/pause'
  every_caller 'POST /api/queue/resume'
}

@test "PUT /api/queue/scheduler" { every_caller 'PUT /api/queue/scheduler'; }

@test "POST /api/v1/ticket" { every_caller 'POST /api/v1/ticket'; }

@test "DELETE /api/v1/ticket" { every_caller 'DELETE /api/v1/ticket'; }

@test "GET /healthz, GET /readyz" {
  every_caller 'GET /healthz'
  every_caller 'GET /readyz'
}

@test "no request of the table is left out here" {
  local wanted
  while read -r wanted; do
    grep -qF "every_caller '$wanted'" "$BATS_TEST_FILENAME" || { echo "$wanted is not asked"; return 1; }
  done < <(requests)
}

@test "whom the right key is, and nobody else, is told of the job" {
  key=$right get "/api/v1/job/$job"
  [[ $body == *"$secret"* ]]
  key=$right get "/api/v1/job/$job/progress"
  [[ $body == *"$secret"* ]]
}

@test "a ticket of the right key is as good as the key, for its job" {
  local ticket
  ticket=$(ticket_of "$right" "{\"job_id\": \"$job\"}")
  [ ${#ticket} -gt 40 ]

  by_ticket "$ticket" GET "/api/v1/job/$job"
  is 200
  by_ticket "$ticket" GET "/api/v1/job/$job/progress"
  is 200
}

@test "revoking the key ends its tickets" {
  local ticket last
  last=$(new_key "$account" job:read)
  ticket=$(ticket_of "$last" '{}')
  by_ticket "$ticket" GET "/api/v1/job/$job"
  is 200

  revoke_key "$last"

  by_ticket "$ticket" GET "/api/v1/job/$job"
  is '401 UNAUTHORIZED'
  by_ticket "$ticket" GET "/api/v1/job/$job/progress"
  is '401 UNAUTHORIZED'
}
