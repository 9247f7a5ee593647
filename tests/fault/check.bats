#!/usr/bin/env bats
# One check of content, and while it runs all who have to do with it are killed:
# a client, the hub, the worker.  Its result is there for whoever asks for it,
# comes back to its stream, or waits to be told.
# shellcheck disable=SC2154 # the stack's environment, and what request() sets

setup() {
  bats_require_minimum_version 1.5.0
  load fault
  started=
}

teardown() {
  local pid
  for pid in $started; do kill -KILL "$pid" 2>/dev/null || true; done
  leave_all
  stack_down
}

# --- words -----------------------------------------------------------------

# Something in the background that is ended after the test, whatever happens.
start() {
  "$@" 3>&- 4>&- &
  started+=" $!"
}

# Somebody who is told by webhooks: sets told, his address; had prints the
# requests, a line of JSON each.
start_receiver() {
  local out=$BATS_TEST_TMPDIR/receiver
  : >"$out.had"
  start python3 tests/tool/receiver "$out.had" >"$out.port" 2>"$out.log"
  within 10 test -s "$out.port"
  told=http://127.0.0.1:$(cat "$out.port")
}

had() { cat "$BATS_TEST_TMPDIR/receiver.had"; }
has_had() { [ "$(had | wc -l)" -ge "$1" ]; }

# Sets daemon.
start_webhookd() {
  start env TELLTALE_CONFIG=/dev/null TELLTALE_WEBHOOK_ALLOW=127.0.0.0/8 \
    "${BUILD:-$PWD/build}/bin/telltale-webhookd" 2>"$stack_dir/log/webhookd.log"
  daemon=$!
}

# start_worker [OPTION...]: sets worker.  By its real name, where python3 is a
# script that looks for it: this is the one to kill.
start_worker() {
  start "$(python3 -c 'import sys; print(sys.executable)')" -B \
    examples/worker-compliance "$@" 2>"$BATS_TEST_TMPDIR/worker.log"
  worker=$!
}

# While somebody has this lock no job can end, but all else can happen.
hold_the_end() {
  PGAPPNAME='holds the end' start psql -Xq -d "$TELLTALE_SUPER_DSN" -c begin \
    -c 'lock table telltale.webhook_delivery in share mode' \
    -c 'select pg_sleep(300)' >"$BATS_TEST_TMPDIR/holder" 2>&1
  within 5 says_true "select count(*) = 1 from pg_locks
    where relation = 'telltale.webhook_delivery'::regclass
      and mode = 'ShareLock' and granted"
}

let_it_end() {
  super "select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'holds the end'" >/dev/null
}

says_true() { [ "$(super "$1")" = t ]; }

# The worker has told PostgreSQL its report, and has no answer.
about_to_end() {
  says_true "select count(*) = 1 from pg_stat_activity
              where usename = 'telltale_worker' and wait_event_type = 'Lock'"
}

# A machine that is gone: the worker, its psql, and the connection.  Without the
# last PostgreSQL would do what it was told before.
kill_worker() {
  local psql
  psql=$(ps -o pid= --ppid "$worker")
  # shellcheck disable=SC2086 # a word each
  kill -9 "$worker" $psql
  super "select pg_terminate_backend(pid, 5000) from pg_stat_activity
          where usename = 'telltale_worker'" >/dev/null
}

# The hub: under mod_fcgid and as plain CGI one process for each stream.
kill_hub() {
  hub=$(program_pid compliance)
  [ -n "$hub" ]
  # shellcheck disable=SC2086 # a word each
  kill -9 $hub
}

# come_back NAME: as often as it takes the server to start the hub again.
come_back() {
  local i last
  last=$(last_id "$1")
  for ((i = 0; i < 50; i++)); do
    open_stream "$1.1" "$address/stream" -H "Last-Event-ID: $last"
    if within 2 grep -q '^retry:' "$(stream_file "$1.1")"; then return 0; fi
    leave "$1.1"
    sleep 0.1
  done
  return 1
}

# Polling, whose requests may fail on the way, too.
status_is() {
  get "$address" >/dev/null
  [ "$http_status" = 200 ] && [ "$(field .status)" = "$1" ]
}

# What a client has been told, over both of its connections.
told_to() { events "$1"; events "$1.1"; }

# A request as the receiver wrote it, signed anew by other arithmetic than ours.
signature() {
  local secret
  secret=$(base64 -d <<<"${1#whsec_}" | od -An -v -t x1 | tr -d ' \n')
  printf 'v1,'
  jq -j '[.headers["webhook-id", "webhook-timestamp"], .body] | join(".")' |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -binary | base64
}

# --- the story -------------------------------------------------------------

# survives SERVER
survives() {
  local id secret hub report told_of
  stack_up --server "$1" --set TELLTALE_WEBHOOK_ALLOW=127.0.0.0/8
  on_stack
  start_receiver
  start_webhookd

  request POST /v1/compliance/check -H 'Content-Type: application/json' -d '{
    "jurisdictions": ["us"], "platforms": ["youtube"], "mode": "fast",
    "content": {"text": "Guaranteed results!"}, "responseMode": "async",
    "webhookUrl": "'"$told"'/ok", "callbackId": "c-1"}'
  [ "$http_status" = 202 ]
  id=$(field .jobId)
  secret=$(field .webhookSecret)
  address=/v1/compliance/jobs/$id
  open_stream gone "$address/stream"
  open_stream stays "$address/stream"
  await gone '^event: job.started' 10
  await stays '^event: job.started' 10

  # All but the end has been told.
  hold_the_end
  start_worker --lease 5
  await gone '^event: score.computed' 20
  await stays '^event: score.computed' 20
  within 10 about_to_end

  leave gone
  kill_hub
  within 10 has_ended stays
  come_back stays
  [ -z "$(comm -12 <(sort <<<"$hub") <(program_pid compliance | sort))" ]
  within 10 status_is running
  kill_worker
  let_it_end
  says_true "select status in ('processing', 'queued') from telltale.job
              where job_id = '$id'"
  [ "$(had)" = '' ]

  # By polling.  Another worker gets the job when the lease has run out.
  start_worker
  within 30 status_is completed
  [ "$(field '[.jobId, .callbackId] | join(" ")')" = "$id c-1" ]
  [ "$(field '.result | [.score, .decision] | join(" ")')" = '85 HOLD' ]
  says_true "select attempt = 2 from telltale.job where job_id = '$id'"
  report=$(field .result)

  # By resuming: who came back at once, and who does so now.  Each event once.
  ended stays.1 10
  come_back gone
  ended gone.1 10
  open_stream whole "$address/stream"
  ended whole 10
  diff <(told_to stays) <(events whole)
  diff <(told_to gone) <(events whole)
  diff <(shown whole | cut -d ' ' -f 1 | uniq -c | tr -s ' ') - <<-'EVENTS'
	 1 job.started
	 5 agent.started
	 5 agent.completed
	 1 score.computed
	 5 agent.started
	 5 agent.completed
	 1 score.computed
	 1 complete
	EVENTS
  diff <(ids whole) <(sql "select seq from telltale.job_event
    where job_id = '$id' and kind not in
          ('job.started', 'job.progress', 'job.requeued') order by seq")
  diff <(datas whole | tail -n 1 | jq -S .data) <(jq -S . <<<"$report")
  get "$address/stream" -H "Last-Event-ID: $(last_id whole)"
  [ "$http_status" = 204 ]

  # By webhook, once: the daemon ends, and has nothing left.
  within 20 has_had 1
  within 10 says_true "select bool_and(state = 'delivered')
                           from telltale.webhook_delivery"
  kill "$daemon"
  wait "$daemon"
  had
  [ "$(had | wc -l)" = 1 ]
  [ "$(had | jq -r '.headers["webhook-signature"]')" = \
    "$(had | signature "$secret")" ]
  told_of=$(had | jq -r .body)
  [ "$(jq -r '[.event, .jobId, .callbackId] | join(" ")' <<<"$told_of")" = \
    "compliance.completed $id c-1" ]
  diff <(jq -S '.data | del(.jobId)' <<<"$told_of") <(jq -S . <<<"$report")
}

@test "under lighttpd, which starts the hub again" {
  survives lighttpd
}

@test "under Apache with mod_fcgid, where each stream has a hub" {
  survives apache-fcgid
}

@test "under Apache with plain CGI" {
  survives apache-cgi
}
