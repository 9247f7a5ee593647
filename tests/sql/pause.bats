#!/usr/bin/env bats
# A queue that rests: by hand, of one account or of the whole server.
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

setup_file() { load helpers; fresh; }

setup() { load helpers; reset; }

teardown_file() { drop; }

# The state of the queues: account, paused, source, what the hand said.
queues() {
  sql "select coalesce(a.name, 'all') || ' ' || concat_ws(' ', q.paused, q.source, q.user_override)
         from telltale.queue_control as q left join telltale.account as a using (account_id) order by a.name nulls first"
}

claimed() { sql "select string_agg(job_id, ' ') from telltale.claim('w', '{video}', 9)"; }

@test "pause and resume: true once, told once, and what is claimed follows" {
  sql "select telltale.submit('demo', 'video', job_id => 'd'), telltale.submit('other', 'video', job_id => 'o')" >/dev/null

  [ "$(as telltale_admin "select telltale.pause('demo'), telltale.pause('demo', 'else')")" = 't|f' ]
  prints queues <<<'demo t manual t'
  [ "$(claimed)" = o ]

  [ "$(as telltale_admin "select telltale.resume('demo', 'the site'), telltale.resume('demo')")" = 't|f' ]
  [ "$(claimed)" = d ]
  prints sql "select told('demo')" <<<'queue.paused {"source": "manual"}
queue.resumed {"source": "the site"}'
  prints sql "select told('other')" </dev/null
}

@test "pause: running jobs finish" {
  sql "select working('j'), telltale.pause('demo'), telltale.pause(null)" >/dev/null

  [ "$(sql "select telltale.progress('j', 1, 50), telltale.complete('j', 1)")" = 't|' ]
  [ "$(sql "select status from telltale.job")" = completed ]
}

@test "pause: what expired leases held is not given out either" {
  sql "select working('j'), silence('j'), telltale.pause('demo')" >/dev/null
  [ "$(claimed)" = '' ]
  [ "$(sql "select status from telltale.job")" = queued ]
}

@test "resume: what runs is no change" {
  [ "$(sql "select telltale.resume('demo'), telltale.resume(null)")" = 'f|f' ]
  [ "$(sql "select count(*) from telltale.job_event")" = 0 ]
}

@test "the whole server: it holds for all, and leaves what the accounts have said" {
  sql "select telltale.submit('demo', 'video', job_id => 'd'), telltale.submit('other', 'video', job_id => 'o'),
              telltale.pause('demo')" >/dev/null

  [ "$(sql "select telltale.pause(null, 'new disks'), telltale.pause(null)")" = 't|f' ]
  prints queues <<<'all t new disks t
demo t manual t'
  [ "$(claimed)" = '' ]

  [ "$(sql "select telltale.resume(null), telltale.resume(null)")" = 't|f' ]
  [ "$(claimed)" = o ]
}

@test "the whole server: told to those in good standing whose queue stops or goes on, as the operator" {
  sql "select telltale.account_add('third'), telltale.account_set('third', p_terminated => true),
              telltale.pause('other'), telltale.pause(null, 'new disks'), telltale.resume(null)" >/dev/null

  prints sql "select told('demo')" <<<'queue.paused {"source": "operator"}
queue.resumed {"source": "operator"}'
  prints sql "select told('other')" <<<'queue.paused {"source": "manual"}'
  prints sql "select told('third')" </dev/null
}

@test "the whole server: while it is paused, an account's own pause changes nothing for those who watch" {
  [ "$(sql "select telltale.pause(null), telltale.pause('demo'), telltale.resume('demo'), telltale.pause('other'), telltale.resume(null), telltale.resume('other')")" = 't|t|t|t|t|t' ]

  prints sql "select told('demo')" <<<'queue.paused {"source": "operator"}
queue.resumed {"source": "operator"}'
  prints sql "select told('other')" <<<'queue.paused {"source": "operator"}
queue.resumed {"source": "manual"}'
}

@test "what is malformed or unknown is refused" {
  refused <<'END'
TT404 select telltale.pause('nobody')
TT404 select telltale.resume('nobody')
TT404 select telltale.pause('')
TT404 select telltale.pause(repeat('x', 10000000))
TT400 select telltale.pause('demo', '')
TT400 select telltale.pause('demo', repeat('x', 65))
TT400 select telltale.pause('demo', E'a\nb')
TT400 select telltale.pause(null, '')
TT400 select telltale.resume('demo', '')
TT400 select telltale.resume(null, E'\x1b[2J')
23503 select telltale.queue_pause(999999, true, 'x')
END
}

@test "null is the default, as drivers send it" {
  sql "select telltale.pause('demo', null)" >/dev/null
  prints sql "select told()" <<<'queue.paused {"source": "manual"}'
}

@test "workers do not pause: it is the operator's, and by the site the account's" {
  for call in "telltale.pause('demo')" "telltale.pause(null)" "telltale.resume('demo')" "telltale.queue_pause(1, true, 'x')" "telltale.server_pause(true, 'x')"; do
    for role in telltale_worker telltale_web; do
      run ! as $role "select $call"
      [[ $output == *'permission denied for function'* ]]
    done
  done
}

# --- at once -----------------------------------------------------------------------

@test "two pauses at once: one of them changes something, and it is told once" {
  session other
  for call in "pause('demo')" "resume('demo')" 'pause(null)' 'resume(null)'; do
    [ "$(tell other "begin; select telltale.$call;")" = t ]
    sql "select telltale.$call" >"$BATS_TEST_TMPDIR/said" 3>&- &
    until_blocked
    tell other 'commit;'
    wait $!
    [ "$(cat "$BATS_TEST_TMPDIR/said")" = f ]
  done
  leave other
  prints sql "select told()" <<<'queue.paused {"source": "manual"}
queue.resumed {"source": "manual"}
queue.paused {"source": "operator"}
queue.resumed {"source": "operator"}'
}

@test "a pause that is rolled back never was" {
  session other
  tell other "begin; select telltale.pause('demo') \\g /dev/null"
  sql "select telltale.pause('demo')" >"$BATS_TEST_TMPDIR/said" 3>&- &
  until_blocked
  tell other 'rollback;'
  leave other
  wait $!
  [ "$(cat "$BATS_TEST_TMPDIR/said")" = t ]
  [ "$(sql "select count(*) from telltale.job_event")" = 1 ]
}

@test "accounts do not wait for each other; the whole server waits for all, so that each is told what is so" {
  session other
  tell other "begin; select telltale.pause('other') \\g /dev/null"
  [ "$(sql "set lock_timeout = '1s'; select telltale.pause('demo')")" = t ]

  sql "select telltale.pause(null)" >/dev/null 3>&- &
  until_blocked
  tell other 'commit;'
  leave other
  wait $!
  prints sql "select told('other')" <<<'queue.paused {"source": "manual"}'
  prints sql "select told('demo')" <<<'queue.paused {"source": "manual"}'
}

@test "twenty hands on one queue: the events say by turns what it is, and the last one what it is now" {
  pids=()
  for i in {1..20}; do
    case $((i % 4)) in
    0) call="pause('demo')" ;;
    1) call="resume('demo')" ;;
    2) call='pause(null)' ;;
    3) call='resume(null)' ;;
    esac
    sql "do 'begin for i in 1..10 loop perform telltale.${call//\'/\'\'}; commit; end loop; end'" 3>&- &
    pids+=($!)
  done
  wait "${pids[@]}"

  [ "$(sql "select count(*) > 1 from telltale.job_event")" = t ]
  for account in demo other; do
    [ "$(sql "select count(*) from (select kind, lag(kind, 1, 'queue.resumed') over (order by event_id) as before
                from telltale.job_event join telltale.account as a using (account_id) where a.name = '$account') as e where kind = before")" = 0 ]
    [ "$(sql "select coalesce((select kind from telltale.job_event join telltale.account as a using (account_id) where a.name = '$account' order by event_id desc limit 1), 'queue.resumed')
                = case when exists (select from telltale.queue_control as q left join telltale.account as a using (account_id) where q.paused and coalesce(a.name, '$account') = '$account')
                       then 'queue.paused' else 'queue.resumed' end")" = t ]
  done
}

@test "claim: once the pause is committed it hands out nothing; with an older look it may" {
  sql "select telltale.submit('demo', 'video') from generate_series(1, 4)" >/dev/null
  session now
  session before
  claim="select count(*) from telltale.claim('w', '{video}');"
  tell now 'begin;'
  tell before 'begin isolation level repeatable read; select 1 \g /dev/null'
  session hand
  tell hand "begin; select telltale.pause('demo') \\g /dev/null"
  [ "$(tell now "$claim")" = 1 ]

  tell hand 'commit;'

  [ "$(tell now "$claim")" = 0 ]
  [ "$(tell before "$claim")" = 1 ]
  [ "$(sql "$claim")" = 0 ]
  for name in now before hand; do tell $name 'rollback;'; leave $name; done
}

@test "claim: workers at work, and the queue paused ten times: each time not one job more is handed out" {
  sql 'create table stop (now boolean); insert into stop values (false)'
  sql "select count(telltale.submit('demo', 'video')) from generate_series(1, 20)" >/dev/null
  pids=()
  for _ in 1 2; do
    PGAPPNAME=work sql "do 'begin
      while not (select now from stop) loop
        perform telltale.cancel(c.job_id), telltale.retry(c.job_id) from telltale.claim(''w'', ''{video}'') as c;
        commit;
      end loop;
    end'" 3>&- &
    pids+=($!)
  done
  until_sql "select count(*) = 2 from pg_stat_activity where application_name = 'work'"

  # Both are at a claim that has begun since.
  anew() { until_sql "select count(*) = 2 from pg_stat_activity where application_name = 'work' and xact_start > '$1'"; }
  handed="select count(*) from telltale.job_event where kind = 'job.started'"
  for _ in {1..10}; do
    sql "select telltale.pause('demo')" >/dev/null
    anew "$(sql 'select clock_timestamp()')"
    paused=$(sql "$handed")
    anew "$(sql 'select clock_timestamp()')"
    [ "$(sql "$handed")" = "$paused" ]
    sql "select telltale.resume('demo')" >/dev/null
    until_sql "select ($handed) > $paused"
  done
  sql 'update stop set now = true'
  wait "${pids[@]}"
  sql 'drop table stop'
}
