#!/usr/bin/env bats
# What a worker meets: submit, claim, progress, complete, fail, and what the
# site does meanwhile: cancel, retry, remove.
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

setup_file() { load helpers; fresh; }

setup() { load helpers; reset; }

teardown_file() { drop; }

# --- submit --------------------------------------------------------------------

@test "submit: a job is queued, with its first event" {
  id=$(as telltale_worker "select telltale.submit('demo', 'video')")

  [[ $id =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
  [ "$(sql "select status, progress, attempt, max_attempts, priority, payload, seq from telltale.job")" = "queued|0.0|0|3|1|{}|1" ]
  prints sql "select life('$id')" <<<'1 job.created {"attempt": 0, "priority": 1, "progress": 0}'
}

@test "submit: everything optional is kept, by name" {
  sql "select telltale.submit(account => 'demo', type => 'index', payload => '{\"action\": \"move\", \"n\": [1]}',
         file_path => '/x/y', priority => -5, run_after => '2031-01-01 00:00+00', max_attempts => 7,
         webhook_url => 'https://example.org/h', callback_id => 'c1', job_id => 'my-job_1')"

  [ "$(sql "select job_id, type, payload, file_path, priority, run_after, max_attempts, webhook_url, callback_id from telltale.job")" = \
    'my-job_1|index|{"n": [1], "action": "move"}|/x/y|-5|2031-01-01 00:00:00+00|7|https://example.org/h|c1' ]
  prints sql "select life('my-job_1')" <<'END'
1 job.created {"action": "move", "attempt": 0, "priority": -5, "progress": 0, "file_path": "/x/y"}
END
}

@test "submit: null is the default, as drivers send it" {
  sql "select telltale.submit('demo', 'video', null, null, null, null, null, null, null, null)" >/dev/null

  [ "$(sql "select payload, priority, max_attempts, run_after <= now() from telltale.job")" = '{}|1|3|t' ]
}

@test "submit: an action of other words, or a payload that is no object, is no action" {
  sql "select telltale.submit('demo', 'index', '{\"action\": \"burn\"}', job_id => 'a'),
              telltale.submit('demo', 'index', '[\"action\"]', job_id => 'b')" >/dev/null

  [ "$(sql "select count(*) from telltale.job_event where data ? 'action'")" = 0 ]
}

@test "what a job does with its file is told with all that happens to it as a whole" {
  sql "select telltale.submit('demo', 'index', '{\"action\": \"move\"}', job_id => 'a');
       select telltale.claim('w', '{index}');
       select telltale.progress('a', 1, 7);
       select telltale.stage_started('a', 1, 's');
       select telltale.fail('a', 1, 'no');
       select telltale.retry('a');
       select telltale.claim('w', '{index}');
       select telltale.complete('a', 2);
       select telltale.submit('demo', 'index', '{\"action\": \"delete\"}', job_id => 'b');
       select telltale.cancel('b');
       select telltale.remove('b')" >/dev/null

  prints sql "select job_id, kind, data ->> 'action' from telltale.job_event order by event_id" <<'END'
a|job.created|move
a|job.started|move
a|job.progress|
a|stage.started|
a|job.requeued|move
a|job.requeued|move
a|job.started|move
a|job.completed|move
b|job.created|delete
b|job.cancelled|delete
b|job.deleted|delete
END
}

@test "submit: the id of a job that is just being removed is not given out again" {
  sql "select working('r1')" >/dev/null
  session other
  tell other "begin; select telltale.remove('r1');"

  sql "select telltale.submit('demo', 'video', job_id => 'r1')" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
  until_blocked
  tell other 'commit;'
  leave other

  run ! wait $!
  grep -q "was a removed job's" "$BATS_TEST_TMPDIR/said"
  [ "$(sql "select count(*) from telltale.job where job_id = 'r1'")" = 0 ]
}

@test "submit: what is malformed, unknown or taken is refused" {
  sql "select telltale.submit('demo', 'video', job_id => 'taken'), telltale.submit('demo', 'video', job_id => 'gone'),
              telltale.remove('gone'), telltale.account_set('other', p_terminated => true)" >/dev/null

  refused <<'END'
TT404 select telltale.submit('nobody', 'video')
TT404 select telltale.submit(null, 'video')
TT404 select telltale.submit('demo', 'bicycle')
TT404 select telltale.submit('demo', null)
TT403 select telltale.submit('other', 'video')
TT409 select telltale.submit('demo', 'video', job_id => 'taken')
TT409 select telltale.submit('demo', 'video', job_id => 'gone')
TT400 select telltale.submit('demo', 'video', job_id => '')
TT400 select telltale.submit('demo', 'video', job_id => 'a b')
TT400 select telltale.submit('demo', 'video', job_id => E'a\n')
TT400 select telltale.submit('demo', 'video', job_id => repeat('x', 65))
TT400 select telltale.submit('demo', 'video', file_path => '')
TT400 select telltale.submit('demo', 'video', file_path => repeat('x', 4097))
TT400 select telltale.submit('demo', 'video', max_attempts => 0)
TT400 select telltale.submit('demo', 'video', max_attempts => 1001)
TT400 select telltale.submit('demo', 'video', run_after => 'infinity')
TT400 select telltale.submit('demo', 'video', webhook_url => 'ftp://x')
TT400 select telltale.submit('demo', 'video', webhook_url => 'http://' || repeat('x', 2048))
TT400 select telltale.submit('demo', 'video', callback_id => repeat('x', 257))
22P02 select telltale.submit('demo', 'video', '{')
END
}

@test "submit: a refusal names the value and the remedy" {
  run ! as telltale_worker "select telltale.submit('demo', 'bicycle')"

  [[ $output == *"there is no job type 'bicycle'"*"telltale type add"* ]]
}

# --- claim ---------------------------------------------------------------------

@test "claim: lower priority first, then what has been due for longest, then by age" {
  sql "select telltale.submit('demo', 'video', job_id => 'late', priority => 2),
              telltale.submit('demo', 'image', job_id => 'third', run_after => '2020-01-02'),
              telltale.submit('demo', 'video', job_id => 'first', priority => 0),
              telltale.submit('demo', 'video', job_id => 'second', run_after => '2020-01-01'),
              telltale.submit('demo', 'image', job_id => 'fourth', run_after => '2020-01-02'),
              telltale.submit('demo', 'image', job_id => 'future', run_after => now() + interval '1 hour')" >/dev/null

  [ "$(as telltale_worker "select string_agg(job_id, ' ') from telltale.claim('w', '{video,image,video}', 10)")" = \
    'first second third fourth late' ]
}

@test "claim: it says what the worker needs, and the row and the event say so too" {
  sql "select telltale.submit('demo', 'video', '{\"a\": 1}', '/f', max_attempts => 2, callback_id => 'c', job_id => 'j')" >/dev/null

  [ "$(sql "select * from telltale.claim('me', '{video}', lease => '90 seconds')")" = 'j|1|video|{"a": 1}|/f|demo|2|c' ]

  [ "$(sql "select status, attempt, progress, worker, lease, round(extract(epoch from lease_until - started_at)), seq from telltale.job")" = \
    'processing|1|0.0|me|00:01:30|90|2' ]
  [ "$(sql "select life('j')" | tail -n 1)" = '2 job.started {"attempt": 1, "priority": 1, "progress": 0, "file_path": "/f"}' ]
}

@test "claim: no more than max, one if it is not said, and each of them once" {
  sql "select telltale.submit('demo', 'video') from generate_series(1, 5)" >/dev/null

  [ "$(sql "select count(*) from telltale.claim('w', '{video}')")" = 1 ]
  [ "$(sql "select count(*) from telltale.claim('w', '{video}', 3)")" = 3 ]
  [ "$(sql "select count(*) from telltale.claim('w', '{video}', 3)")" = 1 ]
  [ "$(sql "select count(*) from telltale.claim('w', '{video}', 3)")" = 0 ]
}

@test "claim: a type that was not asked for is left alone" {
  sql "select telltale.submit('demo', 'image')" >/dev/null

  [ "$(sql "select count(*) from telltale.claim('w', '{video}', 9)")" = 0 ]
}

@test "claim: two workers get different jobs and do not wait, however many are held" {
  sql "select telltale.submit('demo', 'video') from generate_series(1, 60)" >/dev/null
  session one

  # One more than the few that a claim looks at beyond what it wants.
  tell one 'begin;'
  [ "$(tell one "select count(*) from telltale.claim('one', '{video}', 40);")" = 40 ]

  [ "$(sql "set lock_timeout = '1s'; select count(*) from telltale.claim('two', '{video}')")" = 1 ]
  [ "$(sql "set lock_timeout = '1s'; select count(*) from telltale.claim('two', '{video,image}', 30)")" = 19 ]
  tell one 'commit;'
  [ "$(sql "select string_agg(n, ' ' order by n) from (select worker || ' ' || count(*) as n from telltale.job group by worker) as t")" = 'one 40 two 20' ]
  leave one
}

@test "claim: accounts narrows it" {
  sql "select telltale.submit('demo', 'video', job_id => 'd'), telltale.submit('other', 'video', job_id => 'o')" >/dev/null

  [ "$(sql "select job_id, account from telltale.claim('w', '{video}', 9, accounts => '{other}')")" = 'o|other' ]
  [ "$(sql "select count(*) from telltale.claim('w', '{video}', 9, accounts => '{}')")" = 0 ]
  [ "$(sql "select job_id from telltale.claim('w', '{video}', 9, accounts => '{demo,other}')")" = d ]
}

@test "claim: a paused account, a paused server, a terminated account give nothing" {
  sql "select telltale.submit('demo', 'video', job_id => 'd'), telltale.submit('other', 'video', job_id => 'o')" >/dev/null
  claim="select string_agg(job_id, ' ') from telltale.claim('w', '{video}', 9)"

  sql "insert into telltale.queue_control (account_id, paused) values (null, true)"
  [ "$(sql "$claim")" = '' ]
  sql "update telltale.queue_control set paused = false;
       insert into telltale.queue_control (account_id, paused)
       select account_id, true from telltale.account where name = 'demo';
       select telltale.account_set('other', p_terminated => true)"
  [ "$(sql "$claim")" = '' ]

  sql "select telltale.account_set('other', p_terminated => false)"
  [ "$(sql "$claim")" = o ]
  sql 'update telltale.queue_control set paused = false'
  [ "$(sql "$claim")" = d ]
}

@test "claim: who would go hungry gets what an expired lease held" {
  sql "select working('j'), silence('j')" >/dev/null

  [ "$(sql "select job_id, attempt from telltale.claim('v', '{video}')")" = 'j|2' ]
  [ "$(sql "select life('j')" | cut -d ' ' -f 1,2 | tr '\n' ' ')" = '1 job.created 2 job.started 3 job.requeued 4 job.started ' ]
}

@test "claim: what is malformed or unknown is refused" {
  sql "select telltale.submit('demo', 'video')" >/dev/null

  refused <<'END'
TT400 select telltale.claim(null, '{video}')
TT400 select telltale.claim('', '{video}')
TT400 select telltale.claim(repeat('w', 129), '{video}')
TT400 select telltale.claim('w', null)
TT400 select telltale.claim('w', array[['checksum', null]])
TT400 select telltale.claim('w', '{}')
TT400 select telltale.claim('w', '{video,NULL}')
TT400 select telltale.claim('w', '{video,bicycle}')
TT400 select telltale.claim('w', '{video}', 0)
TT400 select telltale.claim('w', '{video}', 1001)
TT400 select telltale.claim('w', '{video}', 1, '999 milliseconds')
TT400 select telltale.claim('w', '{video}', 1, '25 hours')
TT404 select telltale.claim('w', '{video}', accounts => '{demo,nobody}')
TT400 select telltale.claim('w', '{video}', accounts => '{NULL}')
END
}

# --- progress ------------------------------------------------------------------

@test "progress: what is new is stored, is an event, and extends the lease" {
  sql "select working('j')" >/dev/null
  sql "update telltale.job set lease_until = clock_timestamp() + interval '20 seconds'"

  [ "$(as telltale_worker "select telltale.progress('j', 1, 47.46, 'cutting', 27, 45)")" = t ]

  [ "$(sql "select progress, detail, frames_completed, frame_count, seq, lease_until > clock_timestamp() + interval '40 seconds' from telltale.job")" = '47.5|cutting|27|45|3|t' ]
  [ "$(sql "select life('j')" | tail -n 1)" = '3 job.progress {"detail": "cutting", "attempt": 1, "progress": 47.5, "frame_count": 45, "frames_completed": 27}' ]
}

@test "progress: null leaves detail and frames as they were" {
  sql "select working('j'), telltale.progress('j', 1, 10, 'cutting', 1, 4)" >/dev/null

  sql "select telltale.progress('j', 1, 20)" >/dev/null

  [ "$(sql "select progress, detail, frames_completed, frame_count from telltale.job")" = '20.0|cutting|1|4' ]
}

@test "progress: a lower percent leaves it as it was, and what else is new is told" {
  sql "select working('j'), telltale.progress('j', 1, 50)" >/dev/null

  [ "$(sql "select telltale.progress('j', 1, 40, 'again')")" = t ]

  [ "$(sql "select progress, detail from telltale.job")" = '50.0|again' ]
  [ "$(sql "select life('j')" | tail -n 1)" = '4 job.progress {"detail": "again", "attempt": 1, "progress": 50}' ]
}

@test "progress: 100 is kept for complete" {
  sql "select working('j'), telltale.progress('j', 1, 100)" >/dev/null
  [ "$(sql "select progress from telltale.job")" = 99.9 ]
  sql "select telltale.progress('j', 1, 99.99)" >/dev/null
  [ "$(sql "select count(*) from telltale.job_event where kind = 'job.progress'")" = 1 ]
}

@test "progress: nothing new writes nothing" {
  sql "select working('j'), telltale.progress('j', 1, 50, 'x', 1, 2)" >/dev/null
  row="select fingerprint() || xmin || ctid from telltale.job"
  before=$(sql "$row")

  for args in 50 49 "50.04, 'x'" "50, 'x', 1, 2" "0, null, null, null"; do
    [ "$(sql "select telltale.progress('j', 1, $args)")" = t ]
    [ "$(sql "$row")" = "$before" ]
  done
}

@test "progress: nothing new, and half the lease gone: only the lease is written" {
  sql "select working('j'), telltale.progress('j', 1, 50)" >/dev/null
  sql "update telltale.job set lease_until = clock_timestamp() + interval '29 seconds'"

  [ "$(sql "select telltale.progress('j', 1, 50)")" = t ]

  [ "$(sql "select seq, lease_until > clock_timestamp() + interval '40 seconds' from telltale.job")" = '3|t' ]
  [ "$(sql "select count(*) from telltale.job_event where kind = 'job.progress'")" = 1 ]
}

@test "progress: the row stays in its page (HOT), also under every index" {
  sql "select working('j')" >/dev/null
  until_sql "select n_tup_upd > 0 from pg_stat_user_tables where relid = 'telltale.job'::regclass"
  stat="from pg_stat_user_tables where relid = 'telltale.job'::regclass"
  IFS='|' read -r updated hot < <(sql "select n_tup_upd, n_tup_hot_upd $stat")

  for i in 1 2 3; do
    sql "do 'begin for i in 1..10 loop perform telltale.progress(''j'', 1, i + $i * 10, i::text, i, 10); commit; end loop; end'"
  done

  until_sql "select n_tup_upd = $updated + 30 $stat"
  [ "$(sql "select n_tup_hot_upd $stat")" = $((hot + 30)) ]
}

@test "progress: what a person reads is cut, not refused" {
  sql "select working('j'), telltale.progress('j', 1, 1, repeat('ü', 2000))" >/dev/null
  [ "$(sql "select length(detail) from telltale.job")" = 1000 ]
  sql "select telltale.complete('j', 1, reason => repeat('ü', 5000))"
  [ "$(sql "select length(reason) from telltale.job")" = 4000 ]
}

@test "progress: what is malformed, or of a job that never was, is refused" {
  sql "select working('j')" >/dev/null

  refused <<'END'
TT400 select telltale.progress('j', 1, null)
TT400 select telltale.progress('j', 1, 'NaN')
TT400 select telltale.progress('j', 1, 'Infinity')
TT400 select telltale.progress('j', 1, -0.1)
TT400 select telltale.progress('j', 1, 100.1)
TT400 select telltale.progress('j', null, 1)
TT400 select telltale.progress('j', 1, 1, 'x', 1)
TT400 select telltale.progress('j', 1, 1, 'x', null, 1)
TT400 select telltale.progress('j', 1, 1, 'x', 3, 2)
TT400 select telltale.progress('j', 1, 1, 'x', -1, 2)
TT400 select telltale.progress(null, 1, 1)
TT400 select telltale.progress('', 1, 1)
TT400 select telltale.progress('j''', 1, 1)
TT400 select telltale.progress(repeat('j', 65), 1, 1)
TT404 select telltale.progress('never', 1, 1)
END
}

# Each way of losing a job: progress says stop, complete and fail raise, nothing
# is written.
lost() {
  sql "select working('j')" >/dev/null
  sql "$1" >/dev/null
  before=$(sql 'select fingerprint()')
  [ "$(sql "select telltale.progress('j', 1, 60, 'more')")" = f ]
  [ "$(sql "select telltale.progress('j', 1, 0)")" = f ]
  [ "$(sql "select telltale.stage_started('j', 1, 's'), telltale.stage_completed('j', 1, 's'), telltale.score('j', 1, 1, 'x')")" = 'f|f|f' ]
  [ "$(sql 'select fingerprint()')" = "$before" ]
  refused <<END
TT409 select telltale.job_input('j', 1)
TT409 select telltale.complete('j', 1)
TT409 select telltale.fail('j', 1, 'x')
END
  run ! sql "select telltale.complete('j', 1)"
  grep -qF "$2" <<<"$output"
}

@test "lost: cancelled" { lost "select telltale.cancel('j')" 'job j is cancelled'; }

@test "lost: removed" { lost "select telltale.remove('j')" 'job j was removed'; }

@test "lost: completed" { lost "select telltale.complete('j', 1)" 'job j is completed'; }

@test "lost: failed for good" { lost "select telltale.fail('j', 1, 'x', retryable => false)" 'job j is failed'; }

@test "lost: failed, and queued again" { lost "select telltale.fail('j', 1, 'x')" 'job j is queued'; }

@test "lost: lease over, though nobody noticed" { lost "select silence('j')" 'lease of attempt 1 ran out'; }

@test "lost: lease over, and somebody else has the job" {
  lost "select silence('j'); select telltale.claim('v', '{video}')" 'attempt 1 is over, 2 is the last one'
  [ "$(sql "select telltale.progress('j', 2, 60)")" = t ]
}

@test "an attempt that has not been yet cannot write" {
  sql "select working('j')" >/dev/null
  [ "$(sql "select telltale.progress('j', 2, 60)")" = f ]
  refused <<<"TT409 select telltale.complete('j', 2)"
}

# --- stages, score -------------------------------------------------------------

@test "stages and score are events, with what the worker said as it is, and extend the lease" {
  sql "select working('j'), telltale.progress('j', 1, 20); update telltale.job set lease_until = clock_timestamp() + interval '20 seconds'" >/dev/null

  [ "$(as telltale_worker "select telltale.stage_started('j', 1, 'ai-laws'),
    telltale.stage_completed('j', 1, 'ai-laws', '[{\"id\": \"chk_1\", \"citation\": null}]'),
    telltale.stage_completed('j', 1, 'nothing found'), telltale.stage_completed('j', 1, 'nothing', null),
    telltale.score('j', 1, 87.50, 'PUBLISH')")" = 't|t|t|t|t' ]

  sql "select life('j')" | tail -n 5 | diff - <(cat <<'END'
4 stage.started {"stage": "ai-laws", "attempt": 1, "progress": 20}
5 stage.completed {"stage": "ai-laws", "checks": [{"id": "chk_1", "citation": null}], "attempt": 1, "progress": 20}
6 stage.completed {"stage": "nothing found", "checks": [], "attempt": 1, "progress": 20}
7 stage.completed {"stage": "nothing", "checks": [], "attempt": 1, "progress": 20}
8 score.computed {"score": 87.5, "attempt": 1, "decision": "PUBLISH", "progress": 20}
END
  )
  [ "$(sql "select seq, lease_until > clock_timestamp() + interval '40 seconds', decision from telltale.job")" = '8|t|' ]
}

@test "stages and score: what is malformed, or of a job that never was, is refused" {
  sql "select working('j')" >/dev/null

  refused <<'END'
TT400 select telltale.stage_started('j', 1, null)
TT400 select telltale.stage_started('j', 1, '')
TT400 select telltale.stage_started('j', 1, E'a\nb')
TT400 select telltale.stage_started('j', 1, repeat('x', 65))
TT400 select telltale.stage_started('j', null, 's')
TT400 select telltale.stage_started('a b', 1, 's')
TT400 select telltale.stage_started(null, 1, 's')
TT404 select telltale.stage_started('never', 1, 's')
TT400 select telltale.stage_completed('j', 1, '')
TT400 select telltale.stage_completed('j', 1, 's', '{}')
TT400 select telltale.stage_completed('j', 1, 's', jsonb_build_array(repeat('x', 131072)))
TT404 select telltale.stage_completed('never', 1, 's')
TT400 select telltale.score('j', 1, null, 'HOLD')
TT400 select telltale.score('j', 1, -0.1, 'HOLD')
TT400 select telltale.score('j', 1, 100.1, 'HOLD')
TT400 select telltale.score('j', 1, 'NaN', 'HOLD')
TT400 select telltale.score('j', 1, 50, null)
TT400 select telltale.score('j', 1, 50, 'TWO WORDS')
TT400 select telltale.score('j', 1, 50, repeat('x', 33))
TT404 select telltale.score('never', 1, 50, 'HOLD')
END
}

# --- complete, fail ------------------------------------------------------------

@test "complete: 100, completed, with its verdict" {
  sql "select working('j'), telltale.progress('j', 1, 30, 'cutting')" >/dev/null

  as telltale_worker "select telltale.complete('j', 1, 'reject', '{\"n\": 1}', '{\"nsfw\": true}', 'bad')"

  [ "$(sql "select status, progress, decision, is_prohibited, result, categories, reason, lease_until, completed_at is not null from telltale.job")" = \
    'completed|100.0|reject|t|{"n": 1}|{"nsfw": true}|bad||t' ]
  [ "$(sql "select life('j')" | tail -n 1)" = '4 job.completed {"detail": "cutting", "reason": "bad", "attempt": 1, "decision": "reject", "progress": 100, "file_path": "/a.mp4"}' ]
}

@test "complete: nothing but the job is needed" {
  sql "select working('j'), telltale.complete('j', 1)" >/dev/null
  [ "$(sql "select decision is null and is_prohibited is null and result is null from telltale.job")" = t ]
}

@test "complete: what is malformed, or of a job that never was, is refused" {
  sql "select working('j'), telltale.submit('demo', 'image', job_id => 'idle')" >/dev/null

  refused <<'END'
TT400 select telltale.complete('j', 1, 'maybe')
TT400 select telltale.complete('j', 1, categories => '[]')
TT400 select telltale.complete('j', 1, categories => 'null')
TT400 select telltale.complete('j', null)
TT400 select telltale.complete('a b', 1)
TT404 select telltale.complete('never', 1)
TT409 select telltale.complete('idle', 0)
TT409 select telltale.complete('idle', 1)
END
}

@test "fail: queued again, later each time, and failed when attempts are out" {
  sql "select working('j', 3), telltale.progress('j', 1, 30, 'cutting', 1, 2)" >/dev/null

  [ "$(as telltale_worker "select telltale.fail('j', 1, 'no disk', 'DISK')")" = queued ]
  [ "$(sql "select status, progress, detail, frame_count, error, lease_until, round(extract(epoch from run_after - updated_at)) from telltale.job")" = 'queued|0.0|||||2' ]
  sql "select life('j')" | tail -n 1 | grep -qE '^4 job.requeued \{"error": "no disk", "attempt": 1, "priority": -1000, "progress": 0, "file_path": "/a.mp4", "run_after": "20[^"]*", "error_code": "DISK"\}$'
  # In one session, or the two seconds may be over.
  [ "$(sql "update telltale.job set run_after = clock_timestamp() + interval '2 seconds';
            select count(*) from telltale.claim('w', '{video}')")" = 0 ]

  sql "update telltale.job set run_after = now()"
  [ "$(sql "select attempt from telltale.claim('w', '{video}')")" = 2 ]
  sql "select telltale.fail('j', 2, 'no disk')" >/dev/null
  [ "$(sql "select round(extract(epoch from run_after - updated_at)) from telltale.job")" = 4 ]

  sql "update telltale.job set run_after = now()"
  sql "select * from telltale.claim('w', '{video}'); select telltale.progress('j', 3, 12.5)" >/dev/null
  [ "$(sql "select telltale.fail('j', 3, 'no disk', 'DISK')")" = failed ]
  [ "$(sql "select status, progress, error, error_code, completed_at is not null from telltale.job")" = 'failed|12.5|no disk|DISK|t' ]
  [ "$(sql "select life('j')" | tail -n 1)" = '9 job.failed {"error": "no disk", "attempt": 3, "progress": 12.5, "file_path": "/a.mp4", "error_code": "DISK"}' ]
}

@test "fail: the wait is five minutes at most" {
  sql "select working('j', 1000)" >/dev/null
  sql "update telltale.job set attempt = 900"
  sql "select telltale.fail('j', 900, 'x')" >/dev/null
  [ "$(sql "select round(extract(epoch from run_after - updated_at)) from telltale.job")" = 300 ]
}

@test "fail: not retryable is final at once" {
  sql "select working('j')" >/dev/null
  [ "$(sql "select telltale.fail('j', 1, 'x', retryable => false)")" = failed ]
}

@test "fail: what is malformed, or of a job that never was, is refused" {
  sql "select working('j')" >/dev/null

  refused <<'END'
TT400 select telltale.fail('j', 1, null)
TT400 select telltale.fail('j', 1, 'x', '')
TT400 select telltale.fail('j', 1, 'x', 'no spaces')
TT400 select telltale.fail('j', 1, 'x', repeat('c', 65))
TT400 select telltale.fail('j', null, 'x')
TT400 select telltale.fail('', 1, 'x')
TT404 select telltale.fail('never', 1, 'x')
END
}

# --- cancel, retry, remove -----------------------------------------------------

@test "cancel: a queued or processing job ends, once" {
  sql "select working('p'), telltale.progress('p', 1, 30), telltale.submit('demo', 'image', job_id => 'q')" >/dev/null

  [ "$(as telltale_worker "select telltale.cancel('p'), telltale.cancel('q')")" = 'cancelled|cancelled' ]
  [ "$(sql "select status, progress, lease_until, completed_at is not null from telltale.job where job_id = 'p'")" = 'cancelled|30.0||t' ]
  prints sql "select life('q')" <<'END'
1 job.created {"attempt": 0, "priority": 1, "progress": 0}
2 job.cancelled {"attempt": 0, "progress": 0}
END
  before=$(sql 'select fingerprint()')
  [ "$(sql "select telltale.cancel('p')")" = cancelled ]
  [ "$(sql 'select fingerprint()')" = "$before" ]
}

@test "cancel: what has ended, is gone, or never was is refused" {
  sql "select working('c'), telltale.complete('c', 1), working('f'), telltale.fail('f', 1, 'x', retryable => false),
              working('r'), telltale.remove('r')" >/dev/null

  refused <<'END'
TT409 select telltale.cancel('c')
TT409 select telltale.cancel('f')
TT404 select telltale.cancel('r')
TT404 select telltale.cancel('never')
TT400 select telltale.cancel('')
TT400 select telltale.cancel(null)
END
}

@test "retry: a failed or cancelled job begins anew, with an attempt more" {
  sql "select working('f', 1), telltale.progress('f', 1, 30, 'x', 1, 2), telltale.fail('f', 1, 'x', 'X'),
              telltale.submit('demo', 'image', job_id => 'c'), telltale.cancel('c')" >/dev/null

  [ "$(as telltale_worker "select telltale.retry('f'), telltale.retry('c')")" = 'queued|queued' ]

  [ "$(sql "select status, progress, detail, frames_completed, error, error_code, completed_at, attempt, max_attempts from telltale.job where job_id = 'f'")" = \
    'queued|0.0||||||1|2' ]
  [ "$(sql "select max_attempts from telltale.job where job_id = 'c'")" = 3 ]
  sql "select life('f')" | tail -n 1 | grep -qE '^5 job.requeued \{"attempt": 1, "priority": -1000, "progress": 0, "file_path": "/a.mp4", "run_after": "[^"]*"\}$'
  [ "$(sql "select attempt from telltale.claim('w', '{video}')")" = 2 ]
  [ "$(sql "select telltale.progress('f', 1, 50)")" = f ]
}

@test "retry: a queued job is due at once, and told so only if it was not" {
  sql "select telltale.submit('demo', 'image', job_id => 'j', run_after => now() + interval '1 day')" >/dev/null

  [ "$(sql "select telltale.retry('j')")" = queued ]
  [ "$(sql "select run_after <= clock_timestamp(), seq from telltale.job")" = 't|2' ]
  [ "$(sql "select telltale.retry('j')")" = queued ]
  [ "$(sql "select seq from telltale.job")" = 2 ]
}

@test "retry: what runs, completed, is gone or never was is refused" {
  sql "select working('c'), telltale.complete('c', 1), working('r'), telltale.remove('r'), working('p')" >/dev/null

  refused <<'END'
TT409 select telltale.retry('p')
TT409 select telltale.retry('c')
TT404 select telltale.retry('r')
TT404 select telltale.retry('never')
TT400 select telltale.retry('x x')
END
}

@test "remove: gone, with a last event; known as gone while the log has it" {
  sql "select working('j'), telltale.progress('j', 1, 30)" >/dev/null

  [ "$(as telltale_worker "select telltale.remove('j')")" = t ]

  [ "$(sql "select count(*) from telltale.job")" = 0 ]
  [ "$(sql "select life('j')" | tail -n 1)" = '4 job.deleted {"status": "processing", "attempt": 1, "progress": 30, "file_path": "/a.mp4"}' ]
  [ "$(sql "select telltale.remove('j')")" = f ]
  refused <<'END'
TT404 select telltale.remove('never')
TT400 select telltale.remove(null)
END
  sql 'truncate telltale.job_event'
  refused <<<"TT404 select telltale.progress('j', 1, 50)"
}

# --- many at once --------------------------------------------------------------

@test "seq is gapless and in order of commit under 4 workers on the same jobs" {
  sql "select working('a'), working('b')" >/dev/null

  pids=()
  for w in 1 2 3 4; do
    sql "do 'begin for i in 1..150 loop
           perform telltale.progress(case when (i + $w) % 3 = 0 then ''b'' else ''a'' end, 1, i / 2.0, ''$w '' || i);
           if i % 10 = 0 then rollback; else commit; end if;
         end loop; end'" 3>&- &
    pids+=($!)
  done
  wait "${pids[@]}"

  [ "$(sql "select count(*) from telltale.job_event where kind = 'job.progress'")" = 540 ]
  [ "$(sql "select count(*) from (select seq - lag(seq, 1, 0::bigint) over (partition by job order by event_id) as step
              from telltale.job_event) as t where step <> 1")" = 0 ]
  [ "$(sql "select bool_and(seq = (select max(seq) from telltale.job_event as e where e.job = j.id)) from telltale.job as j")" = t ]
}

@test "a progress that waited for a remove, or a cancel, sees it" {
  for verb in remove cancel; do
    sql "select working('j-$verb')" >/dev/null
    session "$verb"
    tell "$verb" "begin; select telltale.$verb('j-$verb') \\g /dev/null"

    sql "select telltale.progress('j-$verb', 1, 50)" >"$BATS_TEST_TMPDIR/said" 3>&- &
    until_blocked
    tell "$verb" 'commit;'
    wait $!
    leave "$verb"

    [ "$(cat "$BATS_TEST_TMPDIR/said")" = f ]
  done
}

@test "4 claiming at once share 200 jobs without a double" {
  sql "select telltale.submit('demo', (array['video', 'image'])[1 + i % 2]) from generate_series(1, 200) as i" >/dev/null

  pids=()
  for w in 1 2 3 4; do
    sql "do 'declare n bigint; begin loop
           select count(*) into n from telltale.claim(''$w'', ''{video,image}'', 3); commit; exit when n = 0;
         end loop; end'" 3>&- &
    pids+=($!)
  done
  wait "${pids[@]}"

  [ "$(sql "select count(*), count(distinct job) from telltale.job_event where kind = 'job.started'")" = '200|200' ]
}

# --- plans ---------------------------------------------------------------------

# Do everything a few times: job is never read from end to end, and of an index
# no more than so many entries.
reads_little() {
  sql 'select pg_stat_reset()' >/dev/null
  sql "do 'begin for i in 1..12 loop
         perform telltale.progress(''j'', 1, i);
         perform telltale.progress(''j'', 1, 0);
         perform telltale.stage_started(''j'', 1, ''s'');
         perform telltale.job_input(''j'', 1);
         perform telltale.claim(''w'', ''{video,image}'');
         perform telltale.cancel(''q'' || i); perform telltale.retry(''q'' || i); perform telltale.remove(''q'' || i);
       end loop;
       perform telltale.complete(''j'', 1);
       perform telltale.fail(''k'', 1, ''x'');
       end'"
  until_sql "select n_tup_del = 12 from pg_stat_user_tables where relid = 'telltale.job'::regclass"

  [ "$(sql "select seq_scan from pg_stat_user_tables where relid = 'telltale.job'::regclass")" = 0 ]
  [ "$(sql "select idx_tup_read from pg_stat_user_indexes where indexrelid = 'telltale.job_claim'::regclass")" -gt 0 ]
  prints sql "select indexrelname, idx_tup_read from pg_stat_user_indexes
               where relid = 'telltale.job'::regclass and idx_tup_read > 1500" </dev/null
}

@test "with 20,000 jobs nothing reads the table, or much of an index" {
  sql "insert into telltale.job (account_id, type, priority, status, completed_at, job_id)
       select 1, 'video', i % 3, 'completed', now(), 'c' || i from generate_series(1, 10000) as i;
       insert into telltale.job (account_id, type, priority, job_id)
       select 1 + i % 2, (array['video', 'image'])[1 + i % 2], i % 3, 'q' || i from generate_series(1, 10000) as i;
       select working('j'), working('k')" >/dev/null
  sql 'vacuum analyze telltale.job'

  reads_little
}

@test "nor where the statistics are of a time when nothing was queued or running" {
  sql "insert into telltale.job (account_id, type, priority, status, completed_at, job_id)
       select 1, 'video', i % 3, 'completed', now(), 'c' || i from generate_series(1, 10000) as i"
  sql 'vacuum analyze telltale.job'
  sql "insert into telltale.job (account_id, type, priority, job_id)
       select 1 + i % 2, (array['video', 'image'])[1 + i % 2], i % 3, 'q' || i from generate_series(1, 10000) as i;
       insert into telltale.job (account_id, type, status, attempt, lease, lease_until)
       select 1, 'video', 'processing', 1, '1 day', now() + interval '1 day' from generate_series(1, 3000) as i;
       select working('j'), working('k')" >/dev/null

  reads_little
}
