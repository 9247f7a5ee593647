#!/usr/bin/env bats
# Who may do what.  Every function and every table is tried by every role, so
# that one that is new fails here until it has its line.

setup_file() { load helpers; fresh; }

setup() { load helpers; }

teardown_file() { drop; }

# Functions, and the roles that may call them: web, worker, admin; - for none.
may_call() {
  cat <<'END'
account_add         admin
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
job_event_append    -
job_find            -
job_give_back       -
job_refuse          -
key_add             admin
key_revoke          admin
lease_expire        -
lease_reap          -
lease_take          -
progress            worker admin
remove              worker admin
retry               worker admin
scope_list          admin
submit              worker admin
tick                web admin
tick_duties         web admin
tick_duty           -
tick_listeners      -
tick_partitions     -
tick_retention      -
time_from_us        -
type_add            admin
web_job             web
web_job_list        web
web_key             -
web_key_used        web
web_progress_open   web
web_ready           web
web_ticket          web
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

@test "no table for web or worker" {
  [ "$(uses telltale_web)" = '' ]
  [ "$(uses telltale_worker)" = '' ]
}

@test "admin reads every table, and writes none" {
  diff <(uses telltale_admin | sort -u) \
    <(sql "select distinct 'select ' || case when relname ~ '^job_event_[0-9]{8}$' then 'day' else relname end
             from pg_class where relnamespace = 'telltale'::regnamespace and relkind in ('r', 'p', 'v', 'm')" | sort)
}

@test "nobody but the owner makes things in the schema, or becomes the owner" {
  for role in telltale_web telltale_worker telltale_admin; do
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
