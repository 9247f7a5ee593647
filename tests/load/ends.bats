#!/usr/bin/env bats
# Programs that end, streams that are too old or too many: a client comes back
# and has lost nothing.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and begin_job set what is used

setup_file() {
  load load
  account=$(new_account)
  key=$(new_key "$account" job:read)
  export account key
}

teardown_file() {
  load load
  configure
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
  job=$(worker "select telltale.submit('$account', 'video', max_attempts => 1000)")
  attempt=$(claim_job "$account" video)
  [ "$attempt" = "$job|1" ]
  attempt=1
  path=/api/v1/job/$job/progress
}

teardown() {
  stop_all_load
  leave_all
}

# An event every 10 ms, each in a transaction of its own; the job is given back
# and taken up again every now and then.  Until it is cancelled.
work() {
  worker "do \$\$ declare a integer := $attempt; begin
    for n in 1 .. 6000 loop
      perform telltale.progress('$job', a, n % 20 * 4.9, 'step ' || n), pg_sleep(0.008);
      commit;
      if n % 20 = 0 then
        perform telltale.fail('$job', a, 'again');
        commit;
        perform telltale.retry('$job');
        commit;
        select c.attempt into strict a
          from telltale.claim('bats', array['video'], 1, '1 hour', array['$account']) as c;
        commit;
      end if;
    end loop;
  end \$\$" 2>/dev/null
}

stop_work() {
  worker "select telltale.cancel('$job')"
  wait "$1" || true
}

# What must reach everybody: progress may be replaced by newer progress where a
# stream has not been given it yet.
needed() {
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "select seq from telltale.job_event
    where job_id = '$job' and kind <> 'job.progress' and seq > 2 order by seq"
}

# All clients have had that, nothing twice, and were told to stay away.
nothing_lost() {
  local streams events
  streams=$(result many .streams)
  events=$(needed | tee "$BATS_TEST_TMPDIR/needed" | wc -l)
  [ "$(result many .stopped)" = "$streams" ]
  [ "$(result many '.duplicates + .disorder + .refused')" = 0 ]
  [ "$(awk -F '\t' 'NR == FNR { needed[$1]; next }
    $2 in needed && !seen[$1, $2]++ { n++ }
    END { print n + 0 }' "$BATS_TEST_TMPDIR/needed" "$(load_file many events)")" = \
    $((streams * events)) ]
}

# --- a program that is told to end -------------------------------------------------

ends_on() {
  local pid from=$(($(stat -c %s "$TELLTALE_DIR/log/error.log") + 1))
  watch_job a
  pid=$(program_pid)
  kill -"$1" "$pid"

  within 5 is_gone "$pid"
  ended a
  tail -n 2 "$(stream_file a)" | grep -qE '^retry: [0-9]+$'
  [ "$(events a | wc -l)" = 1 ]
  within 5 has_program
  within 5 serves progress
  tail -c "+$from" "$TELLTALE_DIR/log/error.log" | grep 'child exited: 0 '
  run ! grep -E 'signalled|end-of-file' <(tail -c "+$from" "$TELLTALE_DIR/log/error.log")
}

@test "on SIGTERM the program tells its clients to come back, and ends well" {
  ends_on TERM
}

@test "on SIGUSR1 as well" {
  ends_on USR1
}

@test "what happens meanwhile is told to those who come back" {
  watch_job a
  restart_program TERM
  ended a
  burst 1 20
  watch_job b -H "Last-Event-ID: $(last_id a)"
  await b '"step 20"'

  [ "$(ids b)" = "$(echo -; seq 3 22)" ]
}

# One that was killed has left its row, until a tick finds it dead.
program_has() {
  [ "$(sql "select streams from telltale.listener where pid = $(program_pid)
             order by listener_id desc limit 1")" = "$1" ]
}

# They come back when lighttpd has long started another program.
@test "clients live through the ends of the program, however it ends, and lose nothing" {
  local writer signal
  configure TELLTALE_RETRY_MS=5000
  start_load many --url "$TELLTALE_URL$path" --streams 50 --reconnect
  all_open many
  work 3>&- 4>&- &
  writer=$!
  for signal in TERM USR1 KILL; do
    restart_program $signal
    within 15 program_has 50
  done
  stop_work "$writer"
  finish_load many

  nothing_lost
  [ "$(result many .reconnects)" -ge 150 ]
}

# --- old streams -------------------------------------------------------------------

@test "a stream that is old ends between events, and its client goes on" {
  configure TELLTALE_STREAM_MAX_AGE=2 TELLTALE_RETRY_MS=100
  watch_job a
  start_load many --url "$TELLTALE_URL$path" --streams 10 --reconnect
  all_open many
  work 3>&- 4>&- &
  ended a
  stop_work $!
  finish_load many

  tail -c 2 "$(stream_file a)" | cmp - <(printf '\n\n')
  nothing_lost
  [ "$(result many .reconnects)" -ge 10 ]
  [ "$(result many .errors)" = 0 ]
}

# --- too many ------------------------------------------------------------------------

@test "where there are too many, a browser is told to come later" {
  configure TELLTALE_MAX_STREAMS=3
  start_load full --url "$TELLTALE_URL$path" --streams 3
  all_open full

  get "$path" -H 'Accept: text/event-stream'
  [ "$http_status" = 200 ]
  [ "$(header Content-Type)" = 'text/event-stream; charset=utf-8' ]
  [[ $body =~ ^'retry: '([0-9]+)$'\n\n: '[a-z\ ]+$ ]]
  [ "${BASH_REMATCH[1]}" -ge 5000 ]
  [ "${BASH_REMATCH[1]}" -le 15000 ]

  get "$path"
  refused 503 SERVICE_UNAVAILABLE
  [ "$(header Retry-After)" -gt 0 ]

  # Those who are in notice nothing.
  progress 50
  within 5 have_had full 3 '"progress":50'
}

@test "when one leaves, another may come" {
  configure TELLTALE_MAX_STREAMS=3
  watch_job a
  start_load full --url "$TELLTALE_URL$path" --streams 2
  all_open full
  get "$path"
  refused 503 SERVICE_UNAVAILABLE

  leave a
  is_answered() { has_ended b || is_admitted; }
  is_admitted() { grep -q '^data:' "$(stream_file b)"; }
  admitted() { open_stream b "$path" && within 5 is_answered && is_admitted; }
  within 5 admitted
  progress 50
  await b '"progress":50'
}

# --- silence -----------------------------------------------------------------------

@test "a stream that says something is not told that it is alive" {
  configure TELLTALE_KEEPALIVE=2
  watch_job a
  # In one session: to begin one for each may take longer than 2 s.
  worker "do 'begin for i in 1 .. 8 loop
            perform telltale.progress(''$job'', $attempt, i), pg_sleep(0.4); commit;
          end loop; end'"

  await a '"progress":8[,}]'
  [ -z "$(sed -n '/"progress":1[,}]/,/"progress":8[,}]/ { /^: keepalive$/p }' "$(stream_file a)")" ]
  await a '^: keepalive$'
}
