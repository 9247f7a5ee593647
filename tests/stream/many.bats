#!/usr/bin/env bats
# Many jobs on one stream: GET /api/v1/jobs/progress?ids=a,b,c
# shellcheck disable=SC2030,SC2031,SC2154 # begin_job and setup_file set what is used

setup_file() {
  load ../helpers
  load sse
  account=$(new_account)
  key=$(new_key "$account" job:read)
  export account key
}

# Three jobs: x is worked on, y and z wait.
setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load sse
  begin_job
  x=$job
  y=$(submit_job "$account" move)
  z=$(submit_job "$account" delete)
  all="/api/v1/jobs/progress?ids=$x,$y,$z"
}

teardown() { leave_all; }

@test "a client is told at once how each job stands, in the order asked for" {
  progress "40, 'x is on'"
  open_stream a "/api/v1/jobs/progress?ids=$z,$x,$y"
  await a "$y"

  [ "$(events a)" = "\
- connected {\"job_id\":\"$z\",\"status\":\"queued\",\"progress\":0}
- connected {\"job_id\":\"$x\",\"status\":\"processing\",\"progress\":40,\"detail\":\"x is on\"}
1-3-1 connected {\"job_id\":\"$y\",\"status\":\"queued\",\"progress\":0}" ]
  [ "$(stream_header a Content-Type)" = 'text/event-stream; charset=utf-8' ]
}

@test "the events are those of each job's own stream, under an id of all" {
  open_stream a "$all"
  await a "$z"
  watch_job b

  progress 10
  await a '"progress":10'
  claim_job "$account" move
  await a "$y\",\"status\":\"processing"
  progress 20
  await a '"progress":20'
  await b '"progress":20'

  [ "$(ids a | tr '\n' ' ')" = '- - 2-1-1 3-1-1 3-2-1 4-2-1 ' ]
  [ "$(shown a | grep "progress .*$x")" = "$(shown b | grep '^progress')" ]
}

@test "the stream goes on when one job ends, and ends with the last" {
  open_stream a "$all"
  await a "$z"
  complete
  await a '"completed"'
  worker "select telltale.cancel('$y')"
  await a CANCELLED
  is_open a

  worker "select telltale.remove('$z')"
  ended a
  [ "$(datas a | tail -n 3 | jq -r '.error_code // .status' | tr '\n' ' ')" = \
    'completed CANCELLED DELETED ' ]
  [ "$(last_id a)" = 3-2-2 ]
}

# bats test_tags=any-server
@test "jobs that have ended are told of, and not waited for" {
  complete
  open_stream a "$all"
  await a "$z"
  is_open a
  worker "select telltale.cancel('$y'), telltale.cancel('$z')"
  ended a

  [ "$(datas a | jq -r .status | tr '\n' ' ')" = 'completed queued queued failed failed ' ]
}

# bats test_tags=any-server
@test "if all have ended, so has the stream" {
  complete
  worker "select telltale.cancel('$y'), telltale.cancel('$z')"
  open_stream a "$all"
  ended a

  [ "$(shown a | cut -d ' ' -f 1 | tr '\n' ' ')" = 'connected connected connected ' ]
  [ "$(last_id a)" = 3-2-2 ]
}

@test "a client that comes back gets what it missed of each, and nothing twice" {
  local last
  open_stream a "$all"
  await a "$z"
  burst 1 5
  await a '"step 5"'
  leave a
  last=$(last_id a)
  [ "$last" = 7-1-1 ]

  burst 6 9
  claim_job "$account" move
  open_stream b "$all" -H "Last-Event-ID: $last"
  await b '"step 9"'
  await b "$y\",\"status\":\"processing"
  worker "select telltale.cancel('$z')"
  await b CANCELLED

  [ "$(ids b | head -n 3 | tr '\n' ' ')" = '- - - ' ]
  [ "$(shown b | grep "^progress.*$x" | sed 's/^progress //' | jq -r .detail)" = \
    "$(printf 'step %d\n' 6 7 8 9)" ]
  [ "$(shown b | grep -c "^progress.*$y")" = 1 ]
  [ "$(last_id b)" = 11-2-2 ]
}

# bats test_tags=any-server
@test "a client that missed the end of one job gets it" {
  complete
  open_stream a "$all&lastEventId=2-1-1"
  await a '^event: progress'

  [ "$(events a | sed -n 4p | cut -d ' ' -f 1)" = 3-1-1 ]
  [ "$(datas a | sed -n 4p | jq -c '[.job_id, .status]')" = "[\"$x\",\"completed\"]" ]
  is_open a
}

# bats test_tags=any-server
@test "a client that has seen all ends is told to stay away" {
  complete
  worker "select telltale.cancel('$y'), telltale.cancel('$z')"

  get "$all" -H 'Last-Event-ID: 3-2-2'
  [ "$http_status" = 204 ]

  # Of two of them it has not.
  get "$all" -H 'Last-Event-ID: 3-1-2'
  [ "$http_status" = 200 ]
}

# bats test_tags=any-server
@test "an id of other jobs, or of another number of them, is like none" {
  local last
  for last in 2 2-1 2-1-1-1 2-1-x; do
    open_stream a "$all" -H "Last-Event-ID: $last"
    await a '^id: 2-1-1$'
    [ "$(shown a | cut -d ' ' -f 1 | tr '\n' ' ')" = 'connected connected connected ' ]
    leave a
  done
}

# bats test_tags=any-server
@test "where only one job cannot be resumed, the others still are" {
  burst 1 3
  open_stream a "$all" -H 'Last-Event-ID: 3-1-500'
  await a '"step 3".*'
  progress "99.9, 'live'"
  await a live

  [ "$(shown a | grep -c '^resync ')" = 1 ]
  [ "$(shown a | grep '^resync ' | sed 's/^resync //' | jq -r .job_id)" = "$z" ]
  [ "$(shown a | sed -n 's/^progress //p' | jq -r .detail | tr '\n' ' ')" = \
    'step 2 step 3 live ' ]
  [ "$(last_id a)" = 6-1-1 ]
}

@test "what one transaction writes of several jobs arrives whole" {
  open_stream a "$all"
  await a "$z"
  worker "begin;
    select count(telltale.progress('$x', $attempt, n)) from generate_series(1, 50) as n;
    select telltale.cancel('$y');
    select count(telltale.progress('$x', $attempt, n)) from generate_series(51, 99) as n;
    select telltale.complete('$x', $attempt);
    select telltale.cancel('$z');
    commit" >/dev/null
  ended a

  [ "$(datas a | tail -n +4 | jq -c 'select(.status == "processing") | .progress')" = \
    "$(seq 1 99)" ]
  [ "$(last_id a)" = 102-2-2 ]
}

@test "a hundred jobs with the longest ids that there are fit into one request" {
  local list
  list=$(sql "select string_agg(telltale.submit('$account', 'checksum',
    job_id => rpad('$(unique 8)-' || n || '-', 64, 'x')), ',' order by n)
    from generate_series(1, 100) as n")
  open_stream a "/api/v1/jobs/progress?ids=$list"
  await a '^id: 1(-1){99}$'
  [ "$(datas a | jq -r .job_id | paste -sd ,)" = "$list" ]
  leave a

  open_stream b "/api/v1/jobs/progress?ids=$list" -H "Last-Event-ID: $(last_id a)"
  await b "${list##*,}"
  worker "select telltale.cancel('${list##*,}')"
  await b '^id: 1(-1){98}-2$'
}

# --- refusals --------------------------------------------------------------------

bad() {
  get "/api/v1/jobs/progress$1"
  refused 400 INVALID_REQUEST
}

@test "a list that is none is refused" {
  bad ''
  bad '?ids='
  bad "?ids=,$x"
  bad "?ids=$x,"
  bad "?ids=$x,,$y"
  bad "?ids=$x%20,$y"
  bad "?ids=$x;$y"
}

# bats test_tags=any-server
@test "a job named twice is refused, and named" {
  bad "?ids=$x,$y,$x"
  [[ $(field .message) == *$x* ]]
}

@test "more than a hundred jobs are refused" {
  bad "?ids=$(seq -s , 1 101)"
  bad "?ids=$(seq -s , 1 1500)"
}

# bats test_tags=any-server
@test "a parameter given twice, or that nobody knows, is refused" {
  bad "?ids=$x&ids=$y"
  bad "?ids=$x&id=$y"
}

# bats test_tags=any-server
@test "an unknown job among them is 404 for all" {
  get "$all,nobody"

  refused 404 JOB_NOT_FOUND
}

# bats test_tags=any-server
@test "another account's job among them is 404 for all" {
  local other
  other=$(submit_job "$(new_account)" move)
  get "$all,$other"

  refused 404 JOB_NOT_FOUND
}
