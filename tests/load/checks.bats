#!/usr/bin/env bats
# Clients that wait for a report: they wait in the hub, and hold nobody up.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file sets the account

setup_file() {
  load load
  account=$(new_account)
  key=$(new_key "$account" compliance:check,job:read)
  export account key
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
  program_file=$TELLTALE_DIR/site/cgi-bin/compliance.fcgi
}

teardown() { leave_all; }

# wait_for N: so many clients wait for a report.
wait_for() {
  TELLTALE_KEY=$key python3 "$BATS_TEST_DIRNAME/../tool/waiters.py" "$1" \
    >"$BATS_TEST_TMPDIR/waiters" 2>&1 3>&- &
  waiters=$!
  within 30 are_queued "$1"
}

of_account() {
  sql "select $1 from telltale.job as j join telltale.account as a using (account_id)
        where a.name = '$account' and j.status = 'queued'"
}
are_queued() { [ "$(of_account 'count(*)')" = "$1" ]; }
are_waiting() { [ "$(sql "select coalesce(sum(streams), 0) from telltale.listener
                           where program = 'compliance.fcgi'")" = "$1" ]; }

@test "200 wait at once on one program of four threads, and all are answered" {
  wait_for 200
  within 10 are_waiting 200
  [ "$(pgrep -cxf "$program_file")" = 1 ]

  # Nobody else waits for them: neither at another program, nor at this one.
  job=$(of_account 'min(job_id)')
  get "/v1/compliance/jobs/$job"
  [ "$http_status" = 200 ]
  [ "$(field .status)" = queued ]

  worker "select count(telltale.complete(c.job_id, c.attempt, result => '{\"points\": 7}'))
            from telltale.claim('bats', '{compliance}', 1000, '1 minute', '{$account}') as c" >/dev/null
  wait "$waiters"
  [ "$(tail -n 1 "$BATS_TEST_TMPDIR/waiters")" = '200 200' ]
  within 5 are_waiting 0
}

@test "who waits longer than he may is told where to ask" {
  local cgi_input='{"jurisdictions":["us"],"platforms":["tiktok"],"content":{"text":"x"},"mode":"fast"}'
  cgi compliance POST /v1/compliance/check TELLTALE_SYNC_MAX=1 CONTENT_TYPE=application/json \
    CONTENT_LENGTH=${#cgi_input}

  [ "$http_status" = 504 ]
  job=$(header X-Job-Id)
  [ "$(field .data.jobId)" = "$job" ]
  [[ $(field .message) == *"/v1/compliance/jobs/$job"* ]]
  [ "$(sql "select status from telltale.job where job_id = '$job'")" = queued ]
}

@test "the program ends, the job does not: by polling, and by its stream" {
  open_stream a /v1/compliance/check -X POST -H 'Content-Type: application/json' -d \
    '{"jurisdictions": ["us"], "platforms": ["tiktok"], "content": {"text": "x"}, "mode": "fast",
      "responseMode": "stream"}'
  await a '^event: job.started'
  job=$(stream_header a X-Job-Id)
  attempt=$(worker "select attempt from telltale.claim('bats', '{compliance}', 1, '1 minute', '{$account}')")
  pid=$(program_pid)
  kill -KILL "$pid"
  within 8 has_ended a

  worker "select telltale.complete('$job', $attempt, result => '{\"points\": 7}')" >/dev/null
  within 8 answers
  [ "$(field .status)" = completed ]
  open_stream b "/v1/compliance/jobs/$job/stream" -H "Last-Event-ID: $(last_id a)"
  ended b
  [ "$(shown b | sed 's/,"timestamp.*//')" = 'complete {"data":{"points":7}' ]
}

answers() { get "/v1/compliance/jobs/$job" && [ "$http_status" = 200 ]; }
