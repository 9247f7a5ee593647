#!/usr/bin/env bats
# How many jobs there are: what telltale.job_count() says is what there is, to
# each snapshot, whatever happens meanwhile.
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

setup_file() {
  load helpers
  fresh
  psql -Xq -v ON_ERROR_STOP=1 <<'END' >/dev/null
-- A day of the last months, or an hour of it, or null.
create function public.some_time() returns timestamptz language sql volatile as $$
    select case when random() < 0.7
                then date_trunc(case when random() < 0.5 then 'day' else 'hour' end,
                                now() - random() * interval '100 days', 'UTC') end
$$;

-- Questions with any conditions, and what is wrong about the answers.
create function public.wrong(p_times int) returns setof text language plpgsql as $$
declare
    v_all      bigint[] := array(select account_id from telltale.account);
    v_accounts bigint[];
    v_type     text;
    v_decision text;
    v_statuses telltale.job_status[];
    v_from     timestamptz;
    v_to       timestamptz;
    v_said     record;
    v_counted  record;
begin
    for i in 1..p_times loop
        v_accounts := case when random() < 0.5 then v_all else v_all[1:1] end;
        v_type     := case when random() < 0.3 then (array['image', 'video', 'pre'])[1 + random() * 2] end;
        v_decision := case when random() < 0.3 then (array['pass', 'reject'])[1 + random()] end;
        v_statuses := case when random() < 0.4 then array(
            select s from unnest(enum_range(null::telltale.job_status)) as s where random() < 0.5) end;
        v_from     := some_time();
        v_to       := some_time();
        select * into v_said
          from telltale.job_count(v_accounts, v_type, v_decision, v_statuses, v_from, v_to);
        select count(*), count(*) filter (where j.status = 'queued'),
               count(*) filter (where j.status = 'processing'),
               count(*) filter (where j.status = 'completed'),
               count(*) filter (where j.status = 'failed'),
               count(*) filter (where j.status = 'cancelled')
          into v_counted
          from telltale.job as j
         where j.account_id = any (v_accounts)
           and (v_type     is null or j.type = v_type)
           and (v_decision is null or j.decision = v_decision)
           and (v_statuses is null or j.status = any (v_statuses))
           and (v_from     is null or j.created_at >= v_from)
           and (v_to       is null or j.created_at < v_to);
        if v_said is distinct from v_counted then
            return next format('%s %s %s %s %s %s: said %s, are %s', v_accounts, v_type,
                               v_decision, v_statuses, v_from, v_to, v_said, v_counted);
        end if;
    end loop;
end
$$;

-- Jobs, by a hand that goes round the functions.
create function public.load(p_n int) returns void language sql as $$
    insert into telltale.job (account_id, type, status, decision, created_at, completed_at, lease_until)
    select a.ids[1 + n % 2], (array['image', 'video', 'pre'])[1 + random() * 2], s.status,
           case when s.status = 'completed' then (array['pass', 'reject', null])[1 + random() * 2] end,
           now() - random() * interval '100 days',
           case when s.status not in ('queued', 'processing') then now() end,
           case when s.status = 'processing' then now() + interval '1 day' end
      from generate_series(1, p_n) as n
     cross join (select array_agg(account_id) from telltale.account) as a (ids)
     cross join lateral (select (enum_range(null::telltale.job_status))[1 + floor(random() * 5 + n * 0)]) as s (status)
$$;

-- One thing that may happen to a job.
create function public.happen() returns void language plpgsql as $$
declare
    v_account text := (array['demo', 'other'])[1 + random()];
    v_type    text := (array['image', 'video', 'pre'])[1 + random() * 2];
    v_id      text;
    v_got     record;
begin
    select j.job_id into v_id
      from telltale.job as j
     where j.id >= (select 1 + floor(random() * max(id)) from telltale.job)
     order by j.id
     limit 1;
    case floor(random() * 12)
    when 0, 1 then
        perform telltale.submit(v_account, v_type);
    when 2, 3, 4, 5 then
        for v_got in select * from telltale.claim('w', array[v_type], 3) loop
            perform telltale.progress(v_got.job_id, v_got.attempt, 50);
            case floor(random() * 4)
            when 0 then
                perform telltale.complete(v_got.job_id, v_got.attempt);
            when 1 then
                perform telltale.complete(v_got.job_id, v_got.attempt, (array['pass', 'reject'])[1 + random()]);
            when 2 then
                perform telltale.fail(v_got.job_id, v_got.attempt, 'x', retryable => random() < 0.5);
            else
                null;
            end case;
        end loop;
    when 6, 7 then
        perform telltale.cancel(v_id);
    when 8 then
        perform telltale.retry(v_id);
    when 9 then
        perform telltale.remove(v_id);
    when 10 then
        update telltale.job set created_at = created_at - interval '1 day', decision = 'pass'
         where job_id = v_id;
    else
        delete from telltale.job where job_id = v_id;
        perform public.load(1);
    end case;
end
$$;

-- Things happen, one or more in a transaction, some undone by halves or whole.
create procedure public.writer(p_times int) language plpgsql as $$
begin
    for i in 1..p_times loop
        for n in 1..1 + random() * 3 loop
            begin
                perform public.happen();
                if random() < 0.1 then
                    raise exception 'undone';
                end if;
            exception when others then
                if sqlstate not in ('TT404', 'TT409', 'P0001', '40P01') then
                    raise;
                end if;
            end;
        end loop;
        if random() < 0.2 then rollback; else commit; end if;
    end loop;
end
$$;
END
}

setup() { load helpers; reset; }

teardown_file() { drop; }

ticks() { sql "select done from telltale.tick('tally')"; }

# Nothing is wrong, neither to who asks nor to who looks at each sum.
all_is_right() {
  sql 'select wrong(30)' | { ! grep .; }
  sql 'select telltale.tally_check()' | { ! grep .; }
}

deltas() { sql 'select count(*) from telltale.job_tally_delta'; }

# Of all accounts: completed, failed, cancelled.
ended() {
  sql "select completed, failed, cancelled
         from telltale.job_count(array(select account_id from telltale.account), null, null, null, null, null)"
}

# Has the fold got as far as the last number that was drawn?
all_is_settled() {
  sql 'select f.folded = s.last_value from telltale.job_tally_fold as f, telltale.job_tally_delta_id_seq as s' |
    grep -qx t
}

# --- whatever happens ----------------------------------------------------------

# Until there is a file "over".
folds() {
  while [ ! -e "$BATS_TEST_TMPDIR/over" ]; do
    ticks
    sleep 0.05
  done
}

looks() {
  while [ ! -e "$BATS_TEST_TMPDIR/over" ]; do
    psql -XqAt -v ON_ERROR_STOP=1 -c 'begin isolation level repeatable read' \
      -c 'select wrong(20)' -c 'select from pg_sleep(0.05)' -c 'select wrong(20)' -c commit \
      -c "select 'looked'"
  done
}

@test "among six writers and a fold, each of many snapshots is told what it has" {
  sql 'select load(2000)' >/dev/null
  writers=() others=()
  folds >"$BATS_TEST_TMPDIR/folded" 2>&1 3>&- &
  others+=($!)
  for i in 1 2; do
    looks >"$BATS_TEST_TMPDIR/look.$i" 2>&1 3>&- &
    others+=($!)
  done
  for i in 1 2 3 4 5 6; do
    sql 'call writer(120)' >"$BATS_TEST_TMPDIR/writer.$i" 2>&1 3>&- &
    writers+=($!)
  done
  status=0
  for pid in "${writers[@]}"; do wait "$pid" || status=1; done
  touch "$BATS_TEST_TMPDIR/over"
  wait "${others[@]}"

  sort "$BATS_TEST_TMPDIR"/writer.* "$BATS_TEST_TMPDIR"/look.* | uniq -c
  [ "$status" = 0 ]
  sort "$BATS_TEST_TMPDIR"/look.* | uniq | diff - <(echo looked)
  [ "$(awk '{ n += $1 } END { print n }' "$BATS_TEST_TMPDIR/folded")" -gt 100 ]
  all_is_right
  ticks
  [ "$(deltas)" = 0 ]
  all_is_right
}

@test "what a key sees: totals of lists and the numbers of a queue" {
  sql "select load(500), telltale.key_add('demo', sha256('k'), 'tt_x', '{job:read,queue:read}')" >/dev/null
  for _ in 1 2; do
    [ "$(sql "select l.total = count(*) and q.total = count(*)
                 and s.queued + s.processing + s.completed + s.failed + s.cancelled = count(*)
                from telltale.web_job_list(sha256('k'), 'job:read', 1, 0, null, null, null, null, null, null, null, null) as l,
                     telltale.web_queue_list(sha256('k'), 'queue:read', 1, 0, null, null) as q,
                     telltale.web_queue_stats(sha256('k'), 'queue:read') as s,
                     telltale.job as j join telltale.account as a using (account_id)
               where l.verdict = 'ok' and q.verdict = 'ok' and a.name = 'demo'
               group by l.total, q.total, s.queued, s.processing, s.completed, s.failed, s.cancelled")" = t ]
    ticks
  done
}

# --- where deltas come from ----------------------------------------------------

@test "who ends is counted once, who will be tried again is not; retry and remove take back" {
  sql "select working('done'), working('lost', 1), working('again')" >/dev/null
  [ "$(deltas)" = 0 ]
  sql "select telltale.progress('done', 1, 50), telltale.complete('done', 1, 'pass'),
              telltale.fail('lost', 1, 'x'), telltale.fail('again', 1, 'x')" >/dev/null
  [ "$(ended)" = '1|1|0' ]
  [ "$(deltas)" = 2 ]
  sql "select telltale.cancel('again'), telltale.cancel('again')" >/dev/null
  [ "$(ended)" = '1|1|1' ]
  sql "select telltale.retry('lost'), telltale.remove('done')" >/dev/null
  [ "$(ended)" = '0|0|1' ]
  all_is_right
  ticks
  [ "$(sql 'select span, status, n from telltale.job_tally order by 1')" = 'all|cancelled|1
day|cancelled|1
month|cancelled|1' ]
  all_is_right
}

@test "a silent worker's last attempt is counted by whoever expires it" {
  sql "select working('j', 1), silence('j')" >/dev/null
  sql "select telltale.tick('leases')" >/dev/null
  [ "$(ended)" = '0|1|0' ]
}

@test "an operator's own changes, deletes, loads and truncates are counted" {
  sql 'select load(300)' >/dev/null
  all_is_right
  ticks
  sql "update telltale.job set type = 'image', account_id = (select max(account_id) from telltale.account) where id % 3 = 0"
  sql "update telltale.job set created_at = created_at - interval '40 days' where id % 5 = 0"
  sql "update telltale.job set decision = 'reject' where id % 7 = 0"
  all_is_right
  sql 'delete from telltale.job where id % 2 = 0'
  all_is_right
  ticks
  all_is_right
  sql 'begin; delete from telltale.job; rollback'
  all_is_right
  sql 'set client_min_messages = warning; truncate telltale.job cascade'
  [ "$(ended)" = '0|0|0' ]
  [ "$(deltas)" = 0 ]
  all_is_right
}

@test "progress, and whatever changes nothing that is counted, meets no trigger" {
  sql "select working('j')" >/dev/null
  plan=$(sql "explain (analyze, timing off)
              update telltale.job set progress = 40, detail = 'x', lease_until = now() + interval '1 minute',
                     updated_at = now(), seq = seq + 1 where job_id = 'j'")
  echo "$plan"
  run ! grep -i trigger <<<"$plan"
  sql "select telltale.complete('j', 1)" >/dev/null
  sql "update telltale.job set status = status, decision = decision, type = type"
  [ "$(deltas)" = 1 ]
}

@test "who ends a job waits for nobody who ends another, nor for the fold" {
  sql "select working('a'), working('b'), working('c')" >/dev/null
  session one
  session two
  tell one "begin; select telltale.complete('a', 1);"
  sql "set lock_timeout = '1s'; select telltale.complete('b', 1)"
  tell two "begin; select done from telltale.tick('tally');"
  sql "set lock_timeout = '1s'; select telltale.complete('c', 1)"
  [ "$(ended)" = '2|0|0' ]
  tell one 'commit;'
  tell two 'commit;'
  leave one
  leave two
  [ "$(ended)" = '3|0|0' ]
  ticks
  all_is_right
}

# --- the fold ------------------------------------------------------------------

@test "a fold that is killed before its commit has not been, and the next one does it" {
  sql 'select load(300)' >/dev/null
  was=$(ended)
  n=$(deltas)
  session folder
  pid=$(tell folder 'select pg_backend_pid();')
  [ "$(tell folder "begin; select done from telltale.tick('tally');")" = "$n" ]
  [ "$(ended)" = "$was" ]
  [ "$(sql "select pg_terminate_backend($pid, 10000)")" = t ]
  leave folder

  [ "$(deltas)" = "$n" ]
  [ "$(ended)" = "$was" ]
  [ "$(ticks)" = "$n" ]
  [ "$(ended)" = "$was" ]
  all_is_right
}

@test "no sum of nothing is left" {
  sql 'select load(300)' >/dev/null
  ticks
  sql 'delete from telltale.job'
  ticks
  [ "$(sql 'select count(*) from telltale.job_tally')" = 0 ]
}

@test "an old snapshot has its own numbers, and others need not read what was folded since" {
  sql 'select load(300)' >/dev/null
  ticks
  session old
  tell old 'begin isolation level repeatable read; select count(*) from telltale.job;'
  for _ in 1 2 3; do
    sql 'select load(300)' >/dev/null
    ticks
  done
  ticks

  [ "$(tell old 'select wrong(50);')" = '' ]
  [ "$(tell old 'select count(*) from telltale.job;')" = 300 ]
  all_is_settled
  all_is_right
  tell old 'commit;'
  leave old
}

@test "what a transaction under way has noted is not passed" {
  sql "select working('early'), load(50)" >/dev/null
  session writer
  tell writer "begin; select telltale.complete('early', 1);"
  for _ in 1 2 3; do
    sql 'select load(50)' >/dev/null
    ticks
  done
  [ "$(tell writer 'select f.folded < d.id from telltale.job_tally_fold as f, telltale.job_tally_delta as d;')" = t ]
  tell writer 'commit;'
  leave writer

  all_is_right
  [ "$(ticks)" = 1 ]
  all_is_right
  ticks
  all_is_settled
}

@test "where the numbers of deltas begin anew, none is passed over" {
  local back="select setval('telltale.job_tally_delta_id_seq', 1, false)"
  sql 'select load(300)' >/dev/null
  ticks
  ticks
  all_is_settled
  sql "$back" >/dev/null
  ticks
  sql 'select load(50)' >/dev/null
  all_is_right
  ticks
  ticks
  all_is_right

  # Nobody has seen that they did: who looks is told, and mends it.
  sql "update telltale.job_tally_fold set folded = 1000000" >/dev/null
  sql 'select load(50)' >/dev/null
  [ "$(sql 'select count(*) > 0 from telltale.tally_check()')" = t ]
  sql 'select telltale.tally_check(true)' >/dev/null
  all_is_right
  sql 'delete from telltale.job_tally_fold; select load(50)' >/dev/null
  all_is_right
  ticks
  all_is_right
}

@test "a fold does not wait for who repairs" {
  sql 'select load(50)' >/dev/null
  session checker
  tell checker 'begin; select count(*) from telltale.tally_check(true);'
  [ "$(sql "set lock_timeout = '20s'; select telltale.tick_tally()")" = 0 ]
  tell checker 'commit;'
  leave checker
  [ "$(ticks)" -gt 0 ]
  all_is_right
}

@test "where ids of transactions are another cluster's, it begins anew" {
  sql "select load(50); update telltale.job_tally_fold set drawn_by = '9000000000000'" >/dev/null
  ticks
  sql 'select load(50)' >/dev/null
  ticks
  ticks
  all_is_settled
  all_is_right
}

@test "more than a turn's worth is folded in turns" {
  sql "insert into telltale.job_tally_delta (account_id, day, type, status, decision, n)
       select account_id, now(), 'image', 'completed', '', case when n % 2 = 0 then 1 else -1 end
         from generate_series(1, 120000) as n, telltale.account where name = 'demo'"
  [ "$(ticks)" -ge 50000 ]
  while [ "$(ticks)" -gt 0 ]; do :; done
  [ "$(deltas)" = 0 ]
  all_is_right
}

# --- what came from elsewhere --------------------------------------------------

@test "tally_check finds what is wrong, and repairs it" {
  sql 'select load(200)' >/dev/null
  ticks
  sql 'select load(100)' >/dev/null
  sql "set session_replication_role = replica; delete from telltale.job where id % 2 = 0; select load(100)" >/dev/null
  sql "insert into telltale.job_tally
       select account_id, 'day', '2020-01-01', 'image', 'failed', '', 7 from telltale.account where name = 'demo'"

  [ "$(as telltale_admin 'select count(*) > 2 from telltale.tally_check()')" = t ]
  run ! as telltale_admin 'begin isolation level repeatable read; select telltale.tally_check(true)'
  [[ $output == *'READ COMMITTED'* ]]
  [ "$(as telltale_admin "select kept, counted from telltale.tally_check(true) where day = '2020-01-01'")" = '7|0' ]

  all_is_right
  [ "$(sql 'select count(*) from telltale.job_tally where n = 0')" = 0 ]
  ticks
  all_is_right
}

@test "what was there before is counted when the table comes" {
  sql 'select load(300)' >/dev/null
  sql "set client_min_messages = warning;
       drop table telltale.job_tally, telltale.job_tally_delta, telltale.job_tally_fold;
       drop function telltale.tally_note, telltale.tally_clear cascade;
       delete from telltale.schema_migration where name = '0013-tally'"
  bin/telltale migrate
  all_is_right
  [ "$(deltas)" = 0 ]
  sql 'select load(50)' >/dev/null
  all_is_right
}

# --- what it costs to ask --------------------------------------------------------

# What an account of three years has: each day all types, statuses and decisions.
years() {
  sql "insert into telltale.job_tally
       select a.account_id, s.span, s.day, t.name, d.status, d.decision, count(*)
         from generate_series(timestamp '2023-01-01', timestamp '2025-12-31', interval '1 day') as g (day)
        cross join lateral (values ('day', g.day::date), ('month', date_trunc('month', g.day)::date),
                                   ('all', '-infinity')) as s (span, day)
        cross join (values ('completed'::telltale.job_status, ''), ('completed', 'pass'), ('completed', 'reject'),
                           ('failed', ''), ('cancelled', '')) as d (status, decision)
        cross join telltale.job_type as t
         join telltale.account as a on a.name = 'demo'
        group by 1, 2, 3, 4, 5, 6"
  sql 'vacuum analyze telltale.job_tally'
}

# The statements that a count runs with these arguments, and what it said.
explain() {
  psql -XqAt -v ON_ERROR_STOP=1 2>&1 <<END
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set client_min_messages = log;
select completed, failed, cancelled from telltale.job_count('{1,2}', $1);
END
}

rows_read() {
  awk '/Index .*Scan/ { match($0, /actual rows=[0-9]+ loops=[0-9]+/)
      split(substr($0, RSTART, RLENGTH), n, /[= ]/); sum += n[3] * n[5] }
    /Rows Removed by Filter/ { sum += $NF }
    END { print sum + 0 }'
}

# frugal ARGUMENTS ROWS DAYS
frugal() {
  local plan types
  types=$(sql 'select count(*) from telltale.job_type')
  plan=$(explain "$1")
  echo "$plan"
  [ "$(tail -n 1 <<<"$plan")" = "$(($3 * 3 * types))|$(($3 * types))|$(($3 * types))" ]
  ! grep -E 'Seq Scan|Sort|Hash|Materialize|Workers|JIT' <<<"$plan" || return 1
  [ "$(rows_read <<<"$plan")" -le $(($2 * 5 * types + 20)) ]
}

@test "three years of days are read by the month, and all there is at once" {
  years
  frugal "null, null, null, '2023-01-02Z', '2025-12-31Z'" $((30 + 34 + 30)) 1094
  frugal "null, null, null, '2024-02-10Z', '2024-03-05Z'" 24 24
  frugal "null, null, null, '2024-12-01Z', null" 13 396
  frugal "null, null, null, null, null" 1 1096
}
