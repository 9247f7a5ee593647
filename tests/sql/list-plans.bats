#!/usr/bin/env bats
# The job list on 200,000 rows: each question is answered from an index, reads
# about what it shows, and gives what the plain statement would give.

# 250,000 jobs, a fifth of them another account's; two a second.
setup_file() {
  load helpers
  fresh
  psql -Xq -v ON_ERROR_STOP=1 <<'END' >/dev/null
select telltale.key_add('demo', sha256('k'), 'tt_x', '{job:read}');
select setseed(0.5);
insert into telltale.job (account_id, job_id, type, status, decision, created_at,
                          completed_at, lease_until, detail)
select a.account_id, md5(n::text),
       case when r.t < 0.5 then 'image' when r.t < 0.8 then 'video'
            when r.t < 0.999 then 'prompt' else 'pre' end,
       s.status,
       case when s.status <> 'completed' then null
            when r.d < 0.9 then 'pass' else 'reject' end,
       timestamptz '2026-01-01Z' + (n / 2) * interval '1 second',
       case when s.status in ('completed', 'failed', 'cancelled') then now() end,
       case when s.status = 'processing' then now() end,
       'a detail of job ' || n
  from generate_series(1, 250000) as n
 cross join lateral (select random() as t, random() as d, random() as s, n as row) as r
 cross join lateral (select case
            when r.s < 0.960 then 'completed' when r.s < 0.970 then 'failed'
            when r.s < 0.975 then 'cancelled' when r.s < 0.995 then 'queued'
            else 'processing' end::telltale.job_status) as s (status)
  join telltale.account as a on a.name = case n % 5 when 0 then 'other' else 'demo' end;
do 'begin while telltale.tick_tally() > 0 loop end loop; end';
analyze telltale.job, telltale.job_tally;

-- The same in one plain statement.
create function public.plainly(
    p_limit int, p_offset int, p_cursor_us bigint, p_cursor_id bigint, p_type text,
    p_decision text, p_statuses text[], p_search text, p_from_us bigint, p_to_us bigint,
    out total bigint, out ids bigint[])
language sql stable as $$
    with mine as materialized (
        select j.id, j.created_at, (extract(epoch from j.created_at) * 1000000)::bigint as us
          from telltale.job as j join telltale.account as a using (account_id)
         where a.name = 'demo'
           and (p_type     is null or j.type = p_type)
           and (p_decision is null or j.decision = p_decision)
           and (p_statuses is null or j.status::text = any (p_statuses))
           and (p_search   is null or starts_with(j.job_id, p_search)))
    select count(*) filter (where w.inside),
           (select array_agg(p.id)
              from (select m.id from mine as m
                     where (p_from_us is null or m.us >= p_from_us)
                       and (p_to_us   is null or m.us <  p_to_us)
                       and (p_cursor_us is null
                            or m.us < p_cursor_us or m.us = p_cursor_us and m.id < p_cursor_id)
                     order by m.created_at desc, m.id desc
                     limit p_limit offset p_offset) as p)
      from mine as m
     cross join lateral (select (p_from_us is null or m.us >= p_from_us)
                            and (p_to_us   is null or m.us <  p_to_us)) as w (inside)
$$;
END
}

setup() { load helpers; }

teardown_file() { drop; }

# INDEX: ARGUMENTS, after the key and the scope.  The index is one that the page
# must be read by; how much of the table that is, the second test looks at.
cases() {
  cat <<'END'
job_list: 51, 0, null, null, null, null, null, null, null, null
job_list: 101, 0, null, null, null, null, null, null, null, null
job_list: 51, 500, null, null, null, null, null, null, null, null
job_list: 51, 0, 1767261600000000, 72000, null, null, null, null, null, null
job_list: 51, 0, null, null, null, null, null, null, 1767261600000000, 1767265200000000
job_list: 51, 0, null, null, null, null, null, '', null, null
job_list_type: 51, 0, null, null, image, null, null, null, null, null
job_list_type: 51, 0, null, null, pre, null, null, null, null, null
job_list_type: 51, 0, null, null, checksum, null, null, null, null, null
job_list_type: 51, 0, 1767261600000000, 72000, video, null, null, null, null, null
job_list_decision: 51, 0, null, null, null, reject, null, null, null, null
job_list_status: 51, 0, null, null, null, null, {queued}, null, null, null
job_list_status: 51, 0, null, null, null, null, {queued,processing}, null, null, null
job_list_status: 51, 0, null, null, null, null, {completed,failed,cancelled}, null, null, null
job_list_status: 51, 0, 1767261600000000, 72000, null, null, {failed,cancelled}, null, null, null
job_list_status: 51, 0, null, null, null, null, {queued}, null, 1767261600000000, 1767265200000000
job_list_search: 51, 0, null, null, null, null, null, abcd, null, null
job_list_search: 51, 0, null, null, null, null, null, zzz, null, null
job_list_search: 51, 0, null, null, null, null, null, ab%, null, null
job_list: 51, 0, null, null, null, null, null, a, null, null
END
}

# Two filters at once, and an offset far out: no index has both, and rows that
# are looked at in vain are the price.
mixed() {
  cat <<'END'
51, 100000, null, null, null, null, null, null, null, null
51, 2000, null, null, null, null, {queued,processing}, null, null, null
51, 0, null, null, pre, null, {completed,failed,cancelled}, null, null, null
51, 0, null, null, pre, reject, null, null, null, null
51, 0, null, null, image, null, {queued,processing}, null, null, null
51, 0, null, null, null, pass, {failed}, null, null, null
51, 0, null, null, video, reject, {completed}, f, 1767225600000000, 1767265200000000
51, 0, 1767261600000000, 72000, image, pass, {completed}, a, null, 1767265200000000
END
}

# Arguments as SQL literals: quoted, so that each is of the parameter's type.
literals() { sed "s/\([^ ,{][^,{]*\|{[^}]*}\)\(, \|$\)/'\1'\2/g; s/'null'/null/g; s/''''/''/g" <<<"$1"; }

list() { printf "telltale.web_job_list(sha256('k'), 'job:read', %s)" "$(literals "$1")"; }

# The statements that the function runs for these arguments: $count, which are
# one or more, and $page.
explain() {
  local all
  all=$(psql -Xq -v ON_ERROR_STOP=1 2>&1 >/dev/null <<END
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set client_min_messages = log;
select * from $(list "$1");
END
  )
  count=$(awk 'BEGIN { RS = "LOG:  duration" } /telltale\.job_tally|count\(\*\)/' <<<"$all")
  page=$(awk 'BEGIN { RS = "LOG:  duration" } /limit (\$10::bigint|least)/' <<<"$all")
  printf '%s\n%s\n%s\n' "$1" "$count" "$page"
  [ -n "$count" ] && [ -n "$page" ]
}

# Of what is on input: nothing read from end to end, no sort of many rows, no
# worker, no compilation.
frugal() {
  ! grep -E 'Seq Scan|Workers|JIT|Disk:|Sort Method: .* Memory: [0-9]{4,}kB'
}

# How many rows the scans on input looked at.
rows_read() {
  awk '/Scan (using|on) .*actual rows=/ && !/Subquery Scan/ { sub(/.*actual rows=/, ""); n += $1 }
    /Rows Removed by Filter/ { n += $NF }
    END { print n + 0 }'
}

every_case() {
  local index args n=0
  while IFS=: read -r index args; do
    explain "${args# }"
    frugal <<<"$count$page"
    grep -qE "Scan using $index on job" <<<"$page"
    [ "$(rows_read <<<"$page")" -le 1500 ]
    n=$((n + 1))
  done < <(cases)
  [ "$n" -eq 20 ]
}

@test "each filter's page is read by its index, and reads about what it shows" {
  every_case
}

@test "the same after a vacuum, and the number comes from sums and indexes alone" {
  sql 'vacuum analyze telltale.job'

  every_case
  local args
  while IFS=: read -r _ args; do
    explain "${args# }"
    ! grep -E '(Index|Heap) Scan .*on job ' <<<"$count" || false
    ! grep -E 'Heap Fetches: [1-9]' <<<"$count" || false
    # One in forty of 200,000 is queued or processing; an hour has 5,600.
    # Only what is searched for is counted.
    [[ $args == *', a, '* ]] || [ "$(rows_read <<<"$count")" -le 12000 ]
  done < <(cases)
}

@test "two filters at once keep to the account's part of the indexes" {
  while read -r args; do
    explain "$args"
    frugal <<<"$count$page"
  done < <(mixed)
}

@test "each list is what the plain statement gives, and its total" {
  local args
  while read -r args; do
    printf '%s\n' "$args"
    [ "$(sql "select l.total = p.total and l.ids is not distinct from p.ids
                from (select max(total) as total, array_agg(id) filter (where id is not null) as ids
                        from $(list "$args")) as l,
                     plainly($(literals "$args")) as p")" = t ]
  done < <(cases | sed 's/^[^:]*: //'; mixed)
}

@test "the whole list, page by page, is every job once" {
  [ "$(sql "
    with recursive page (us, id, n) as (
        select null::bigint, null::bigint, 0
        union all
        select l.us, l.id, p.n + l.n
          from page as p
         cross join lateral (
               select (array_agg(f.created_us))[count(*)] as us,
                      (array_agg(f.id))[count(*)]         as id, count(*)::integer as n
                 from telltale.web_job_list(sha256('k'), 'job:read', 101, 0, p.us, p.id,
                          null, null, '{failed}', null, null, null) as f
                where f.id is not null) as l
         where l.n > 0)
    select max(p.n) = (select count(*) from telltale.job as j join telltale.account as a
                        using (account_id) where a.name = 'demo' and j.status = 'failed')
      from page as p")" = t ]
}
