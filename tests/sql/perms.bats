#!/usr/bin/env bats
# Who may do what.  Every function and every table is tried by every role, so
# that one that is new fails here until it has its line.

setup_file() { load helpers; fresh; }

setup() { load helpers; }

teardown_file() { drop; }

# Functions, and the roles that may call them: web, worker, webhook, admin; - for
# none.
may_call() {
  cat <<'END'
account_add         admin
account_find        -
account_set         admin
cancel              worker admin
claim               worker admin
complete            worker admin
event_append        -
fail                worker admin
feed_beat           web
feed_catch_up       web
feed_close          web
feed_generation     -
feed_lease          web
feed_open           web
feed_read           web
feed_sleep          web
feed_view           web
job_action          -
job_cancel          -
job_count           -
job_event_append    -
job_find            -
job_give_back       -
job_input           worker admin
job_make            -
job_refuse          -
job_remove          -
job_retry           -
job_tell            -
json_wrong          -
key_add             admin
key_revoke          admin
lease_expire        -
lease_reap          -
lease_take          -
metric_list         -
opcode_add          admin
pause               admin
progress            worker admin
public_accounts     -
publish             worker admin
queue_count         -
queue_lock          -
queue_pause         -
remove              worker admin
report_metrics      worker admin
resume              admin
retry               worker admin
schedule            admin
schedule_check      -
schedule_look       -
schedule_rule_read  -
schedule_set        -
schedule_state      -
scope_list          admin
score               worker admin
server_pause        -
stage_completed     worker admin
stage_started       worker admin
submit              worker admin
tally_check         admin
tally_clear         -
tally_note          -
tick                web admin
tick_duties         web admin
tick_duty           -
tick_forget         -
tick_listeners      -
tick_partitions     -
tick_retention      -
tick_schedule       -
tick_tally          -
time_from_us        -
time_window_wrong   -
type_add            admin
web_cancel          web
web_job             web
web_job_list        web
web_key             -
web_key_used        web
web_progress_open   web
web_queue_items     web
web_queue_job       web
web_queue_list      web
web_queue_metrics   web
web_queue_open      web
web_queue_pause     web
web_queue_remove    web
web_queue_retry     web
web_queue_stats     web
web_queue_status    web
web_ready           web
web_schedule_get    web
web_schedule_set    web
web_submit          web
web_ticket          web
web_video_status    web
web_view            -
web_webhook_delete  web
web_webhook_set     web
webhook_claim       webhook admin
webhook_done        webhook admin
webhook_enqueue     -
webhook_next        webhook admin
webhook_retry       admin
webhook_secret      -
webhook_url_ok      -
webhook_wait        -
END
}

# A stranger who may log in, and nothing else.
stranger() { sql "do 'begin create role stranger login; exception when duplicate_object then null; end'"; }

# Call every function of the schema, logged in as a role, with nulls (from a query,
# or the planner would see that a strict one need not be called): the names
# of those that the role may.
calls() {
  psql -XqAt -v ON_ERROR_STOP=1 -U "$1" <<'END'
begin;
set local lock_timeout = '1s';
select format('select %L from outcome(%L) where state <> ''42501''', p.proname,
              format('select telltale.%I(%s)', p.proname, (
                  select string_agg(format('(select null::%s)', format_type(t.type, null)), ', ' order by t.n)
                    from unnest(p.proargtypes) with ordinality as t (type, n))))
  from pg_proc as p
 where p.pronamespace = (select oid from pg_namespace where nspname = 'telltale')
 order by p.proname \gexec
rollback;
END
}

granted() { may_call | awk -v role="$1" '{ for (i = 2; i <= NF; i++) if ($i == role) print $1 }'; }

@test "every function has its line here" {
  diff <(may_call | awk '{ print $1 }') \
    <(sql "select proname from pg_proc where pronamespace = 'telltale'::regnamespace order by proname collate \"C\"")
}

@test "web calls what is the programs', and nothing else" {
  diff <(granted web) <(calls telltale_web)
}

@test "worker calls what is the workers', and nothing else" {
  diff <(granted worker) <(calls telltale_worker)
}

@test "admin calls what is the workers' and the operator's, and nothing else" {
  diff <(granted admin) <(calls telltale_admin)
}

@test "webhook calls what sends webhooks needs, and nothing else" {
  diff <(granted webhook) <(calls telltale_webhook)
}

@test "a stranger does not even get into the schema" {
  stranger
  run ! as stranger "select telltale.submit('demo', 'video')"
  [[ $output == *'permission denied for schema telltale'* ]]
  [ "$(calls stranger)" = '' ]
}

# What a role can do with the tables, views and sequences of the schema.
uses() {
  psql -XqAt -v ON_ERROR_STOP=1 -U "$1" <<'END'
select format('select %L from outcome(%L) where state not in (''42501'')',
              v.verb || ' ' || case when c.relname ~ '^job_event_[0-9]{8}$' then 'day' else c.relname end,
              format(v.statement, c.relname, a.attname))
  from pg_class as c
  left join pg_attribute as a on a.attrelid = c.oid and a.attnum = 1 and c.relkind <> 'S'
 cross join (values
       ('select', 'select from telltale.%1$I limit 0'),
       ('insert', 'insert into telltale.%1$I default values'),
       ('update', 'update telltale.%1$I set %2$I = default where false'),
       ('delete', 'delete from telltale.%1$I where false'),
       ('truncate', 'truncate telltale.%1$I'),
       ('drop', 'drop table telltale.%1$I')) as v (verb, statement)
 where c.relnamespace = (select oid from pg_namespace where nspname = 'telltale')
   and c.relkind in ('r', 'p', 'v', 'm', 'S')
   and (c.relkind <> 'S' or v.verb = 'select')
 order by 1 \gexec
END
}

@test "no table for web, worker or webhook" {
  [ "$(uses telltale_web)" = '' ]
  [ "$(uses telltale_worker)" = '' ]
  [ "$(uses telltale_webhook)" = '' ]
}

@test "admin reads every table, and writes none" {
  diff <(uses telltale_admin | sort -u) \
    <(sql "select distinct 'select ' || case when relname ~ '^job_event_[0-9]{8}$' then 'day' else relname end
             from pg_class where relnamespace = 'telltale'::regnamespace and relkind in ('r', 'p', 'v', 'm')" | sort)
}

@test "nobody but the owner makes things in the schema, or becomes the owner" {
  for role in telltale_web telltale_worker telltale_webhook telltale_admin; do
    run ! as $role 'create table telltale.mine ()'
    [[ $output == *'permission denied'* ]]
    run ! as $role 'set role telltale_owner'
    [[ $output == *'permission denied'* ]]
  done
  run ! as telltale_owner 'select 1'
  [[ $output == *'not permitted to log in'* ]]
}

@test "everything in the schema is the owner's" {
  [ "$(sql "select nspname from pg_namespace where nspname = 'telltale' and nspowner <> 'telltale_owner'::regrole
            union all select relname from pg_class where relnamespace = 'telltale'::regnamespace and relowner <> 'telltale_owner'::regrole
            union all select proname from pg_proc where pronamespace = 'telltale'::regnamespace and proowner <> 'telltale_owner'::regrole
            union all select typname from pg_type where typnamespace = 'telltale'::regnamespace and typowner <> 'telltale_owner'::regrole")" = '' ]
}

@test "every function is a definer's with a pinned search path, commented, and not public" {
  [ "$(sql "select p.oid::regprocedure from pg_proc as p
             where p.pronamespace = 'telltale'::regnamespace
               and (not p.prosecdef
                    or ('search_path=pg_catalog, pg_temp' = any (p.proconfig)) is not true
                    or obj_description(p.oid, 'pg_proc') is null
                    or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
                                where a.grantee = 0))")" = '' ]
}

@test "every table, column, sequence and type has its comment" {
  [ "$(sql "select c.relname from pg_class as c
             where c.relnamespace = 'telltale'::regnamespace and c.relkind in ('r', 'p', 'v')
               and obj_description(c.oid, 'pg_class') is null
            union all
            select c.relname || '.' || a.attname from pg_class as c join pg_attribute as a on a.attrelid = c.oid
             where c.relnamespace = 'telltale'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
               and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null
            union all
            select t.typname from pg_type as t
             where t.typnamespace = 'telltale'::regnamespace and t.typtype in ('e', 'd')
               and obj_description(t.oid, 'pg_type') is null")" = '' ]
}

@test "a caller's search_path and tables do not lead a function astray" {
  sql 'grant create on schema public to telltale_worker'
  [ "$(as telltale_worker "create temp table job (id int); create function public.left(text, int) returns text
        language sql as 'select ''evil'''; set search_path = public, pg_temp, pg_catalog;
        select telltale.submit('demo', 'video', job_id => 'safe');
        select attempt from telltale.claim('w', '{video}');
        select telltale.progress('safe', 1, 5, 'good')" | tr '\n' ' ')" = 'safe 1 t ' ]
  [ "$(sql "select detail from telltale.job where job_id = 'safe'")" = good ]
}

@test "no index of job holds what progress writes" {
  [ "$(sql "select i.indexrelid::regclass || ' ' || a.attname
              from pg_index as i join pg_attribute as a on a.attrelid = i.indrelid
             where i.indrelid = 'telltale.job'::regclass
               and a.attname in ('progress', 'detail', 'frames_completed', 'frame_count', 'seq', 'lease_until', 'updated_at')
               and pg_get_indexdef(i.indexrelid) ~ ('\\m' || a.attname || '\\M')")" = '' ]
}

# --- who has taken the web role over ---------------------------------------------

# A key of either account, and a job of each; his is demo's.
two_accounts() {
  sql "truncate telltale.job, telltale.job_event, telltale.api_key, telltale.webhook cascade;
       select telltale.key_add('demo', sha256('his'), 'tt_x', '{job:read}'),
              telltale.key_add('demo', sha256('narrow'), 'tt_x', '{webhook:manage}'),
              telltale.key_add('other', sha256('theirs'), 'tt_x', '{job:read}'),
              telltale.submit('demo', 'video', job_id => 'mine'),
              telltale.submit('other', 'video', job_id => 'yours')" >/dev/null 2>&1
}

# All that the programs may call, as one who means no good would.
everything() {
  cat <<'END'
select * from telltale.web_job(sha256('his'), 'job:read', 'mine');
select * from telltale.web_job(sha256('his'), 'job:read', 'yours');
select * from telltale.web_job_list(sha256('his'), 'job:read', 101, 0, null, null, null, null, null, null, null, null);
select * from telltale.feed_open('h', 'p', 1, false, null, '{1,2}', '{watch,watch}', '{1,1}');
select * from telltale.web_progress_open(sha256('his'), 'job:read', '{mine,yours}', '{0,0}', 1, 'watch', null);
select * from telltale.web_ticket(sha256('his'), null);
select * from telltale.web_key_used(sha256('his'));
select * from telltale.web_submit(sha256('guess'), null, 'video', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
select * from telltale.web_cancel(sha256('his'), null, 'yours');
select * from telltale.feed_view('{1,2}', false, '1:1:', 0, pg_current_snapshot(), 9e15::bigint, true, 0, 0, 99);
select * from telltale.web_queue_open(sha256('his'), null, null, 0, '1', 0, null);
select * from telltale.web_queue_list(sha256('his'), null, 100, 0, null, null);
select * from telltale.web_queue_list(null, null, 100, 0, null, null);
select * from telltale.web_queue_job(sha256('his'), null, 'yours');
select * from telltale.web_queue_stats(sha256('his'), null);
select * from telltale.web_video_status(sha256('his'), null, 'x');
select * from telltale.web_queue_retry(sha256('his'), null, 'yours');
select * from telltale.web_queue_remove(sha256('his'), null, 'yours');
select * from telltale.web_queue_status(sha256('his'), null);
select * from telltale.web_queue_items(sha256('his'), null, 1000, 0);
select * from telltale.web_queue_metrics(sha256('his'), null);
select * from telltale.web_queue_pause(sha256('guess'), null, true);
select * from telltale.web_schedule_get(sha256('his'), null);
select * from telltale.web_schedule_set(sha256('guess'), null, '{"enabled": true}');
select * from telltale.web_webhook_set(sha256('guess'), null, 'https://h/', null);
select * from telltale.web_webhook_delete(sha256('guess'), null);
select * from telltale.web_ready();
select * from generate_series(1, 99) as n, telltale.feed_beat(n, 1, 1, 1, 1, 1, 1, 1, 1, array(select generate_series(1, 99)));
select * from telltale.feed_read('1:1:', null, 0, '-infinity', 0, null, null);
select * from telltale.feed_catch_up('1:999999:', 0, array(select generate_series(1, 99)), array(select 0 from generate_series(1, 99)), 99);
select telltale.feed_sleep(n, true), telltale.feed_lease(n, '{1}', '{watch}', '{99}') from generate_series(1, 99) as n;
select telltale.feed_close(n) from generate_series(1, 99) as n;
select * from telltale.tick();
select * from telltale.tick_duties();
END
}

@test "taken over, web learns no key: not its hash, and nothing by statistics" {
  two_accounts
  everything | grep -oE 'telltale\.[a-z_]+' | sort -u |
    diff - <(granted web | sed 's/^/telltale./' | sort)

  everything | psql -XqAt -v ON_ERROR_STOP=1 -U telltale_web >"$BATS_TEST_TMPDIR/seen" 2>&1

  grep -q mine "$BATS_TEST_TMPDIR/seen"
  sql "select encode(hash, 'hex') from telltale.api_key" >"$BATS_TEST_TMPDIR/hashes"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/hashes")" = 3 ]
  run ! grep -f "$BATS_TEST_TMPDIR/hashes" "$BATS_TEST_TMPDIR/seen"
  sql 'analyze telltale.api_key'
  [ "$(as telltale_web "select count(*) from pg_stats where schemaname = 'telltale'")" = 0 ]
  for table in api_key key_use stream_lease account job_event; do
    run ! as telltale_web "copy telltale.$table to stdout"
    [[ $output == *"permission denied for table $table"* ]]
  done
}

@test "taken over, web changes no job, key, account or event" {
  two_accounts
  before=$(sql 'select fingerprint()')
  everything | psql -XqAt -v ON_ERROR_STOP=1 -U telltale_web >/dev/null 2>&1
  [ "$(sql 'select fingerprint()')" = "$before" ]
}

@test "taken over, web sees jobs, and opens streams, only of keys that it can present" {
  two_accounts
  hub=$(as telltale_web "select listener_id from telltale.feed_open('h', 'p', 1, false, null, null, null, null)")
  look() {
    as telltale_web "
      select 'job', verdict, job_id from telltale.web_job($1, 'job:read', 'yours')
      union all
      select 'list', verdict, job_id from telltale.web_job_list($1, 'job:read', 101, 0, null, null, null, null, null, null, null, null)
      union all
      select 'open', verdict, null from telltale.web_progress_open($1, 'job:read', '{yours}', null, $hub, 'watch', null)
      union all
      select 'ticket', verdict, null from telltale.web_ticket($1, null)"
  }

  prints look "sha256('his')" <<<'job|not_found|
list|ok|
list||mine
open|not_found|
ticket|ok|'
  for guess in null "''" "'\\x00'" "'his'" "sha256('')" "repeat('x', 32)::bytea"; do
    prints look "$guess" <<<'job|unauthorized|
list|unauthorized|
open|unauthorized|
ticket|unauthorized|'
  done
  prints look "sha256('theirs')" <<<'job|ok|yours
list|ok|
list||yours
open|ok|
ticket|ok|'
}

@test "taken over, web submits, cancels and registers only for keys that it can present" {
  two_accounts
  write() {
    as telltale_web "
      select 'submit', verdict from telltale.web_submit($1, null, 'video', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
      union all
      select 'cancel', verdict from telltale.web_cancel($1, null, 'yours')
      union all
      select 'set', verdict from telltale.web_webhook_set($1, null, 'https://h/', null)
      union all
      select 'delete', verdict from telltale.web_webhook_delete($1, null)"
  }
  others="select md5(concat((select string_agg(j::text, '') from telltale.job as j where job_id = 'yours'),
    (select string_agg(w::text, '') from telltale.webhook as w join telltale.account as a using (account_id) where a.name = 'other')))"
  before=$(sql "$others")

  for guess in null "''" "'his'" "sha256('')"; do
    prints write "$guess" <<<'submit|unauthorized
cancel|unauthorized
set|unauthorized
delete|unauthorized'
  done
  prints write "sha256('his')" <<<'submit|ok
cancel|not_found
set|ok
delete|ok'

  [ "$(sql "$others")" = "$before" ]
  [ "$(sql "select a.name from telltale.job as j join telltale.account as a using (account_id) where j.job_id not in ('mine', 'yours')")" = demo ]
}

# What remains, and is admitted.

@test "taken over, web sees the events of all accounts" {
  two_accounts
  prints as telltale_web "select job_id, kind from telltale.feed_read('1:1:', null, 0, '-infinity', 0, null, null) order by event_id" <<<'mine|job.created
yours|job.created'
}

@test "taken over, web names the scope itself: a key's scopes bind the programs only" {
  two_accounts
  [ "$(as telltale_web "select verdict from telltale.web_job(sha256('narrow'), 'job:read', 'mine')")" = forbidden ]
  [ "$(as telltale_web "select verdict from telltale.web_job(sha256('narrow'), 'webhook:manage', 'mine')")" = ok ]
  [ "$(as telltale_web "select verdict from telltale.web_job(sha256('narrow'), null, 'mine')")" = ok ]
}

@test "taken over, web counts streams as it likes, and takes hubs off the lists" {
  two_accounts
  hub=$(as telltale_web "select listener_id from telltale.feed_open('h', 'p', 1, false, null, null, null, null)")
  as telltale_web "select telltale.feed_lease($hub, '{1}', '{watch}', '{1000}')"
  [ "$(as telltale_web "select verdict from telltale.web_progress_open(sha256('his'), 'job:read', '{mine}', null, $hub, 'watch', null)")" = limited ]
  [ "$(as telltale_web "select telltale.feed_close($hub)")" = t ]
}
