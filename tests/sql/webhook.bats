#!/usr/bin/env bats
# Who is told that a job ended: what is written with it, what those who send it
# are given, and when they are given it again.
# shellcheck disable=SC2030,SC2031,SC2154 # each test has an output of its own

setup_file() { load helpers; fresh; }

setup() {
  load helpers
  reset
  sql "select telltale.key_add('demo', sha256('k'), 'tt_k', '{job:write,webhook:manage}'),
              telltale.key_add('demo', sha256('narrow'), 'tt_k', '{job:write}'),
              telltale.key_add('other', sha256('theirs'), 'tt_k', '{webhook:manage}')" >/dev/null
}

teardown_file() { drop; }

# COLUMNS of web_webhook_set(): URL and SECRET as SQL.
register() { as telltale_web "select $1 from telltale.web_webhook_set(sha256('${key-k}'), 'webhook:manage', ${2-"'https://h/x'"}, ${3-null})"; }

unregister() { as telltale_web "select verdict, removed from telltale.web_webhook_delete(sha256('k'), 'webhook:manage')"; }

# A job of TYPE that is being worked on, with submit()'s further arguments.
begin() {
  sql "select telltale.submit('demo', '${2-video}', job_id => '$1'${3:+, $3}); select telltale.claim('w', '{${2-video}}')" >/dev/null
}

complete() { as telltale_worker "select telltale.complete('$1', 1${2:+, $2})" >/dev/null; }

# Deliveries, as those who send them get them.
claim() { as telltale_webhook "select ${1-job_id} from telltale.webhook_claim(${2-100}${3:+, $3})"; }

# What became of one: DELIVERY ATTEMPT DELIVERED, and more.
done_with() { as telltale_webhook "select telltale.webhook_done($1, $2, $3${4:+, $4})"; }

# A delivery that waits: its number.
delivery() {
  begin "$1" video "webhook_url => 'https://h/'"
  complete "$1"
  sql "select delivery_id from telltale.webhook_delivery where job_id = '$1'"
}

due_now() { sql "update telltale.webhook_delivery set next_at = clock_timestamp() where state = 'waiting'"; }

deliveries() { sql "select ${1-job_id, url, style, state, attempts} from telltale.webhook_delivery order by delivery_id"; }

# --- written with the job ----------------------------------------------------------

@test "a job's own place comes before the account's; without either nobody is told" {
  begin nobody
  complete nobody
  register verdict >/dev/null
  begin own video "webhook_url => 'https://own/'"
  complete own
  begin account
  complete account
  prints deliveries <<<'own|https://own/|moderation|waiting|0
account|https://h/x|moderation|waiting|0'
}

@test "completed and failed for good are told; tried again, cancelled and removed are not" {
  register verdict >/dev/null
  for id in completed again failed cancelled removed; do begin $id; done
  sql "select telltale.complete('completed', 1), telltale.fail('again', 1, 'x'), telltale.fail('failed', 1, 'x', retryable => false),
         telltale.cancel('cancelled'), telltale.remove('removed')" >/dev/null
  prints deliveries job_id <<<'completed
failed'
}

@test "what tick and claim give up is told too" {
  register verdict >/dev/null
  sql "select working('ticked', 1), silence('ticked'); select telltale.tick('leases'); select working('claimed', 1), silence('claimed');
       select telltale.claim('w', '{video}')" >/dev/null
  prints deliveries "job_id, body::json->>'error_code'" <<<'ticked|LEASE_EXPIRED
claimed|LEASE_EXPIRED'
}

@test "it is told if and only if the job's transaction commits, and rings then" {
  register verdict >/dev/null
  begin j
  session daemon
  tell daemon 'listen telltale_webhook;'

  sql "begin; select telltale.complete('j', 1); rollback" >/dev/null
  [ "$(deliveries)" = '' ]
  [ "$(tell daemon 'select 1;')" = 1 ]

  complete j
  tell daemon 'select 1;' | grep -q 'Asynchronous notification "telltale_webhook"'
  leave daemon
  [ "$(deliveries job_id)" = j ]
}

@test "what is to be told waits also when the job is removed, or tried again" {
  delivery j
  sql "select telltale.remove('j')" >/dev/null
  [ "$(claim)" = j ]
}

@test "moderation: the words and the time of its surface, in this order, on one line" {
  register verdict >/dev/null
  begin rejected prompt
  complete rejected "'reject', '{}', '{\"nsfw\": true}', E'a \"word\"\\n'"
  begin failed
  sql "select telltale.fail('failed', 1, 'not told', 'MODEL_REFUSED', false)" >/dev/null
  begin plain
  complete plain
  sql "update telltale.job set completed_at = '2026-05-19 12:00:05.000999+00'"

  body() { sql "select regexp_replace(body, '20[0-9]{2}-[0-9-]{5}T[0-9:]{8}\\.[0-9]{3}Z', 'NOW') from telltale.webhook_delivery where job_id = '$1'"; }
  [ "$(body rejected)" = '{"job_id":"rejected","status":"completed","is_prohibited":true,"categories":{"nsfw": true},"reason":"a \"word\"\n","completed_at":"NOW"}' ]
  [ "$(body failed)" = '{"job_id":"failed","status":"failed","is_prohibited":null,"categories":{},"error_code":"MODEL_REFUSED","completed_at":"NOW"}' ]
  [ "$(body plain)" = '{"job_id":"plain","status":"completed","is_prohibited":null,"categories":{},"completed_at":"NOW"}' ]
}

@test "compliance: the event's envelope around the report" {
  register verdict >/dev/null
  begin report compliance "callback_id => 'c\"1'"
  complete report "result => '{\"score\": 90, \"jobId\": \"forged\", \"nothing\": null}'"
  begin failed compliance
  sql "select telltale.fail('failed', 1, 'no model', 'stream_timeout', false)" >/dev/null
  begin silent compliance
  sql "select telltale.fail('silent', 1, 'x', retryable => false)" >/dev/null
  begin empty compliance
  complete empty
  begin odd compliance
  complete odd "result => '[1]'"

  prints sql "select style, (body::jsonb - '{timestamp,eventId}'::text[]) from telltale.webhook_delivery order by delivery_id" <<'END'
compliance|{"data": {"jobId": "report", "score": 90, "nothing": null}, "event": "compliance.completed", "jobId": "report", "version": 1, "callbackId": "c\"1"}
compliance|{"data": {"error": {"code": "stream_timeout", "message": "no model"}, "jobId": "failed"}, "event": "compliance.failed", "jobId": "failed", "version": 1, "callbackId": null}
compliance|{"data": {"error": {"code": "pipeline_error", "message": "x"}, "jobId": "silent"}, "event": "compliance.failed", "jobId": "silent", "version": 1, "callbackId": null}
compliance|{"data": {"jobId": "empty"}, "event": "compliance.completed", "jobId": "empty", "version": 1, "callbackId": null}
compliance|{"data": {"jobId": "odd", "result": [1]}, "event": "compliance.completed", "jobId": "odd", "version": 1, "callbackId": null}
END
  [ "$(sql "select count(*) from telltale.webhook_delivery as d join telltale.job as j using (job_id)
             where d.body::json->>'eventId' = 'evt_' || replace(d.event_id::text, '-', '')
               and d.body::json->>'timestamp' ~ '^20..-..-..T..:..:..[.]...Z$'
               and abs(extract(epoch from (d.body::json->>'timestamp')::timestamptz - j.completed_at)) < 0.001")" = 5 ]
}

@test "the last event of a compliance job has the report as it is, of another job not" {
  begin report compliance
  complete report "result => '{\"score\": 90, \"nothing\": null}'"
  begin other
  complete other "result => '{\"big\": 1}'"
  prints sql "select data->'result' from telltale.job_event where kind = 'job.completed' order by event_id" <<<'{"score": 90, "nothing": null}
'
}

# --- registering -------------------------------------------------------------------

@test "registering makes a secret, and says so again as long as it is the one" {
  secret=$(register secret)
  [[ $secret =~ ^whsec_[A-Za-z0-9+/]{43}=$ ]]
  [ "$(register 'verdict, rate_per_minute, unused, secret, replaced' "'https://h/y'")" = "ok|60|t|$secret|t" ]
  [ "$(sql 'select url, previous_secret, previous_until from telltale.webhook')" = 'https://h/y||' ]
  [ "$(key=theirs register secret)" != "$secret" ]
}

@test "another secret: the one before signs besides for 24 hours" {
  old=$(register secret)
  new=$(register secret "'https://h/x'" "''")
  [ "$old" != "$new" ]
  [ "$(register secret)" = "$new" ]
  delivery one >/dev/null
  [ "$(claim 'secret, previous_secret')" = "$new|$old" ]
  [ "$(sql "select previous_until between now() + interval '23:59' and now() + interval '24:01' from telltale.webhook")" = t ]

  sql "update telltale.webhook set previous_until = now()"
  due_now
  [ "$(claim 'secret, previous_secret')" = "$new|" ]
  [ "$(sql "select * from telltale.tick('forget')")" = 'forget|1|' ]
  [ "$(sql 'select secret, previous_secret, previous_until from telltale.webhook')" = "$new||" ]
}

@test "a secret of one's own; the same again is no change" {
  own=whsec_$(head -c 24 /dev/zero | base64)
  [ "$(register secret "'https://h/'" "'$own'")" = "$own" ]
  [ "$(register secret "'https://h/'" "'$own'")" = "$own" ]
  [ "$(sql 'select previous_secret from telltale.webhook')" = '' ]
  long=whsec_$(head -c 64 /dev/zero | base64 -w 0)
  [ "$(register 'secret, replaced' "'https://h/'" "'$long'")" = "$long|t" ]
  [ "$(sql 'select previous_secret from telltale.webhook')" = "$own" ]
}

@test "a delivery that waits is signed with what is the secret when it goes" {
  register verdict >/dev/null
  delivery j >/dev/null
  new=$(register secret null "''")
  [ "$(claim secret)" = "$new" ]
}

@test "a job's own secret signs it alone" {
  register verdict >/dev/null
  as telltale_web "select from telltale.web_submit(sha256('k'), 'job:write', 'video', null, null, null, null, null, null, null, 'whsec_own', null, null, null, null, null, null, null, null)"
  id=$(sql 'select job_id from telltale.job')
  register verdict "'https://h/x'" "''"
  sql "select telltale.claim('w', '{video}')" >/dev/null
  complete "$id"
  [ "$(claim 'url, secret, previous_secret')" = 'https://h/x|whsec_own|' ]
}

@test "where only jobs have a place, the account has a secret that its owner can read" {
  delivery j >/dev/null
  [ "$(sql 'select count(*) from telltale.webhook')" = 0 ]
  secret=$(claim secret)
  [[ $secret =~ ^whsec_.{44}$ ]]
  [ "$(register 'secret, replaced' null)" = "$secret|f" ]
  [ "$(sql 'select url from telltale.webhook')" = '' ]
  begin unplaced
  complete unplaced
  [ "$(sql 'select count(*) from telltale.webhook_delivery')" = 1 ]
  [ "$(register 'secret, replaced')" = "$secret|f" ]
}

@test "unregistering: nobody is told from then on; what waits goes, signed" {
  secret=$(register secret)
  begin waits
  complete waits
  [ "$(unregister)" = 'ok|t' ]
  [ "$(unregister)" = 'ok|f' ]
  begin after
  complete after
  prints claim 'job_id, secret' <<<"waits|$secret"
  [ "$(register 'secret, replaced')" = "$secret|f" ]
}

@test "what is malformed or not allowed changes nothing" {
  register verdict >/dev/null
  before=$(sql 'select fingerprint()')
  for url in "''" "'ftp://h/'" "'https://'" "'https:///x'" "'https://h/ x'" "E'https://h/\\n'" "'https://' || repeat('x', 2048)"; do
    [ "$(register 'verdict, secret' "$url")" = 'invalid|' ]
  done
  for secret in 'x' 'whsec_' 'whsec_AAAA' "whsec_$(head -c 23 /dev/zero | base64)" "whsec_$(head -c 65 /dev/zero | base64 -w 0)" \
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!' "AAAAAA$(head -c 24 /dev/zero | base64)" "whsec_$(printf '%033d' 0)"; do
    [ "$(register 'verdict, secret' "'https://h/'" "'$secret'")" = 'invalid|' ] || { echo "$secret"; false; }
  done
  [ "$(key=narrow register 'verdict, secret')" = 'forbidden|' ]
  [ "$(key=nobody register 'verdict, secret')" = 'unauthorized|' ]
  [ "$(as telltale_web "select verdict, removed from telltale.web_webhook_delete(sha256('narrow'), 'webhook:manage')")" = 'forbidden|' ]
  [ "$(sql 'select fingerprint()')" = "$before" ]
}

@test "twenty who register at once all get the one secret" {
  echo "insert into secrets select secret from telltale.web_webhook_set(sha256('k'), null, 'https://h/', null);" >"$BATS_TEST_TMPDIR/ask"
  sql 'create table secrets (secret text); grant insert on secrets to telltale_web'
  timeout 300 pgbench -n -c 20 -j 2 -t 2 -U telltale_web -f "$BATS_TEST_TMPDIR/ask" >"$BATS_TEST_TMPDIR/race" 2>&1 ||
    { cat "$BATS_TEST_TMPDIR/race"; false; }
  [ "$(sql 'select count(*), count(distinct s.secret), count(distinct w.secret) from secrets as s, telltale.webhook as w where s.secret = w.secret; drop table secrets')" = '40|1|1' ]
}

# --- sending -----------------------------------------------------------------------

@test "a claim has all that is sent, and counts" {
  id=$(delivery j)
  row=$(sql 'select event_id, account_id, body from telltale.webhook_delivery')

  [ "$(claim 'delivery_id, job_id, url, style, attempt, event_id, account_id, body')" = "$id|j|https://h/|moderation|1|$row" ]

  [ "$(deliveries 'state, attempts, lease_until > now(), lease_until = next_at')" = 'waiting|1|t|t' ]
}

@test "no more than asked for, what has been due for longest first, each once" {
  for id in a b c; do delivery $id >/dev/null; done
  sql "update telltale.webhook_delivery set next_at = next_at - interval '1 hour' where job_id = 'c'"
  [ "$(claim job_id 1)" = c ]
  prints claim job_id 2 <<<'a
b'
  [ "$(claim)" = '' ]
}

@test "accounts that have their share are left out, and the next is another's" {
  delivery mine >/dev/null
  sql "select telltale.submit('other', 'video', job_id => 'theirs', webhook_url => 'https://h/'); select telltale.claim('w', '{video}')" >/dev/null
  complete theirs
  sql "update telltale.webhook_delivery set next_at = now() + interval '1 hour' where job_id = 'theirs'"
  demo=$(sql "select account_id from telltale.account where name = 'demo'")

  [ "$(claim job_id 10 "null, '{$demo}'")" = '' ]
  [ "$(as telltale_webhook "select telltale.webhook_next(), telltale.webhook_next('{$demo}') > '59 minutes', telltale.webhook_next(null)")" = '00:00:00|t|00:00:00' ]
  due_now
  [ "$(claim job_id 10 "null, '{$demo}'")" = theirs ]
  [ "$(claim job_id 10 'null, null')" = mine ]
}

@test "twenty who claim at once get each delivery once" {
  sql "insert into telltale.webhook_delivery (event_id, account_id, job_id, url, style, body, next_at, created_at)
       select gen_random_uuid(), (select account_id from telltale.account where name = 'demo'), 'j', 'https://h/', 'moderation', '{}', now(), now()
         from generate_series(1, 500);
       create table claimed (delivery_id bigint, secret text); grant insert on claimed to telltale_webhook"
  echo 'insert into claimed select delivery_id, secret from telltale.webhook_claim(7);' >"$BATS_TEST_TMPDIR/ask"
  timeout 300 pgbench -n -c 20 -j 2 -t 5 -U telltale_webhook -f "$BATS_TEST_TMPDIR/ask" >"$BATS_TEST_TMPDIR/race" 2>&1 ||
    { cat "$BATS_TEST_TMPDIR/race"; false; }
  sql 'insert into claimed select delivery_id, secret from telltale.webhook_claim(1000)'
  [ "$(sql 'select count(*), count(distinct delivery_id), count(distinct secret) from claimed; drop table claimed')" = '500|500|1' ]
}

@test "delivered: it is over, and is not told of twice" {
  id=$(delivery j)
  claim >/dev/null
  [ "$(done_with "$id" 1 true 200)" = delivered ]
  [ "$(deliveries 'state, last_status, last_error, done_at <= now(), lease_until')" = 'delivered|200||t|' ]
  [ "$(done_with "$id" 1 false 500)" = '' ]
  [ "$(claim)" = '' ]
}

@test "not delivered: it waits, with the reason, for longer each time, and is dead after the twelfth" {
  id=$(delivery j)
  sql 'create table waited (n int, s numeric)'
  for n in {1..12}; do
    [ "$(claim attempt)" = "$n" ]
    said=$(done_with "$id" "$n" false "50$((n % 10)), 'no $n'")
    [ "$(deliveries 'attempts, last_error, lease_until')" = "$n|no $n|" ]
    [ "$n" = 12 ] || [ "$said" = waiting ]
    sql "insert into waited select $n, extract(epoch from next_at - clock_timestamp()) from telltale.webhook_delivery"
    due_now
  done
  [ "$said" = dead ]
  [ "$(deliveries 'state, last_status, done_at is not null')" = 'dead|502|t' ]
  [ "$(claim)" = '' ]
  [ "$(sql "select string_agg(n::text, ' ') from waited as w join (values (1, 5), (2, 30), (3, 60), (4, 120), (5, 300), (6, 600), (7, 1200),
              (8, 2400), (9, 3600), (10, 4800), (11, 4800)) as s (n, s) using (n)
             where w.s not between s.s * 0.8 - 5 and s.s * 1.2; drop table waited")" = '' ]
}

@test "all twelve attempts lie within six hours and no less than four" {
  [ "$(sql "select count(*) from generate_series(1, 200) as run, lateral (
              select sum(telltale.webhook_wait(n)) as s from generate_series(1, 11) as n where run > 0) as w
             where s not between interval '4 hours' - interval '1 minute' and interval '6 hours'")" = 0 ]
  [ "$(sql 'select telltale.webhook_wait(12) is null and telltale.webhook_wait(0) is null')" = t ]
}

@test "who falls silent loses it to the next, and is not heard any more" {
  id=$(delivery j)
  claim >/dev/null
  [ "$(claim)" = '' ]
  due_now
  [ "$(claim attempt)" = 2 ]
  [ "$(done_with "$id" 1 true 200)" = '' ]
  [ "$(done_with "$id" 3 true 200)" = '' ]
  [ "$(done_with "$id" 2 true 200)" = delivered ]
}

@test "who is late but was not overtaken is heard" {
  id=$(delivery j)
  claim >/dev/null
  due_now
  [ "$(done_with "$id" 1 true 200)" = delivered ]
}

@test "after twelve attempts of which nobody said what became it is dead" {
  delivery j >/dev/null
  for _ in {1..12}; do
    [ "$(claim)" = j ]
    due_now
  done
  [ "$(claim)" = '' ]
  [ "$(deliveries 'state, attempts, last_error')" = 'dead|12|nobody said what became of the last attempt' ]
}

@test "next: nothing, at once, and when the next is due or a lease ends" {
  next() { as telltale_webhook "select $1 from telltale.webhook_next() as n"; }
  [ "$(next 'n is null')" = t ]
  delivery j >/dev/null
  [ "$(next n)" = 00:00:00 ]
  claim job_id 1 "'30 seconds'" >/dev/null
  [ "$(next "n between '20 seconds' and '30 seconds'")" = t ]
}

@test "forget: what was done over 7 days ago, and nothing that waits" {
  old=$(delivery old) new=$(delivery new)
  claim >/dev/null
  done_with "$old" 1 true >/dev/null
  done_with "$new" 1 true >/dev/null
  delivery waits >/dev/null
  sql "update telltale.webhook_delivery set created_at = now() - interval '30 days', done_at = done_at - interval '7 days 1 minute' where job_id <> 'new'"
  [ "$(sql "select done from telltale.tick('forget')")" = 1 ]
  prints deliveries job_id <<<'new
waits'
}

@test "retry: a dead one has its attempts again and is due; the account's, or all of them" {
  for id in a b; do delivery $id >/dev/null; done
  sql "update telltale.webhook_delivery set state = 'dead', attempts = 12, done_at = now()"
  id=$(sql "select delivery_id from telltale.webhook_delivery where job_id = 'a'")
  session daemon
  tell daemon 'listen telltale_webhook;'

  [ "$(as telltale_admin "select telltale.webhook_retry($id)")" = 1 ]
  tell daemon 'select 1;' | grep -q telltale_webhook
  leave daemon
  [ "$(claim 'job_id, attempt')" = 'a|1' ]
  [ "$(as telltale_admin "select telltale.webhook_retry(null, 'other')")" = 0 ]
  [ "$(as telltale_admin "select telltale.webhook_retry(p_account => 'demo')")" = 1 ]
  [ "$(claim 'job_id, attempt')" = 'b|1' ]
}

@test "retry: what was delivered, is on its way, or never was is refused" {
  id=$(delivery j)
  refused <<'END'
TT404 select telltale.webhook_retry(999999)
TT404 select telltale.webhook_retry(null, 'nobody')
END
  claim >/dev/null
  refused <<<"TT409 select telltale.webhook_retry($id)"
  done_with "$id" 1 true >/dev/null
  refused <<<"TT409 select telltale.webhook_retry($id)"
}

@test "to claim, to be done and to know the next costs the same with twenty thousand done" {
  sql "insert into telltale.webhook_delivery (event_id, account_id, job_id, url, style, body, next_at, created_at, state, done_at)
       select gen_random_uuid(), (select account_id from telltale.account where name = 'demo'), 'j', 'https://h/', 'moderation', '{}', now(), now(), 'delivered', now()
         from generate_series(1, 20000);
       analyze telltale.webhook_delivery"
  id=$(delivery one)
  sql "load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
       set auto_explain.log_analyze = on; set client_min_messages = log;
       select telltale.webhook_next(); select job_id from telltale.webhook_claim(10); select telltale.webhook_done($id, 1, true)" >"$BATS_TEST_TMPDIR/plans" 2>&1
  grep -q webhook_delivery_due "$BATS_TEST_TMPDIR/plans"
  run ! grep -E 'Seq Scan on webhook_delivery|Rows Removed by Filter: [0-9]{3,}' "$BATS_TEST_TMPDIR/plans"
}
