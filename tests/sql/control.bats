#!/usr/bin/env bats
# How the queue stands, and what is in it, as the programs are told.
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

# Two whose queue is public, one of them for as long as it is not terminated.
setup_file() {
  load helpers
  fresh
  sql "select telltale.account_add('open', true), telltale.account_add('late', true)" >/dev/null
}

setup() {
  bats_require_minimum_version 1.5.0
  load helpers
  reset
  sql "select telltale.key_add('demo', sha256('k'), 'tt_x', '{queue:read}')" >/dev/null
}

teardown_file() { drop; }

key="sha256('k')"

# status [KEY]: the columns after the caller's, by name; items [KEY [LIMIT
# [OFFSET]]]: total, then a line for each job.
status() { sql "select to_jsonb(s) - '{verdict,rate_per_minute,unused}'::text[] from telltale.web_queue_status(${1-$key}, 'queue:read') as s" | jq -cS .; }

items() {
  sql "select coalesce(i.total::text, concat_ws(' ', i.job_id, i.status, i.due_us is not null, i.retries))
         from telltale.web_queue_items(${1-$key}, 'queue:read', ${2-100}, ${3-0}) with ordinality as i order by i.ordinality"
}

verdicts() {
  sql "select s.verdict || ' ' || (s.paused is null and s.waiting is null) from telltale.web_queue_status($1, '$2') as s
       union all
       select i.verdict || ' ' || (i.total is null) from telltale.web_queue_items($1, '$2', 10, 0) as i"
}

# many ACCOUNT N: queued jobs of three types, of five priorities, due and due
# later; none comes due while a test looks.
many() {
  sql "select setseed(0.3);
       select count(telltale.submit('$1', (array['video', 'index', 'move'])[1 + n % 3], priority => (random() * 4)::int,
              run_after => now() + case when random() < 0.7 then -1 else 1 end * (0.5 + random()) * interval '1 hour',
              job_id => '$1-' || n))
         from generate_series(1, $2) as n" >/dev/null
}

@test "the queue is shown in the order in which claim() takes it" {
  local shown taken
  many demo 300
  many other 20
  shown=$(items | grep -c ' f 0$')
  [ "$shown" -gt 50 ]

  shown=$(items "$key" 1000 | grep ' queued f ' | cut -d ' ' -f 1)
  taken=$(sql "select job_id from telltale.claim('w', '{video,index,move}', 1000, accounts => '{demo}')")

  [ "$(wc -l <<<"$taken")" -gt 150 ]
  [ "$shown" = "$taken" ]
}

@test "first what a worker has, then what is due, then what comes due, the next first" {
  sql "select telltale.submit('demo', 'video', job_id => 'later', run_after => now() + interval '2 hours', priority => 0),
              telltale.submit('demo', 'video', job_id => 'soon', run_after => now() + interval '1 hour', priority => 9),
              telltale.submit('demo', 'video', job_id => 'due', priority => 5),
              telltale.submit('demo', 'video', job_id => 'held', priority => 1)" >/dev/null
  sql "select telltale.claim('w', '{video}')" >/dev/null

  prints items <<'END'
4
held processing f 0
due queued f 0
soon queued t 0
later queued t 0
END
}

@test "the pages together are the whole, and each says how much there is" {
  local offset page all=
  many demo 60
  sql "select telltale.claim('w', '{video}', 7)" >/dev/null

  for offset in 0 7 14 21 28 35 42 49 56 63; do
    page=$(items "$key" 7 "$offset")
    [ "$(head -n 1 <<<"$page")" = 60 ]
    all+=$(tail -n +2 <<<"$page")$'\n'
  done

  [ "$(grep . <<<"$all")" = "$(items "$key" 1000 | tail -n +2)" ]
  [ "$(items "$key" 1000 | wc -l)" = 61 ]
  [ "$(items "$key" 7 1000000)" = 60 ]
  [ "$(items "$key" 1000 2147483647)" = 60 ]
}

@test "what has ended is in no queue; what failed is, until its last attempt" {
  sql "select telltale.submit('demo', 'video', job_id => 'a', max_attempts => 2);
       select telltale.claim('w', '{video}');
       select telltale.fail('a', 1, 'broken')" >/dev/null
  prints items <<<$'1\na queued t 1'

  sql "select telltale.retry('a'); select telltale.claim('w', '{video}')" >/dev/null
  prints items <<<$'1\na processing f 1'

  sql "select telltale.fail('a', 2, 'broken')" >/dev/null
  prints items <<<0
  sql "select telltale.submit('demo', 'video', job_id => 'b'), telltale.submit('demo', 'video', job_id => 'c'),
              telltale.cancel('b'), telltale.remove('c')" >/dev/null
  prints items <<<0
}

@test "the numbers are those of the table" {
  many demo 200
  many other 50
  sql "select telltale.claim('w', '{video}', 11, accounts => '{demo}'), telltale.cancel('demo-1')" >/dev/null

  [ "$(sql "select s.processing, s.waiting, s.cooling_down from telltale.web_queue_status($key, 'queue:read') as s")" = \
    "$(sql "select count(*) filter (where status = 'processing'),
                   count(*) filter (where status = 'queued' and run_after <= now()),
                   count(*) filter (where status = 'queued' and run_after > now())
              from telltale.job join telltale.account using (account_id) where name = 'demo'")" ]
  [ "$(status | jq .processing)" = 11 ]
}

@test "of the payload comes what is a text, and no more of it than a path may have" {
  sql "select telltale.submit('demo', 'move', p.payload, job_id => p.id)
         from (values ('a', '{\"action\": \"move\", \"dest_path\": \"/b\"}'::jsonb),
                      ('b', '{\"action\": 7, \"dest_path\": [\"/b\"]}'), ('c', '[\"action\"]'), ('d', '7'),
                      ('e', jsonb_build_object('dest_path', repeat('x', 4096))),
                      ('f', jsonb_build_object('dest_path', repeat('x', 4097))),
                      ('g', '{\"dest_path\": \"\"}'),
                      ('h', '{\"action\": \"burn\"}')) as p (id, payload)" >/dev/null

  prints sql "select i.job_id, i.action, length(i.dest_path)
                from telltale.web_queue_items($key, 'queue:read', 10, 0) as i where i.job_id is not null" <<'END'
a|move|2
b||
c||
d||
e||4096
f||
g||
h||
END
}

@test "without a key it is the accounts that are public, and none that is terminated" {
  many open 5
  many late 3
  many demo 1
  [ "$(items null | head -n 1)" = 8 ]
  [ "$(items null | grep -c '^open-\|^late-')" = 8 ]
  [ "$(status null | jq '.waiting + .cooling_down')" = 8 ]

  sql "select telltale.account_set('late', p_terminated => true)" >/dev/null
  [ "$(items null | head -n 1)" = 5 ]
  sql "select telltale.account_set('open', p_terminated => true)" >/dev/null
  prints verdicts null queue:read <<<$'unauthorized true\nunauthorized true'
}

@test "of several queues the order is one" {
  many open 40
  many late 40
  [ "$(items null 1000 | grep ' queued f ' | cut -d ' ' -f 1)" = \
    "$(sql "select job_id from telltale.claim('w', '{video,index,move}', 1000)")" ]
}

# stopped [KEY]: who has stopped the queue, in the order of the columns.
stopped() {
  sql "select concat_ws(' ', s.paused, s.manually_paused, s.scheduler_paused, s.server_paused, coalesce(s.user_override::text, '-'), s.failing_rules)
         from telltale.web_queue_status(${1-$key}, 'queue:read') as s"
}

@test "of several queues each thing is so if it is so of all" {
  [ "$(stopped null)" = 'f f f f - []' ]
  sql "select telltale.pause('open')" >/dev/null
  [ "$(stopped null)" = 'f f f f - []' ]
  sql "select telltale.pause('late')" >/dev/null
  [ "$(stopped null)" = 't t f f true []' ]
  sql "select telltale.resume('open')" >/dev/null
  [ "$(stopped null)" = 'f f f f - []' ]
  sql "select telltale.resume('late')" >/dev/null
  [ "$(stopped null)" = 'f f f f false []' ]
}

@test "the operator's pause is by hand, and of all" {
  sql "select telltale.pause(null)" >/dev/null
  [ "$(stopped)" = 't t f t - []' ]
  [ "$(stopped null)" = 't t f t - []' ]
  sql "select telltale.pause('demo'), telltale.resume(null)" >/dev/null
  [ "$(stopped)" = 't t f f true []' ]
  [ "$(stopped null)" = 'f f f f - []' ]
}

@test "which rules keep a queue paused is told for a key, and not to the public" {
  local rules='{"enabled": true, "combine_mode": "ALL", "rules": [
    {"rule": "battery_level", "operator": "gt", "value": 50}, {"rule": "cpu_percent", "operator": "lt", "value": 90},
    {"rule": "fan_speed", "operator": "lt", "value": 900}, {"rule": "never_seen", "operator": "lt", "value": 1}]}'
  sql "select telltale.report_metrics('{\"battery_level\": 10, \"cpu_percent\": 5, \"fan_speed\": 1000}'),
              telltale.schedule(a.name, '$rules') from unnest('{demo,open,late}'::text[]) as a (name)" >/dev/null

  [ "$(stopped)" = 't f t f - ["battery_level", "fan_speed"]' ]
  [ "$(stopped null)" = 't f t f - []' ]
  sql "select telltale.resume('demo')" >/dev/null
  [ "$(stopped)" = 'f f t f false ["battery_level", "fan_speed"]' ]
}

@test "pause and resume: the key is judged, and only its account's queue stops" {
  sql "select telltale.key_add('other', sha256('w'), 'tt_y', '{queue:write}')" >/dev/null
  verdict() { as telltale_web "select verdict from telltale.web_queue_pause($1, 'queue:write', $2)"; }

  [ "$(verdict "$key" true)" = forbidden ]
  [ "$(verdict "sha256('x')" true)" = unauthorized ]
  [ "$(verdict null true)" = unauthorized ]
  [ "$(sql "select count(*) from telltale.queue_control where paused")" = 0 ]

  [ "$(verdict "sha256('w')" true)" = ok ]
  [ "$(verdict "sha256('w')" true)" = ok ]
  [ "$(sql "select a.name, q.paused from telltale.queue_control as q join telltale.account as a using (account_id)")" = 'other|t' ]
  prints sql "select told('other')" <<<'queue.paused {"source": "manual"}'
  prints sql "select told('demo')" </dev/null
}

@test "what is no JSON to PostgreSQL is the client's fault, and nothing is changed" {
  local text before
  sql "select telltale.key_add('other', sha256('w'), 'tt_y', '{queue:write}')" >/dev/null
  before=$(sql 'select fingerprint()')
  for text in '' '{' '{"rules": 1e-20000}' '{"rules": "\u0000"}' '{"enabled": 1}' '[]' null; do
    [ "$(as telltale_web "select verdict, document is null, message <> '' from telltale.web_schedule_set(sha256('w'), 'queue:write', '$text')")" = 'invalid|t|t' ]
  done
  [ "$(sql 'select fingerprint()')" = "$before" ]
  [ "$(as telltale_web "select verdict, document from telltale.web_schedule_set($key, 'queue:write', '{}')")" = 'forbidden|' ]
}

@test "metrics: the account's own go before the machine's, and what is stale is not shown" {
  metrics() { sql "select document #- '{metrics,collected_at}' from telltale.web_queue_metrics($key, 'queue:read')"; }
  [ "$(sql "select document from telltale.web_queue_metrics($key, 'queue:read')")" = '{"metrics": {"collected_at": null}}' ]
  sql "select telltale.report_metrics('{\"a\": 1, \"b\": 2}'), telltale.report_metrics('{\"b\": 3}', 'demo'),
              telltale.report_metrics('{\"c\": 4}', 'other')" >/dev/null
  [ "$(metrics)" = '{"metrics": {"a": 1, "b": 3}}' ]

  sql "update telltale.queue_metric set collected_at = now() - interval '1 hour' where name = 'a'" >/dev/null
  [ "$(metrics)" = '{"metrics": {"b": 3}}' ]
}

@test "the key is judged before anything is said" {
  many demo 1
  prints verdicts "sha256('other')" queue:read <<<$'unauthorized true\nunauthorized true'
  prints verdicts "$key" queue:write <<<$'forbidden true\nforbidden true'
  sql "select telltale.account_set('demo', p_terminated => true)" >/dev/null
  prints verdicts "$key" queue:read <<<$'terminated true\nterminated true'
}

@test "thousands are counted and paged by the index, and the table is left alone" {
  local plans
  many demo 3000
  sql 'vacuum analyze telltale.job'
  plans=$(psql -Xq -v ON_ERROR_STOP=1 2>&1 >/dev/null <<END
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set client_min_messages = log;
select from telltale.web_queue_items($key, 'queue:read', 10, 0);
select from telltale.web_queue_status($key, 'queue:read');
END
  )
  echo "$plans"
  [ "$(grep -c 'Index Only Scan using job_waiting' <<<"$plans")" = 4 ]
  run ! grep -E 'Seq Scan on job|Bitmap|Heap Fetches: [1-9]' <<<"$plans"
  grep -qE 'Index Only Scan using job_waiting on job.*rows=10 ' <<<"$plans"
}
