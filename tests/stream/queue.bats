#!/usr/bin/env bats
# What a client sees of a whole queue on GET /queue/events and GET /api/updates:
# both are views of the log, so what holds for one is tried on the other too.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file sets what is used

setup_file() {
  load ../helpers
  load sse
  account=$(new_account)
  key=$(new_key "$account" queue:read)
  # Both are looked at last: they take time to say that they are alive.
  stream_dir=$BATS_FILE_TMPDIR open_stream beat /queue/events --max-time 300
  stream_dir=$BATS_FILE_TMPDIR open_stream quiet "/api/updates?type=pre" --max-time 300 \
    -H 'Accept: text/event-stream'
  export account key
}

teardown_file() {
  stream_dir=$BATS_FILE_TMPDIR leave beat
  stream_dir=$BATS_FILE_TMPDIR leave quiet
}

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load sse
}

teardown() { leave_all; }

# watch_queue NAME [QUERY [CURL ARGUMENT...]]; watch_updates likewise.
watch_queue() {
  local name=$1 query=${2:-}
  shift "$(($# < 2 ? $# : 2))"
  open_stream "$name" "/queue/events$query" "$@"
  await "$name" '^event: (connected|resync)'
}

watch_updates() {
  local name=$1 query=${2:-}
  shift "$(($# < 2 ? $# : 2))"
  open_stream "$name" "/api/updates$query" -H 'Accept: text/event-stream' "$@"
  await "$name" '^(id|event):'
}

# Something that is told of no job; its number.
say() { worker "select telltale.publish('$account', 'info', '{\"message\": \"$1\"}')" >/dev/null; }
said() { datas "$1" | grep -F '"opcode":"info"' | jq -r .data.message; }

# --- the beginning -------------------------------------------------------------

@test "queue: a client is greeted by a name of its own, and an id to come back with" {
  watch_queue a
  watch_queue b

  [[ $(shown a | head -n 1) =~ ^connected\ \{\"clientId\":\"client_[a-z0-9]{12}\"\}$ ]]
  [ "$(datas a | head -n 1)" != "$(datas b | head -n 1)" ]
  [ -n "$(last_id a)" ]
  is_open a
}

@test "queue: a job's whole life, in the words of the seed" {
  watch_queue a
  job=$(worker "select telltale.submit('$account', 'video', file_path => 'videos/clip.mp4')")
  attempt=$(claim_job "$account" video | cut -d '|' -f 2)
  progress 47.9
  worker "select telltale.fail('$job', $attempt, 'FFmpeg process exited with code 1', retryable => false)" >/dev/null
  worker "select telltale.retry('$job')" >/dev/null
  attempt=$(claim_job "$account" video | cut -d '|' -f 2)
  complete
  other=$(submit_job "$account" image)
  worker "select telltale.cancel('$other')" >/dev/null
  worker "select telltale.remove('$other')" >/dev/null
  await a '^event: job:deleted'

  shown a | tail -n +2 | diff - <(cat <<END
job:created {"jobId":"$job","filePath":"videos/clip.mp4","status":"pending","priority":1}
job:started {"jobId":"$job","filePath":"videos/clip.mp4","status":"running"}
job:progress {"jobId":"$job","progress":47}
job:error {"jobId":"$job","filePath":"videos/clip.mp4","status":"error","error":"FFmpeg process exited with code 1"}
job:created {"jobId":"$job","filePath":"videos/clip.mp4","status":"pending","priority":1,"attempt":1}
job:started {"jobId":"$job","filePath":"videos/clip.mp4","status":"running"}
job:completed {"jobId":"$job","filePath":"videos/clip.mp4","status":"completed"}
job:created {"jobId":"$other","filePath":null,"status":"pending","priority":1}
job:cancelled {"jobId":"$other","filePath":null,"status":"cancelled"}
job:deleted {"jobId":"$other","filePath":null,"status":"deleted"}
END
  )
  [ "$(ids a | sort -u | wc -l)" = "$(ids a | wc -l)" ]
}

@test "updates: every event is an update of opcode and data" {
  watch_updates a
  say hello
  await a '"hello"'

  shown a | grep -Fx 'update {"opcode":"info","data":{"message": "hello"}}'
  [ "$(stream_header a Content-Type)" = 'text/event-stream; charset=utf-8' ]
}

@test "updates: Accept is to be there, and to admit an event stream" {
  request GET /api/updates -H 'Accept:'
  [ "$http_status" = 400 ]
  [ "$body" = '{"success":false,"message":"Accept must admit text/event-stream"}' ]
  request GET /api/updates -H 'Accept: application/json'
  [ "$http_status" = 400 ]
  request GET /api/updates -H 'Accept: text/event-stream;q=0, */*'
  [ "$http_status" = 400 ]
  open_stream a /api/updates -H 'Accept: */*'
  await a '^id:'
}

@test "a stream may be asked about, and takes GET and HEAD alone" {
  local path
  for path in /queue/events /api/updates; do
    request HEAD $path -H 'Accept: text/event-stream'
    [ "$http_status" = 200 ]
    [ "$(header Content-Type)" = 'text/event-stream; charset=utf-8' ]
    request POST $path -d ''
    [ "$http_status" = 405 ]
    [ "$(header Allow)" = 'GET, HEAD' ]
    request GET "$path?since=1" -H 'Accept: text/event-stream'
    [ "$http_status" = 400 ]
    [[ $(field .message) == *since* ]]
    request GET "$path?type=lunch" -H 'Accept: text/event-stream'
    [ "$http_status" = 400 ]
    [[ $(field .message) == *lunch* ]]
  done
}

# --- whose jobs ------------------------------------------------------------------

# bats test_tags=any-server
@test "one type is shown, with what is of none" {
  watch_queue a '?type=image'
  watch_updates b '?type=image'
  submit_job "$account" video >/dev/null
  job=$(submit_job "$account" image)
  say bye
  await a "$job"
  await b '"bye"'

  [ "$(shown a | grep -c '^job:created')" = 1 ]
  [ "$(datas b | jq -r .opcode | tr '\n' ' ')" = 'queue_item_added info ' ]
}

# bats test_tags=any-server
@test "another account's is never shown" {
  local foreign
  foreign=$(new_account)
  watch_queue a
  watch_updates b
  submit_job "$foreign" image "foreign-$(unique 8)" >/dev/null
  worker "select telltale.publish('$foreign', 'info', '{\"message\": \"theirs\"}')" >/dev/null
  submit_job "$account" image "ours-$(unique 8)" >/dev/null
  await a '"ours-'
  await b '"ours-'

  run ! grep -q 'foreign-' "$(stream_file a)" "$(stream_file b)"
  run ! grep -q theirs "$(stream_file b)"
}

# bats test_tags=any-server
@test "the public sees the accounts that show themselves, until they do not" {
  local open shut
  open=$(new_account)
  shut=$(new_account)
  sql "select telltale.account_set('$open', p_public_queue => true)" >/dev/null
  key='' watch_queue a
  key='' watch_updates b
  submit_job "$shut" image "shut-$(unique 8)" >/dev/null
  submit_job "$open" image "open-$(unique 8)" >/dev/null
  await a '"open-'
  await b '"open-'
  run ! grep -q 'shut-' "$(stream_file a)" "$(stream_file b)"

  # One more shows itself, and streams that are open come to show it.
  sql "select telltale.account_set('$shut', p_public_queue => true)" >/dev/null
  shown_now() { submit_job "$shut" image "late-$(unique 8)" >/dev/null; grep -q '"late-' "$(stream_file a)"; }
  within 8 shown_now

  sql "select telltale.account_set('$open', p_public_queue => false)" >/dev/null
  ended a 8
  ended b 8
  sql "select telltale.account_set('$shut', p_public_queue => false)" >/dev/null
}

# bats test_tags=any-server
@test "a key that is revoked ends its streams; one without the scope opens none" {
  local mine scopeless
  mine=$(new_key "$account" queue:read)
  scopeless=$(new_key "$account" job:read)
  key=$mine watch_queue a
  key=$mine watch_updates b
  revoke_key "$mine"
  ended a 8
  ended b 8

  key=$scopeless request GET /queue/events
  [ "$http_status" = 403 ]
  [ "$(field .error)" = Forbidden ]
  key=tt_unknown request GET /api/updates -H 'Accept: */*'
  [ "$http_status" = 401 ]
  [ "$(field .success)" = false ]
}

@test "a ticket opens them where no header can be sent" {
  local ticket
  request POST /api/v1/ticket -H 'Content-Type: application/json' -d '{"scope": "queue:read"}'
  [ "$http_status" = 201 ] || [ "$http_status" = 200 ]
  ticket=$(field .ticket)
  key='' watch_queue a "?ticket=$ticket"
  submit_job "$account" image "mine-$(unique 8)" >/dev/null
  await a '"mine-'
}

# bats test_tags=any-server
@test "streams count against the account's limit" {
  local few mine
  few=$(new_account)
  sql "select telltale.account_set('$few', p_watch_limit => 1)" >/dev/null
  mine=$(new_key "$few" queue:read)
  key=$mine watch_queue a
  key=$mine request GET /api/updates -H 'Accept: */*'
  [ "$http_status" = 429 ]
  [ -n "$(header Retry-After)" ]
  leave a
  free() { key=$mine request HEAD /api/updates -H 'Accept: */*'; [ "$http_status" = 200 ]; }
  within 8 free
}

# --- coming back -----------------------------------------------------------------

@test "who comes back gets what was missed, in order, and nothing twice" {
  watch_updates a
  say 1
  say 2
  await a '"2"'
  leave a
  say 3
  worker "begin; select telltale.publish('$account', 'info', '{\"message\": \"never\"}'); rollback" >/dev/null
  say 4

  watch_updates b '' -H "Last-Event-ID: $(last_id a)"
  await b '"4"'
  say 5
  await b '"5"'

  [ "$(said b | tr '\n' ' ')" = '3 4 5 ' ]
}

@test "?lastEventId= does as well; and the id of the greeting, before any event" {
  watch_queue a
  leave a
  job=$(submit_job "$account" image)
  watch_queue b "?lastEventId=$(last_id a)"
  await b "$job"

  [ "$(shown b | sed -n '1s/ .*//p')" = connected ]
  [ "$(ids b | head -n 1)" = - ]
  [ "$(shown b | grep -c '^job:created')" = 1 ]
}

# bats test_tags=any-server
@test "what was committed late is not lost, whoever was first" {
  watch_updates a
  mkfifo "$BATS_TEST_TMPDIR/late"
  psql -XAtq -d "$TELLTALE_WORKER_DSN" <"$BATS_TEST_TMPDIR/late" >"$BATS_TEST_TMPDIR/late.out" 3>&- 4>&- &
  exec {late}>"$BATS_TEST_TMPDIR/late"
  printf '%s\n' "begin; select telltale.publish('$account', 'info', '{\"message\": \"late\"}');" '\echo there' >&"$late"
  within 5 grep -q there "$BATS_TEST_TMPDIR/late.out"
  say early
  await a '"early"'
  leave a
  echo 'commit;' >&"$late"
  exec {late}>&-
  wait $!

  watch_updates b '' -H "Last-Event-ID: $(last_id a)"
  await b '"late"'
  [ "$(said b)" = late ]
}

# bats test_tags=any-server
@test "an id that means nothing is answered by resync, and then by what happens" {
  local id
  for id in 17 nonsense "$(printf 'A%.0s' {1..2000})"; do
    watch_queue a '' -H "Last-Event-ID: $id"
    await a '^event: resync'
    job=$(submit_job "$account" image)
    await a "$job"
    [ "$(shown a | cut -d ' ' -f 1 | tr '\n' ' ')" = 'connected resync job:created ' ]
    leave a
  done
}

# --- a burst ---------------------------------------------------------------------

@test "ten thousand in one transaction come whole, and in order" {
  watch_updates a
  worker "select count(telltale.publish('$account', 'info', jsonb_build_object('message', n::text)))
            from generate_series(1, 10000) as n" >/dev/null
  await a '"10000"' 30

  said a | cmp - <(seq 10000)
  [ "$(ids a | sort -u | wc -l)" = 10000 ]
}

# --- time ------------------------------------------------------------------------

@test "updates: a quiet stream says every 15 s that it is alive, with a fresh id" {
  stream_dir=$BATS_FILE_TMPDIR await quiet '^: keepalive' 30
  [ "$(grep -c '^id:' "$BATS_FILE_TMPDIR/quiet.sse")" -ge 2 ]
}

# bats test_tags=any-server
@test "queue: a heartbeat comes every 30 s, whatever else does" {
  stream_dir=$BATS_FILE_TMPDIR await beat '^event: heartbeat' 45
  stream_dir=$BATS_FILE_TMPDIR events beat | grep ' heartbeat ' | head -n 1 |
    grep -qE '^[A-Za-z0-9_-]{10,} heartbeat \{"timestamp":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z"\}$'
}
