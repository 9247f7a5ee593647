#!/usr/bin/env bats
# What a client sees of one job on GET /api/v1/job/{id}/progress.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # begin_job and setup_file set what is used

# The quiet stream is opened first and looked at last: it takes 15 s to say
# that it is alive, and the other tests are done meanwhile.
setup_file() {
  load ../helpers
  load sse
  account=$(new_account)
  key=$(new_key "$account" job:read)
  quiet=$(submit_job "$account" index)
  stream_dir=$BATS_FILE_TMPDIR open_stream quiet "/api/v1/job/$quiet/progress" --max-time 300
  export account key quiet
}

teardown_file() { stream_dir=$BATS_FILE_TMPDIR leave quiet; }

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load sse
}

teardown() { leave_all; }

# --- the beginning -------------------------------------------------------------

@test "a client is told at once how the job stands" {
  job=$(submit_job "$account" move)
  watch_job a

  [ "$(events a)" = "1 connected {\"job_id\":\"$job\",\"status\":\"queued\",\"progress\":0}" ]
  is_open a
}

@test "a client that comes later is told of progress, detail and frames" {
  begin_job
  progress "60, 'frames', 27, 45"

  watch_job a

  [ "$(shown a)" = "connected {\"job_id\":\"$job\",\"status\":\"processing\",\"progress\":60,\
\"detail\":\"frames\",\"frames_completed\":27,\"frame_count\":45}" ]
}

@test "the answer says that it is a stream, and is to be kept by nobody" {
  job=$(submit_job "$account" move)
  watch_job a

  head -n 1 "$(stream_file a head)" | grep -q ' 200'
  [ "$(stream_header a Content-Type)" = 'text/event-stream; charset=utf-8' ]
  [ "$(stream_header a Cache-Control)" = 'no-cache, no-transform' ]
  [ -n "$(stream_header a X-Request-Id)" ]
  [ -z "$(stream_header a Content-Length)" ]
  [ -z "$(stream_header a Content-Encoding)" ]
  # nginx keeps this one for itself: it is meant for such as nginx.
  [ "$TELLTALE_SERVER" = nginx ] || [ "$(stream_header a X-Accel-Buffering)" = no ]
}

@test "a client that would take it compressed gets it as it is, at once" {
  begin_job
  watch_job a -H 'Accept-Encoding: gzip, deflate, br'

  [ -z "$(stream_header a Content-Encoding)" ]
  progress 5
  await a '"progress":5}'
}

@test "the first thing said is when to come back, in 2 to 4 seconds" {
  local i retry
  job=$(submit_job "$account" move)
  for i in 1 2 3; do
    watch_job "$i"
    retry=$(sed -n '1s/^retry: \([0-9]*\)$/\1/p' "$(stream_file "$i")")
    [ "$retry" -ge 2000 ]
    [ "$retry" -le 4000 ]
  done
}

# --- live ------------------------------------------------------------------------

@test "each progress arrives before the next one is written" {
  local n
  begin_job
  watch_job a

  for n in 10 20 30.5 99.9; do
    progress "$n"
    await a "\"progress\":$n}"
  done

  [ "$(datas a | wc -l)" = 5 ]
}

# bats test_tags=any-server
@test "an event is to the letter what the seed prints" {
  begin_job
  watch_job a

  progress 50
  await a '"progress":50}'
  progress "60, null, 27, 45"
  await a '"frame_count":45'
  progress "60.5, 'upscaling'"
  await a upscaling

  [ "$(shown a | tail -n 3)" = "\
progress {\"job_id\":\"$job\",\"status\":\"processing\",\"progress\":50}
progress {\"job_id\":\"$job\",\"status\":\"processing\",\"progress\":60,\
\"frames_completed\":27,\"frame_count\":45}
progress {\"job_id\":\"$job\",\"status\":\"processing\",\"progress\":60.5,\
\"detail\":\"upscaling\",\"frames_completed\":27,\"frame_count\":45}" ]
}

# bats test_tags=any-server
@test "a fraction is shown only where there is one" {
  begin_job
  watch_job a

  progress 47.5
  progress 50.0
  progress 50.04
  progress 51.25
  await a '51.3'

  [ "$(datas a | tail -n +2 | jq -c .progress | tr '\n' ' ')" = '47.5 50 51.3 ' ]
}

@test "a detail in any script, with quotes and line ends, arrives as it was" {
  local text=$'Zeile 1\nзЕйлэ 2\t"quoted" \\ 行3 🎬\r\nid: 7\n\nevent: x'
  begin_job
  watch_job a

  worker "select telltale.progress('$job', $attempt, 10, \$\$$text\$\$)"
  await a '"progress":10'
  progress "20, 'next'"
  await a '"next"'

  [ "$(datas a | wc -l)" = 3 ]
  [ "$(datas a | sed -n 2p | jq -r .detail)" = "$text" ]
}

@test "a detail of a thousand characters of four bytes arrives whole" {
  begin_job
  watch_job a

  progress "10, repeat('🎬', 1000)"
  await a '"progress":10'

  [ "$(datas a | tail -n 1 | jq '.detail | length')" = 1000 ]
}

# bats test_tags=any-server
@test "a job that is taken up shows as processing" {
  job=$(submit_job "$account" pre)
  watch_job a

  claim_job "$account" pre
  await a processing

  [ "$(last_event a)" = \
    "2 progress {\"job_id\":\"$job\",\"status\":\"processing\",\"progress\":0}" ]
}

# bats test_tags=any-server
@test "the id of an event is the number of it" {
  begin_job
  watch_job a

  progress 10
  progress 20
  await a '"progress":20'

  [ "$(ids a | tr '\n' ' ')" = '2 3 4 ' ]
}

@test "what one transaction writes arrives whole and in order" {
  begin_job
  watch_job a

  burst 1 300
  await a '"step 300"' 10

  [ "$(datas a | tail -n +2 | jq -r .detail)" = "$(printf 'step %d\n' {1..300})" ]
  [ "$(ids a)" = "$(seq 2 302)" ]
}

# bats test_tags=any-server
@test "what is rolled back is never shown" {
  begin_job
  watch_job a

  worker "begin; select telltale.progress('$job', $attempt, 66); rollback"
  progress 77
  await a '"progress":77'

  [ "$(ids a | tr '\n' ' ')" = '2 3 ' ]
}

@test "all who watch a job see the same" {
  local i
  begin_job
  for i in 1 2 3 4; do watch_job "$i"; done

  progress 10
  progress "20, 'x'"
  complete
  for i in 1 2 3 4; do ended "$i"; done

  [ "$(events 1 | wc -l)" = 4 ]
  for i in 2 3 4; do [ "$(events "$i")" = "$(events 1)" ]; done
}

# bats test_tags=any-server
@test "nobody sees another job's progress" {
  local other
  begin_job
  other=$job
  begin_job
  watch_job a

  job=$other progress 33
  progress 44
  await a '"progress":44'

  run ! grep -q "$other" "$(stream_file a)"
}

# --- the end ---------------------------------------------------------------------

@test "a completed job ends its stream with 100" {
  begin_job
  watch_job a
  progress "99.9, 'almost'"
  complete

  ended a
  [ "$(shown a | tail -n 1 | jq -Rc 'ltrimstr("progress ") | fromjson | [.status, .progress]')" = \
    '["completed",100]' ]
}

# bats test_tags=any-server
@test "a failed job ends its stream with the value it had and its code" {
  begin_job
  watch_job a
  progress 42.5
  worker "select telltale.fail('$job', $attempt, 'no such file', 'NO_FILE', false)"

  ended a
  [ "$(shown a | tail -n 1)" = "progress {\"job_id\":\"$job\",\"status\":\"failed\",\
\"progress\":42.5,\"error_code\":\"NO_FILE\"}" ]
}

# bats test_tags=any-server
@test "a cancelled job ends its stream as failed, CANCELLED" {
  begin_job
  watch_job a
  progress 10
  worker "select telltale.cancel('$job')"

  ended a
  [ "$(shown a | tail -n 1)" = "progress {\"job_id\":\"$job\",\"status\":\"failed\",\
\"progress\":10,\"error_code\":\"CANCELLED\"}" ]
}

# bats test_tags=any-server
@test "a removed job ends its stream as failed, DELETED" {
  begin_job
  watch_job a
  progress 10
  worker "select telltale.remove('$job')"

  ended a
  [ "$(shown a | tail -n 1)" = "progress {\"job_id\":\"$job\",\"status\":\"failed\",\
\"progress\":10,\"error_code\":\"DELETED\"}" ]
}

# bats test_tags=any-server
@test "a job that is tried again is queued at 0, and its stream goes on" {
  begin_job post
  watch_job a
  progress "42, 'half', 1, 2"
  worker "select telltale.fail('$job', $attempt, 'busy', 'BUSY')"
  await a '"queued"'

  [ "$(shown a | tail -n 1)" = \
    "progress {\"job_id\":\"$job\",\"status\":\"queued\",\"progress\":0}" ]
  is_open a
}

# bats test_tags=any-server
@test "a stream that waits for its job ends with the job, whoever cancels it" {
  job=$(submit_job "$account" move)
  watch_job a
  worker "select telltale.cancel('$job')"

  ended a
  [ "$(shown a | tail -n 1)" = "progress {\"job_id\":\"$job\",\"status\":\"failed\",\
\"progress\":0,\"error_code\":\"CANCELLED\"}" ]
}

@test "of a completed job only its state is told, and the stream ends" {
  begin_job
  progress "50, 'x', 1, 2"
  complete
  watch_job a

  ended a
  [ "$(events a | wc -l)" = 1 ]
  [ "$(shown a | cut -d ' ' -f 1)" = connected ]
  [ "$(datas a | jq -c '[.status, .progress]')" = '["completed",100]' ]
}

# bats test_tags=any-server
@test "of a failed job only its state is told, with the value it had" {
  begin_job
  progress 50
  worker "select telltale.fail('$job', $attempt, 'broken', 'BROKEN', false)"
  watch_job a

  ended a
  [ "$(shown a)" = "connected {\"job_id\":\"$job\",\"status\":\"failed\",\"progress\":50,\
\"error_code\":\"BROKEN\"}" ]
}

@test "a client that comes back to an ended job is told to stay away" {
  begin_job
  watch_job a
  complete
  ended a

  get "/api/v1/job/$job/progress" -H "Last-Event-ID: $(last_id a)" -H 'Accept: text/event-stream'

  [ "$http_status" = 204 ]
  [ -z "$body" ]
}

# --- resuming ----------------------------------------------------------------------

@test "a client that comes back gets what it missed, and nothing twice" {
  local last
  begin_job
  watch_job a
  burst 1 3
  await a '"step 3"'
  leave a
  last=$(last_id a)

  burst 4 10
  watch_job b -H "Last-Event-ID: $last"
  await b '"step 10"'
  burst 11 12
  await b '"step 12"'

  [ "$(shown b | sed -n 1p | cut -d ' ' -f 1)" = connected ]
  [ "$(ids b)" = "$(echo -; seq $((last + 1)) $((last + 9)))" ]
  [ "$(datas b | tail -n +2 | jq -r .detail)" = "$(printf 'step %d\n' {4..12})" ]
}

@test "the last id may be in the query, for those who cannot set a header" {
  begin_job
  burst 1 5
  open_stream a "/api/v1/job/$job/progress?lastEventId=4"
  await a '"step 5"'

  [ "$(ids a | tr '\n' ' ')" = '- 5 6 7 ' ]
}

@test "the header goes before the query" {
  begin_job
  burst 1 5
  open_stream a "/api/v1/job/$job/progress?lastEventId=2" -H 'Last-Event-ID: 6'
  await a '"step 5"'
  progress "99.9, 'live'"
  await a live

  [ "$(ids a | tr '\n' ' ')" = '- 7 8 ' ]
}

# bats test_tags=any-server
@test "a client that missed nothing gets nothing but the state, and goes on" {
  begin_job
  burst 1 5
  watch_job a -H "Last-Event-ID: $(last_seq)"
  progress "99.9, 'live'"
  await a live

  [ "$(ids a | tr '\n' ' ')" = '- 8 ' ]
}

# bats test_tags=any-server
@test "a client that missed the end gets it, and the stream ends" {
  begin_job
  burst 1 3
  complete
  open_stream a "/api/v1/job/$job/progress" -H 'Last-Event-ID: 4'
  ended a

  [ "$(ids a | tr '\n' ' ')" = '- 5 6 ' ]
  [ "$(datas a | tail -n 1 | jq -c '[.status, .progress]')" = '["completed",100]' ]
}

# bats test_tags=any-server
@test "a client that missed a retry gets the failure, comes back, and gets the rest" {
  begin_job image
  worker "select telltale.fail('$job', $attempt, 'broken', null, false)"
  worker "select telltale.retry('$job')"
  open_stream a "/api/v1/job/$job/progress" -H 'Last-Event-ID: 2'
  ended a
  [ "$(datas a | tail -n 1 | jq -r .status)" = failed ]

  watch_job b -H "Last-Event-ID: $(last_id a)"
  await b '^id: 4$'
  [ "$(datas b | tail -n 1 | jq -r .status)" = queued ]
  worker "select telltale.cancel('$job')"
  ended b
}

# bats test_tags=any-server
@test "a last id that cannot be read is like none" {
  local last
  begin_job
  burst 1 3
  for last in x 3x 3-4 -1 ' ' 99999999999999999999 '3;drop'; do
    watch_job a -H "Last-Event-ID: $last"
    [ "$(ids a)" = 5 ]
    [ "$(shown a | cut -d ' ' -f 1)" = connected ]
    leave a
  done
}

# bats test_tags=any-server
@test "an id that has not been yet makes the client begin anew" {
  begin_job
  burst 1 3
  watch_job a -H 'Last-Event-ID: 1000'

  [ "$(last_event a | cut -d ' ' -f 1,2)" = '5 resync' ]
  [ "$(datas a | jq -r .detail)" = 'step 3' ]
  progress "99.9, 'live'"
  await a live
  [ "$(ids a | tr '\n' ' ')" = '5 6 ' ]
}

# bats test_tags=any-server
@test "an id older than the log makes the client begin anew" {
  begin_job
  burst 1 5
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "delete from telltale.job_event
    where job_id = '$job' and seq < 5"

  watch_job a -H 'Last-Event-ID: 2'
  [ "$(last_event a | cut -d ' ' -f 1,2)" = '7 resync' ]

  # What the log still holds it gives.
  watch_job b -H 'Last-Event-ID: 4'
  await b '"step 5"'
  [ "$(ids b | tr '\n' ' ')" = '- 5 6 7 ' ]
}

# --- leaving -----------------------------------------------------------------------

# Apache learns of it when it has something to pass on, and not the first time.
noticed() {
  case $TELLTALE_SERVER in apache-*) said=$((said + 1)); progress "$((said % 90)), 'nudge $said'" ;; esac
  are_open 1
}

@test "a client that leaves is noticed" {
  local said=0
  within 10 are_open 1
  begin_job
  watch_job a
  watch_job b
  within 10 are_open 3

  leave a
  leave b

  within 10 noticed
}

@test "a client that leaves takes nothing from the others" {
  begin_job
  watch_job a
  watch_job b
  progress 10
  await a '"progress":10'
  leave a
  burst 11 60
  complete

  ended b
  [ "$(ids b)" = "$(seq 2 54)" ]
}

@test "that a client leaves is no fault to the web server" {
  local log=$TELLTALE_DIR/log/error.log from
  from=$(($(stat -c %s "$log") + 1))
  begin_job
  watch_job a
  watch_job b
  leave a
  progress 10
  progress 20
  await b '"progress":20'
  leave b
  leave_all
  within 10 are_open 1

  run ! grep -E '\[error\]|:error\]|end-of-file|terminating|prematurely|signal' \
    <(tail -c "+$from" "$log")
}

# --- silence -------------------------------------------------------------------------

@test "after 15 s of silence a stream says that it is alive" {
  stream_dir=$BATS_FILE_TMPDIR
  await quiet '^: keepalive$' 20

  is_open quiet
  [ "$(events quiet | wc -l)" = 1 ]
  worker "select telltale.cancel('$quiet')"
  ended quiet
  [ "$(datas quiet | tail -n 1 | jq -r .error_code)" = CANCELLED ]
}
