#!/usr/bin/env bats
# Checks of content (seed 003): the report, the stream, the job to ask for.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # claim_check() and request() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load sse
  account=$(new_account)
  key=$(new_key "$account" compliance:check)
  check=/v1/compliance/check
}

teardown() { leave_all; }

# --- words -------------------------------------------------------------------------

# body MODE [JQ]: what the seed asks for, answered that way, changed by the filter.
body() {
  jq -cn --arg mode "$1" '{jurisdictions: ["us"], platforms: ["youtube"],
    content: {text: "Guaranteed results!"}, mode: "fast", responseMode: $mode} | '"${2:-.}"
}

# post MODE [JQ [CURL ARGUMENT...]]
post() {
  local json
  json=$(body "$1" "${2:-.}")
  shift $(($# < 2 ? $# : 2))
  request POST "$check" -H 'Content-Type: application/json' -d "$json" "$@"
}

# open_check NAME MODE [CURL ARGUMENT...]
open_check() {
  local name=$1 json
  json=$(body "$2")
  shift 2
  open_stream "$name" "$check" -X POST -H 'Content-Type: application/json' -d "$json" "$@"
}

# A worker takes the account's next check; sets job and attempt.
claim_check() {
  local claimed
  has_claimed() { claimed=$(claim_job "$account" compliance); [ -n "$claimed" ]; }
  within 5 has_claimed
  job=${claimed%|*} attempt=${claimed#*|}
}

# How many checks the account has asked for.
jobs_made() {
  sql "select count(*) from telltale.job as j join telltale.account as a using (account_id)
        where a.name = '$account'"
}

# have_places CLASS N: so many of the account's clients wait.
have_places() {
  [ "$(sql "select coalesce(sum(s.n), 0)
              from telltale.stream_lease as s join telltale.account as a using (account_id)
             where a.name = '$account' and s.class = '$1'")" = "$2" ]
}

# One that finds something, and gives the report of 10 points.
judge() {
  worker "select telltale.stage_started('$job', $attempt, 'ai-laws');
    select telltale.stage_completed('$job', $attempt, 'ai-laws', '[{\"id\": \"chk_00000001\"}]');
    select telltale.score('$job', $attempt, 10, 'BLOCK');
    select telltale.complete('$job', $attempt, decision => 'reject',
      result => '{\"score\": 10, \"decision\": \"BLOCK\", \"checks\": [{\"id\": \"chk_00000001\"}]}')" \
    >/dev/null
}

# What happened to the job is kept no longer; how it stands is.
forget() {
  psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN" -c "delete from telltale.job_event as e
    using telltale.job as j where j.id = e.job and j.job_id = '$job'"
}

# The events without their times, which are ISO 8601 with milliseconds.
told() {
  ! shown "$1" | grep -vE '"timestamp":"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z"\}$'
  shown "$1" | sed -E 's/,?"timestamp":"[^"]*"//'
}

whole='job.started {}
agent.started {"agentId":"ai-laws"}
agent.completed {"agentId":"ai-laws","checks":[{"id":"chk_00000001"}]}
score.computed {"score":10,"decision":"BLOCK"}
complete {"data":{"score":10,"checks":[{"id":"chk_00000001"}],"decision":"BLOCK"}}'

# --- the stream -----------------------------------------------------------------------

@test "stream: each event as it happens, complete, and the end" {
  open_check a stream -H 'Accept: text/event-stream'
  await a '^event: job.started'
  [ "$(stream_header a Content-Type)" = 'text/event-stream; charset=utf-8' ]

  claim_check
  [ "$(stream_header a X-Job-Id)" = "$job" ]
  worker "select telltale.stage_started('$job', $attempt, 'ai-laws')" >/dev/null
  await a '^event: agent.started'
  judge
  ended a
  [ "$(told a | grep -v '^agent.started' | head -n 1)" = 'job.started {}' ]
  [ "$(told a | tail -n 1)" = "$(tail -n 1 <<<"$whole")" ]
}

@test "stream: a client of the seed's own manner prints each agent, and ends" {
  command -v node >/dev/null || skip 'no node here'
  TELLTALE_KEY=$key node "$BATS_TEST_DIRNAME/../tool/seedclient.mjs" >"$BATS_TEST_TMPDIR/said" 3>&- &
  claim_check
  judge
  wait $!

  [ "$(cat "$BATS_TEST_TMPDIR/said")" = 'ai-laws 1
done BLOCK' ]
}

@test "stream: any Accept but one that refuses it" {
  open_check a stream
  await a '^event: job.started'
  open_check b stream -H 'Accept: */*'
  await b '^event: job.started'
  post stream . -H 'Accept: application/json'
  [ "$http_status" = 406 ]
}

@test "stream: a failed check ends with one error" {
  open_check a stream
  claim_check
  worker "select telltale.fail('$job', $attempt, 'no model', 'pipeline_error', false)" >/dev/null
  ended a

  [ "$(told a)" = 'job.started {}
error {"message":"no model","code":"pipeline_error"}' ]
}

@test "stream: five at once; the sixth is told to come later" {
  sql "select telltale.account_set('$account', p_stream_limit => 2)" >/dev/null
  open_check a stream
  open_check b stream
  await a '^event: job.started'
  await b '^event: job.started'

  post stream
  [ "$http_status" = 429 ]
  [ "$(header Retry-After)" -gt 0 ]
  [ "$(field '[.error, .statusCode, .url] | tostring')" = '[true,429,"/v1/compliance/check"]' ]
  [ "$(field .data.retryAfter)" -gt 0 ]

  [ "$(jobs_made)" = 2 ]
}

@test "jobs/{id}/stream: the whole log, and what was missed of it" {
  post async '. + {webhookUrl: "https://example.com/hook"}'
  claim_check
  judge

  open_stream a "/v1/compliance/jobs/$job/stream"
  ended a
  [ "$(told a)" = "$whole" ]
  [ "$(stream_header a X-Job-Id)" = "$job" ]

  open_stream b "/v1/compliance/jobs/$job/stream" -H "Last-Event-ID: $(ids a | sed -n 3p)"
  ended b
  [ "$(told b)" = "$(tail -n 2 <<<"$whole")" ]

  get "/v1/compliance/jobs/$job/stream" -H "Last-Event-ID: $(last_id a)"
  [ "$http_status" = 204 ]
}

@test "the job goes on without its client; the same key attaches to it" {
  open_check a stream -H 'Idempotency-Key: k-1'
  await a '^event: job.started'
  leave a
  claim_check
  open_check b stream -H 'Idempotency-Key: k-1'
  await b '^event: job.started'
  judge
  ended b
  [ "$(told b)" = "$whole" ]
  [ "$(stream_header b X-Job-Id)" = "$job" ]

  # Also when it is over.
  open_check c stream -H 'Idempotency-Key: k-1'
  ended c
  [ "$(told c)" = "$whole" ]

  post stream '.mode = "full"' -H 'Idempotency-Key: k-1'
  [ "$http_status" = 409 ]
}

@test "what is not kept any longer: how the check stands, how it ended, and the end" {
  local first
  open_check a stream -H 'Idempotency-Key: k-2'
  claim_check
  judge
  ended a
  forget

  # A client that waits would wait for ever.
  open_check b stream -H 'Idempotency-Key: k-2'
  ended b
  [ "$(told b)" = "resync {\"jobId\":\"$job\",\"status\":\"completed\"}
$(tail -n 1 <<<"$whole")" ]
  [ "$(stream_header b X-Job-Id)" = "$job" ]
  [ "$(ids b)" = "-
$(last_id a)" ]

  open_stream c "/v1/compliance/jobs/$job/stream" -H "Last-Event-ID: $(ids a | sed -n 3p)"
  ended c
  [ "$(told c)" = "$(told b)" ]
  get "/v1/compliance/jobs/$job/stream" -H "Last-Event-ID: $(last_id c)"
  [ "$http_status" = 204 ]

  # Also where it came to nothing.
  open_check d stream -H 'Idempotency-Key: k-3'
  claim_check
  worker "select telltale.fail('$job', $attempt, 'no model', 'no_model', false)" >/dev/null
  ended d
  forget
  open_check e stream -H 'Idempotency-Key: k-3'
  ended e
  [ "$(told e | tail -n 1)" = 'error {"message":"no model","code":"no_model"}' ]
}

@test "what is not kept any longer, of a check that goes on: what comes from here on" {
  open_check a stream -H 'Idempotency-Key: k-4'
  claim_check
  worker "select telltale.stage_started('$job', $attempt, 'ai-laws')" >/dev/null
  await a '^event: agent.started'
  forget

  open_check b stream -H 'Idempotency-Key: k-4'
  await b '^event: resync'
  judge
  ended b
  [ "$(told b | head -n 1)" = "resync {\"jobId\":\"$job\",\"status\":\"running\"}" ]
  [ "$(told b | tail -n 3)" = "$(tail -n 3 <<<"$whole")" ]
}

# --- the report -----------------------------------------------------------------------

@test "sync: the report when the job ends, and nothing before" {
  open_check a sync
  claim_check
  is_open a
  judge
  ended a

  [ "$(cat "$(stream_file a)")" = '{"score":10,"checks":[{"id":"chk_00000001"}],"decision":"BLOCK"}' ]
  [ "$(stream_header a Content-Type)" = 'application/json; charset=utf-8' ]
  [ "$(stream_header a X-Job-Id)" = "$job" ]
  grep -q '^HTTP/1.1 200' "$(stream_file a head)"
}

@test "sync: as many wait at once as the account's watch limit says" {
  sql "select telltale.account_set('$account', p_watch_limit => 2)" >/dev/null
  open_check a sync
  claim_check
  open_check b sync
  within 5 have_places watch 2

  post sync
  [ "$http_status" = 429 ]
  [ "$(header Retry-After)" -gt 0 ]
  [ "$(field '[.error, .statusCode, .url] | tostring')" = '[true,429,"/v1/compliance/check"]' ]
  [ "$(field .data.retryAfter)" -gt 0 ]
  [ "$(jobs_made)" = 2 ]

  # A stream is counted apart; who asks for the job does not wait.
  open_check c stream
  await c '^event: job.started'
  post async '. + {webhookUrl: "https://example.com/hook"}'
  [ "$http_status" = 202 ]

  # Who has his report has left.
  judge
  ended a
  within 5 have_places watch 1
  open_check d sync
  within 5 have_places watch 2
  is_open d
}

@test "sync: a check that fails is an error with its code" {
  open_check a sync
  claim_check
  worker "select telltale.fail('$job', $attempt, 'no model', 'pipeline_error', false)" >/dev/null
  ended a

  grep -q '^HTTP/1.1 500' "$(stream_file a head)"
  [ "$(jq -r '[.error, .message, .data.code, .data.jobId] | join(" ")' "$(stream_file a)")" = \
    "true no model pipeline_error $job" ]
}

@test "sync: the same key once it is over is answered at once, whether the log is kept or not" {
  open_check a sync -H 'Idempotency-Key: k-5'
  claim_check
  judge
  ended a
  for _ in kept forgotten; do
    post sync . -H 'Idempotency-Key: k-5'
    [ "$http_status" = 200 ]
    [ "$body" = "$(cat "$(stream_file a)")" ]
    [ "$(header X-Job-Id)" = "$job" ]
    forget
  done

  # It needs no place.
  sql "select telltale.account_set('$account', p_watch_limit => 0)" >/dev/null
  post sync . -H 'Idempotency-Key: k-5'
  [ "$http_status" = 200 ]
}

@test "sync: the same key for one that was cancelled" {
  open_check a sync -H 'Idempotency-Key: k-6'
  claim_check
  worker "select telltale.cancel('$job')" >/dev/null
  ended a
  forget

  post sync . -H 'Idempotency-Key: k-6'
  [ "$http_status" = 409 ]
  [ "$(field '[.error, .message, .data.code, .data.jobId] | join(" ")')" = \
    "true The check was cancelled cancelled $job" ]
  [ "$body" = "$(cat "$(stream_file a)")" ]
}

@test "sync: a multipart, flat, with a file" {
  printf 'GIF89a' >"$BATS_TEST_TMPDIR/a.gif"
  open_stream a "$check" -F jurisdictions=us -F jurisdictions=eu -F platforms=tiktok \
    -F text=hello -F "image=@$BATS_TEST_TMPDIR/a.gif;type=image/gif"
  claim_check
  [ "$(sql "select payload from telltale.job where job_id = '$job'")" = \
    '{"mode": "fast", "content": {"text": "hello"}, "platforms": ["tiktok"], "jurisdictions": ["us", "eu"]}' ]
  [ "$(worker "select convert_from(data, 'UTF8') from telltale.job_input('$job', $attempt)")" = GIF89a ]
  judge
  ended a

  request POST "$check" -F jurisdictions=us -F platforms=tiktok -F text=hello -F responseMode=stream
  [ "$http_status" = 400 ]
  [[ $(field .message) == *'multipart body is sync only'* ]]
}

# --- the job --------------------------------------------------------------------------

@test "async: 202 with a secret, and the job to ask for" {
  post async '. + {webhookUrl: "https://example.com/hook", callbackId: "c-1"}'
  [ "$http_status" = 202 ]
  [ "$(field '[.status, .callbackId] | join(" ")')" = 'queued c-1' ]
  [[ $(field .webhookSecret) == whsec_* ]]
  id=$(field .jobId)
  [ "$(header X-Job-Id)" = "$id" ]

  get "/v1/compliance/jobs/$id"
  [ "$http_status" = 200 ]
  [ "$(field '[.jobId, .status, .callbackId] | join(" ")')" = "$id queued c-1" ]
  claim_check
  get "/v1/compliance/jobs/$id"
  [ "$(field .status)" = running ]
  judge
  get "/v1/compliance/jobs/$id"
  [ "$(field '[.status, .result.decision] | join(" ")')" = 'completed BLOCK' ]
}

@test "all that is wrong is said at once" {
  request POST "$check" -H 'Content-Type: application/json' -d '{}'

  [ "$http_status" = 400 ]
  [ "$(field .message)" = \
    'jurisdictions: Required, platforms: Required, content: Required, mode: Required' ]
  [ "$(field '[.error, .statusCode, .statusMessage] | tostring')" = '[true,400,"Bad Request"]' ]
}

@test "who may not, and what is not there" {
  post sync . -H 'Authorization: Bearer nonsense'
  [ "$http_status" = 401 ] || [ "$http_status" = 400 ]
  key=$(new_key "$account" job:read)
  post sync
  [ "$http_status" = 403 ]
  key=$(new_key "$(new_account)" compliance:check)
  get /v1/compliance/jobs/nobody-knows
  [ "$http_status" = 404 ]
  get '/v1/compliance/jobs/no%20id'
  [ "$http_status" = 400 ]
  get /v1/compliance/nothing
  [ "$http_status" = 404 ]
  request DELETE "$check"
  [ "$http_status" = 405 ]
  [ "$(header Allow)" = POST ]
}
