#!/usr/bin/env bats
# What comes in over HTTP: submitting, once for a key, with files and streams;
# cancelling; and submit() with a key.
# shellcheck disable=SC2154 # session sets descriptors

setup_file() {
  load helpers
  fresh
  # web_submit(), of which most may be left out; and what became of those who raced.
  sql "create function post(
           key text default 'k', type text default 'video', payload jsonb default null, file_path text default null,
           priority int default null, run_after_us bigint default null, max_attempts int default null,
           webhook_url text default null, callback_id text default null, webhook_secret text default null,
           word text default null, request bytea default sha256('r'), fields text[] default null,
           names text[] default null, media_types text[] default null, data bytea[] default null,
           listener bigint default null, class text default 'stream', scope text default 'job:write')
         returns table (verdict text, rate_per_minute int, unused boolean, account_id bigint, key_id bigint, id bigint,
           job_id text, status text, seq bigint, replayed boolean, webhook_secret text, callback_id text, created_us bigint,
           leased boolean, resumable boolean)
         language sql as 'select * from telltale.web_submit(sha256(post.key::bytea), post.scope, post.type, post.payload,
           post.file_path, post.priority, post.run_after_us, post.max_attempts, post.webhook_url, post.callback_id,
           post.webhook_secret, post.word, post.request, post.fields, post.names, post.media_types, post.data, post.listener,
           post.class)';
       create table got (verdict text, job_id text, replayed boolean);
       grant insert on got to telltale_web"
}

setup() {
  load helpers
  reset
  sql "truncate got;
       select telltale.account_set('demo', p_stream_limit => 2, p_watch_limit => 5),
              telltale.key_add('demo', sha256('k'), 'tt_k', '{job:read,job:write}'),
              telltale.key_add('other', sha256('theirs'), 'tt_k', '{job:write}')" >/dev/null
}

teardown_file() { drop; }

# COLUMNS of what becomes of a submission with these arguments.
post() { as telltale_web "select $1 from post(${2-})"; }

jobs() { sql 'select count(*) from telltale.job'; }

hub() { as telltale_web "select listener_id from telltale.feed_open('h', 'p', 1, false, null, null, null, null)"; }

streams() { sql "select coalesce(sum(n), 0) from telltale.stream_lease where class = 'stream'"; }

cancel() { as telltale_web "select ${2-verdict, job_id, status} from telltale.web_cancel(sha256('k'), 'job:write', '$1')"; }

# --- a job -----------------------------------------------------------------------

@test "a job is made as submit() makes it: its row and its event" {
  id=$(post job_id "payload => '{\"action\": \"move\"}', file_path => '/a', priority => 7, max_attempts => 2, callback_id => 'c'")
  sql "select telltale.submit('demo', 'video', '{\"action\": \"move\"}', '/a', 7, max_attempts => 2, callback_id => 'c', job_id => 'twin')" >/dev/null

  [ "$(sql "select count(distinct (to_jsonb(j) - '{id,job_id,created_at,updated_at,run_after}'::text[])) from telltale.job as j")" = 1 ]
  diff <(sql "select life('$id')") <(sql "select life('twin')")
}

@test "the answer has the key's rate, the account, the job and its words" {
  account=$(sql "select account_id from telltale.account where name = 'demo'")
  key=$(sql "select key_id from telltale.api_key where hash = sha256('k')")

  post 'verdict, rate_per_minute, unused, account_id, key_id, status, seq, replayed, webhook_secret, callback_id' \
    "webhook_secret => 'whsec_x', callback_id => 'c'" >"$BATS_TEST_TMPDIR/said"

  [ "$(cat "$BATS_TEST_TMPDIR/said")" = "ok|60|t|$account|$key|queued|1|f|whsec_x|c" ]
  [ "$(post 'created_us > 1.7e15 and id = (select max(j) from (values (id)) as v (j)), job_id ~ $$^[0-9a-f-]{36}$$')" = 't|t' ]
}

@test "null is the default" {
  post verdict
  [ "$(sql 'select payload, priority, max_attempts, run_after <= now(), file_path, webhook_secret from telltale.job')" = '{}|1|3|t||' ]
}

@test "later, to the microsecond" {
  post verdict 'run_after_us => 4102444800123456'
  [ "$(sql 'select run_after from telltale.job')" = '2100-01-01 00:00:00.123456+00' ]
}

@test "the key is judged first, and nothing is made for one that is refused" {
  [ "$(post verdict "key => 'nobody', type => 'bicycle'")" = unauthorized ]
  [ "$(post 'verdict, rate_per_minute, account_id' "scope => 'moderate:image', type => 'bicycle'")" = 'forbidden|60|' ]
  sql "select telltale.account_set('demo', p_terminated => true)" >/dev/null
  [ "$(post verdict)" = terminated ]
  [ "$(jobs)" = 0 ]
}

@test "what is malformed is told by its verdict, and changes nothing" {
  before=$(sql 'select fingerprint()')
  hub=$(hub)
  while IFS='|' read -r verdict arguments; do
    [ "$(post verdict "listener => $hub, $arguments")" = "$verdict" ] || { echo "$arguments"; false; }
  done <<'END'
unknown_type|type => 'bicycle'
unknown_type|type => null
invalid|file_path => ''
invalid|file_path => repeat('x', 4097)
invalid|max_attempts => 0
invalid|max_attempts => 1001
invalid|run_after_us => -1
invalid|run_after_us => 9223372036854775807
invalid|webhook_url => 'ftp://x'
invalid|webhook_url => 'https://h/ x'
invalid|webhook_url => 'http://' || repeat('x', 2048)
invalid|callback_id => repeat('x', 257)
invalid|webhook_secret => ''
invalid|webhook_secret => 'a b'
invalid|webhook_secret => repeat('x', 257)
invalid|word => ''
invalid|word => repeat('x', 256)
invalid|word => 'w', request => null
invalid|word => 'w', request => '\x00'
invalid|fields => '{a}'
invalid|fields => '{a}', data => '{x,y}'
invalid|fields => '{a,b}', names => '{x}', data => '{x,y}'
invalid|fields => '{a,b}', media_types => '{x}', data => '{x,y}'
invalid|fields => '{null}', data => '{x}'
invalid|fields => '{""}', data => '{x}'
invalid|fields => '{a}', data => '{null}'
invalid|fields => array[repeat('x', 257)], data => '{x}'
invalid|fields => '{a}', names => array[repeat('x', 1025)], data => '{x}'
invalid|fields => '{a}', media_types => array[repeat('x', 257)], data => '{x}'
invalid|fields => array_fill('a'::text, '{101}'), data => array_fill('x'::bytea, '{101}')
END
  [ "$(sql 'select fingerprint()')" = "$before" ]
  [ "$(streams)" = 0 ]
}

# --- once ------------------------------------------------------------------------

@test "the same key and request is the same job; it says how that stands now" {
  id=$(post job_id "word => 'w', webhook_secret => 'whsec_x', callback_id => 'c'")
  sql "select telltale.claim('w', '{video}')" >/dev/null

  [ "$(post 'verdict, job_id, status, seq, replayed, webhook_secret, callback_id' "word => 'w'")" = "ok|$id|processing|2|t|whsec_x|c" ]
  [ "$(jobs)" = 1 ]
}

@test "the same key with another request is a conflict" {
  post verdict "word => 'w'"
  [ "$(post 'verdict, job_id, replayed' "word => 'w', request => sha256('other')")" = 'conflict||' ]
  [ "$(jobs)" = 1 ]
}

@test "the same key of another account is another" {
  post verdict "word => 'w'"
  [ "$(post 'verdict, replayed' "word => 'w', key => 'theirs', request => sha256('other')")" = 'ok|f' ]
  [ "$(jobs)" = 2 ]
}

@test "after 24 hours the key is free again, forgotten or not" {
  first=$(post job_id "word => 'w'")
  sql "update telltale.idempotency_key set created_at = created_at - interval '24 hours'"

  [ "$(post 'verdict, replayed' "word => 'w', request => sha256('other')")" = 'ok|f' ]
  [ "$(post replayed "word => 'w', request => sha256('other')")" = t ]
  [ "$(sql "select count(*) from telltale.idempotency_key")" = 1 ]
  [ "$(sql "select count(*) from telltale.job where job_id <> '$first'")" = 1 ]
}

@test "forget: keys of over 24 hours ago, and no other" {
  post verdict "word => 'old'"
  post verdict "word => 'new'"
  sql "update telltale.idempotency_key set created_at = created_at - interval '24 hours' where key = 'old';
       update telltale.idempotency_key set created_at = created_at - interval '23 hours 59 minutes' where key = 'new'"

  [ "$(sql "select * from telltale.tick('forget')")" = 'forget|1|' ]
  [ "$(sql 'select key from telltale.idempotency_key')" = new ]
  [ "$(jobs)" = 2 ]
}

@test "a job that is removed takes its key along" {
  id=$(post job_id "word => 'w', fields => '{f}', data => '{x}'")
  sql "select telltale.remove('$id')" >/dev/null
  [ "$(sql 'select (select count(*) from telltale.idempotency_key) + (select count(*) from telltale.job_input)')" = 0 ]
  [ "$(post replayed "word => 'w'")" = f ]
}

@test "what was rolled back was not asked" {
  as telltale_web "begin; select from post(word => 'w'); rollback"
  [ "$(post replayed "word => 'w'")" = f ]
}

@test "fifty who ask the same at once get one job" {
  echo "insert into got select verdict, job_id, replayed from post(word => 'w');" >"$BATS_TEST_TMPDIR/ask"
  timeout 300 pgbench -n -c 50 -j 2 -t 1 -U telltale_web -f "$BATS_TEST_TMPDIR/ask" >"$BATS_TEST_TMPDIR/race" 2>&1 ||
    { cat "$BATS_TEST_TMPDIR/race"; false; }

  [ "$(jobs)" = 1 ]
  [ "$(sql "select count(*), count(*) filter (where verdict = 'ok'), count(distinct job_id), count(*) filter (where not replayed) from got")" = '50|50|1|1' ]
  [ "$(sql "select count(*) from telltale.job_event where kind = 'job.created'")" = 1 ]
}

@test "fifty who ask two things by one key: one is done, the other half is a conflict" {
  printf '%s\n' '\set n random(0, 1)' \
    "insert into got select verdict, job_id, replayed from post(word => 'w', request => sha256(:n::text::bytea));" >"$BATS_TEST_TMPDIR/ask"
  timeout 300 pgbench -n -c 50 -j 2 -t 2 -U telltale_web -f "$BATS_TEST_TMPDIR/ask" >"$BATS_TEST_TMPDIR/race" 2>&1 ||
    { cat "$BATS_TEST_TMPDIR/race"; false; }

  [ "$(jobs)" = 1 ]
  [ "$(sql "select count(distinct job_id), count(*) filter (where not replayed) from got where verdict = 'ok'")" = '1|1' ]
  [ "$(sql "select count(*), bool_and(job_id is null) from got where verdict = 'conflict'")" = \
    "$(sql "select 100 - count(*) || '|t' from got where verdict = 'ok'")" ]
}

@test "who asks while another is at it waits for him, and gets his job or makes it" {
  for ending in commit rollback; do
    session "$ending"
    one=$(tell "$ending" "begin; select job_id from post(word => '$ending');")
    post 'job_id, replayed' "word => '$ending'" >"$BATS_TEST_TMPDIR/second" 3>&- &
    until_blocked
    [ ! -s "$BATS_TEST_TMPDIR/second" ]
    tell "$ending" "$ending;"
    leave "$ending"
    wait $!
    case $ending in
    commit) [ "$(cat "$BATS_TEST_TMPDIR/second")" = "$one|t" ] ;;
    rollback) grep -q '|f$' "$BATS_TEST_TMPDIR/second" ;;
    esac
  done
}

@test "submit(): a key makes it be done once, whatever the session's time zone" {
  first=$(as telltale_worker "select telltale.submit('demo', 'video', '{\"a\":1,\"b\":2}', run_after => '2031-01-01 00:00+00', idempotency_key => 'w')")
  [ "$(as telltale_worker "set timezone = 'Asia/Tokyo';
    select telltale.submit('demo', 'video', '{\"b\":2, \"a\": 1}', priority => 1, run_after => '2031-01-01 09:00+09', idempotency_key => 'w')")" = "$first" ]
  [ "$(jobs)" = 1 ]

  refused <<'END'
TT409 select telltale.submit('demo', 'video', idempotency_key => 'w')
TT409 select telltale.submit('demo', 'image', '{"a":1,"b":2}', run_after => '2031-01-01 00:00+00', idempotency_key => 'w')
TT400 select telltale.submit('demo', 'video', idempotency_key => '')
TT400 select telltale.submit('demo', 'video', idempotency_key => repeat('x', 256))
END
}

@test "submit(): a job id and a key, said again, are the same job and not taken" {
  sql "select telltale.submit('demo', 'video', job_id => 'mine', idempotency_key => 'w')" >/dev/null
  [ "$(sql "select telltale.submit('demo', 'video', job_id => 'mine', idempotency_key => 'w')")" = mine ]
  refused <<<"TT409 select telltale.submit('demo', 'video', job_id => 'mine', idempotency_key => 'v')"
}

# --- files -----------------------------------------------------------------------

@test "files are for the worker that holds the job, in their order, byte by byte" {
  id=$(post job_id "fields => '{a,a,b}', names => '{x.png,null,\"../../etc\"}', media_types => '{image/png,null,null}',
    data => array['\\x00ff0a'::bytea, '', decode(repeat('00', 300000), 'hex')]")
  sql "select telltale.claim('w', '{video}')" >/dev/null

  prints as telltale_worker "select n, field, name, media_type, left(encode(data, 'hex'), 8), length(data) from telltale.job_input('$id', 1)" <<'END'
1|a|x.png|image/png|00ff0a|3
2|a||||0
3|b|../../etc||00000000|300000
END
}

@test "files are for nobody else: not before, not after, not for the attempt before" {
  id=$(post job_id "fields => '{a}', data => '{x}'")
  sql "select telltale.submit('demo', 'image', job_id => 'gone'), telltale.remove('gone')" >/dev/null
  refused <<END
TT409 select * from telltale.job_input('$id', 0)
TT409 select * from telltale.job_input('$id', 1)
TT400 select * from telltale.job_input('$id', null)
TT404 select * from telltale.job_input('never', 1)
TT400 select * from telltale.job_input('a b', 1)
TT409 select * from telltale.job_input('gone', 1)
END
  sql "select telltale.claim('w', '{video}'), silence('$id')" >/dev/null
  refused <<<"TT409 select * from telltale.job_input('$id', 1)"
  sql "select telltale.claim('w', '{video}')" >/dev/null
  refused <<<"TT409 select * from telltale.job_input('$id', 1)"
  [ "$(sql "select count(*) from telltale.job_input('$id', 2)")" = 1 ]
  sql "select telltale.complete('$id', 2)" >/dev/null
  refused <<<"TT409 select * from telltale.job_input('$id', 2)"
}

@test "a job without files has none" {
  sql "select working('j')" >/dev/null
  [ "$(sql "select count(*) from telltale.job_input('j', 1)")" = 0 ]
}

# --- with a stream ---------------------------------------------------------------

@test "a stream is counted as one, before the job is made; at the limit there is neither" {
  hub=$(hub)
  [ "$(post verdict "listener => $hub")$(post verdict "listener => $hub")$(post verdict "listener => $hub")" = okoklimited ]
  [ "$(streams)" = 2 ]
  [ "$(jobs)" = 2 ]
}

@test "a stream of what was submitted before is counted too, and refused too" {
  hub=$(hub)
  id=$(post job_id "word => 'w', listener => $hub")
  [ "$(post 'job_id, replayed' "word => 'w', listener => $hub")" = "$id|t" ]
  [ "$(post 'verdict, job_id, replayed' "word => 'w', listener => $hub")" = 'limited||' ]
  [ "$(streams)" = 2 ]
}

@test "who waits for the end is counted apart, against the other limit" {
  hub=$(hub)
  for _ in {1..5}; do [ "$(post 'verdict, leased' "listener => $hub, class => 'watch'")" = 'ok|t' ]; done
  [ "$(post 'verdict, leased, job_id' "listener => $hub, class => 'watch'")" = 'limited||' ]
  [ "$(post verdict "listener => $hub")" = ok ]
  [ "$(post 'verdict, leased' "class => 'watch'")" = 'ok|f' ]
  prints sql 'select class, n from telltale.stream_lease order by 1' <<<'stream|1
watch|5'
  [ "$(jobs)" = 7 ]
}

@test "a hundred at once who would wait, for five places: five do, and have a job" {
  hub=$(hub)

  timeout 300 pgbench -n -j 2 -c 50 -t 2 -f - >"$BATS_TEST_TMPDIR/race" 2>&1 <<END
insert into got select verdict, job_id, replayed from post(listener => $hub, class => 'watch');
END

  prints sql 'select verdict, count(*), count(job_id) from got group by 1 order by 1' <<<'limited|95|0
ok|5|5'
  [ "$(jobs)" = 5 ]
}

@test "where nothing is to come nobody is counted: a job that was there, and has ended" {
  hub=$(hub)
  sql "select telltale.account_set('demo', p_watch_limit => 0, p_stream_limit => 0)" >/dev/null
  id=$(post job_id "word => 'w'")
  ask() { post 'verdict, status, leased, resumable' "word => 'w', listener => $hub, class => '$1'"; }
  [ "$(ask watch)" = 'limited|||' ]
  sql "select telltale.cancel('$id')" >/dev/null

  [ "$(ask watch)" = 'ok|cancelled|f|t' ]
  [ "$(ask stream)" = 'limited|||' ]
  sql "delete from telltale.job_event where seq = 1"
  [ "$(ask watch)" = 'ok|cancelled|f|f' ]
  [ "$(ask stream)" = 'ok|cancelled|f|f' ]
  [ "$(sql 'select count(*) from telltale.stream_lease')" = 0 ]
}

@test "what is refused for another reason costs no stream" {
  hub=$(hub)
  post verdict "word => 'w'"
  [ "$(post verdict "word => 'w', request => sha256('other'), listener => $hub")" = conflict ]
  [ "$(post verdict "type => 'bicycle', listener => $hub")" = unknown_type ]
  [ "$(streams)" = 0 ]
}

@test "a hub that is not known must begin anew, and no job is made meanwhile" {
  [ "$(post verdict 'listener => 999999')" = unregistered ]
  [ "$(jobs)" = 0 ]
}

@test "a stream may be of either class, and of jobs of one type only" {
  hub=$(hub)
  id=$(post job_id)
  open() { as telltale_web "select verdict from telltale.web_progress_open(sha256('k'), 'job:read', '{$id}', null, $hub, $1)"; }

  [ "$(open "'stream', 'video'")" = ok ]
  [ "$(open "'watch', null")" = ok ]
  [ "$(open "'stream', 'compliance'")" = not_found ]
  prints sql 'select class, n from telltale.stream_lease order by 1' <<<'stream|1
watch|1'
  [ "$(open "'stream', null")$(open "'stream', null")" = oklimited ]
}

# --- one job ---------------------------------------------------------------------

@test "one job tells its callback id, its error and its file too" {
  id=$(post job_id "callback_id => 'c', file_path => '/f'")
  sql "select telltale.claim('w', '{video}'); select telltale.fail('$id', 1, 'broken', retryable => false)" >/dev/null
  [ "$(as telltale_web "select verdict, callback_id, error, file_path from telltale.web_job(sha256('k'), 'job:read', '$id')")" = 'ok|c|broken|/f' ]
}

@test "cancelling: what is queued or being worked on, and again" {
  sql "select working('running'), telltale.submit('demo', 'image', job_id => 'queued')" >/dev/null
  for id in running queued running; do
    [ "$(cancel $id)" = "ok|$id|cancelled" ]
  done
  [ "$(sql "select count(*) from telltale.job_event where kind = 'job.cancelled'")" = 2 ]
  [ "$(sql "select telltale.progress('running', 1, 50)")" = f ]
}

@test "cancelling: too late, unknown, another's, removed, not allowed" {
  sql "select working('done'), telltale.complete('done', 1), working('broken'), telltale.fail('broken', 1, 'x', retryable => false),
         telltale.submit('other', 'video', job_id => 'yours'), telltale.submit('demo', 'video', job_id => 'gone'), telltale.remove('gone')" >/dev/null
  before=$(sql 'select fingerprint()')

  [ "$(cancel 'done')" = 'conflict|done|completed' ]
  [ "$(cancel broken)" = 'conflict|broken|failed' ]
  for id in never yours gone 'a b' ''; do [ "$(cancel "$id")" = 'not_found||' ]; done
  [ "$(as telltale_web "select verdict, rate_per_minute from telltale.web_cancel(sha256('k'), 'queue:write', 'done')")" = 'forbidden|60' ]
  [ "$(as telltale_web "select verdict from telltale.web_cancel(sha256('k'), 'job:write', null)")" = not_found ]
  [ "$(sql 'select fingerprint()')" = "$before" ]
}
