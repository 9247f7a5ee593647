#!/usr/bin/env bats
# What queue.fcgi asks, on 200,000 rows of six accounts, five of them public:
# each question is answered from an index, reads about what it shows, and gives
# what the plain statement would give.
# shellcheck disable=SC2016,SC2030,SC2031 # $4 is the statement's; explain_list() sets count and page

# A fifth of the jobs is the private account's; two a second.  Of demo's there is
# a key.
setup_file() {
  load helpers
  fresh
  psql -Xq -v ON_ERROR_STOP=1 <<'END' >/dev/null
select telltale.key_add('demo', sha256('k'), 'tt_x', '{queue:read}');
select telltale.account_set('demo', p_public_queue => true);
select telltale.account_add('p' || n, p_public_queue => true) from generate_series(1, 20) as n;
select setseed(0.5);
insert into telltale.job (account_id, job_id, type, status, created_at,
                          completed_at, lease_until, file_path)
select a.account_id, md5(n::text),
       case when r.t < 0.5 then 'image' when r.t < 0.8 then 'video'
            when r.t < 0.999 then 'prompt' else 'pre' end,
       s.status,
       timestamptz '2026-01-01Z' + (n / 2) * interval '1 second',
       case when s.status in ('completed', 'failed', 'cancelled') then now() end,
       case when s.status = 'processing' then now() end,
       case when n % 10 < 9 then 'videos/' || n % 20000 || '.mp4' end
  from generate_series(1, 200000) as n
 cross join lateral (select random() as t, random() as s, n as row) as r
 cross join lateral (select case
            when r.s < 0.960 then 'completed' when r.s < 0.970 then 'failed'
            when r.s < 0.975 then 'cancelled' when r.s < 0.995 then 'queued'
            else 'processing' end::telltale.job_status) as s (status)
  join telltale.account as a
    on a.name = (array['other', 'demo', 'p1', 'p2', 'p3', 'demo', 'demo', 'p4', 'other', 'demo'])[n % 10 + 1];
do 'begin while telltale.tick_tally() > 0 loop end loop; end';
analyze telltale.job, telltale.job_tally;

-- The same in one plain statement.
create function public.plainly(
    p_key bytea, p_limit int, p_offset int, p_type text, p_status text,
    out total bigint, out ids text[])
language sql stable as $$
    with theirs as materialized (
        select j.id, j.job_id, j.created_at
          from telltale.job as j join telltale.account as a using (account_id)
         where case when p_key is null then a.public_queue else a.name = 'demo' end
           and (p_type   is null or j.type = p_type)
           and (p_status is null or j.status::text = p_status))
    select (select count(*) from theirs),
           (select array_agg(p.job_id)
              from (select t.job_id from theirs as t
                     order by t.created_at desc, t.id desc
                     limit p_limit offset p_offset) as p)
$$;
END
}

setup() { load helpers; }

teardown_file() { drop; }

# INDEX: LIMIT, OFFSET, TYPE, STATUS.  The index is one that the page must be
# read by.
cases() {
  cat <<'END'
job_list: 50, 0, null, null
job_list: 100, 0, null, null
job_list: 50, 200, null, null
job_list_type: 50, 0, 'image', null
job_list_type: 50, 0, 'pre', null
job_list_type: 50, 0, 'checksum', null
job_list_status: 50, 0, null, 'queued'
job_list_status: 50, 0, null, 'processing'
job_list(_status)?: 50, 0, null, 'completed'
job_list_status: 1, 0, null, 'cancelled'
END
}

# Both filters, and an offset far out: rows that are looked at in vain are the
# price.
mixed() {
  cat <<'END'
50, 100000, null, null
50, 0, 'image', 'queued'
50, 0, 'pre', 'completed'
50, 0, 'pre', 'failed'
END
}

list() { echo "telltale.web_queue_list($1, 'queue:read', $2)"; }

# The statements that a question runs, with what they did.
explain() {
  psql -Xq -v ON_ERROR_STOP=1 2>&1 >/dev/null <<END
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set client_min_messages = log;
select * from $1;
END
}

# The one on input that has those words in it.
statement() { awk -v words="$1" 'BEGIN { RS = "LOG:  duration" } $0 ~ words' | grep .; }

# explain_list KEY ARGUMENTS: sets count and page.
explain_list() {
  local all
  all=$(explain "$(list "$1" "$2")")
  count=$(statement 'telltale\\.job_tally|select count\\(\\*\\)' <<<"$all")
  page=$(statement 'limit \\$4 offset \\$5' <<<"$all")
  printf '%s %s\n%s\n%s\n' "$1" "$2" "$count" "$page"
}

# Of what is on input: nothing read from end to end, no sort of many rows, no
# worker, no compilation.
frugal() {
  ! grep -E 'Seq Scan|Workers|JIT|Disk:|Sort Method: .* Memory: [0-9]{4,}kB'
}

# How many rows the scans of jobs on input looked at.
rows_read() {
  awk '/Scan using/ { match($0, /actual rows=[0-9]+ loops=[0-9]+/)
      split(substr($0, RSTART, RLENGTH), n, /[= ]/); sum += n[3] * n[5] }
    /Rows Removed by Filter/ { sum += $NF }
    END { print sum + 0 }'
}

key() { echo "sha256('k')"; }

# The view of a key is one account, of the public 21.
every_case() {
  local index args who n=0
  for who in "$(key)" null; do
    while IFS=: read -r index args; do
      explain_list "$who" "${args# }"
      frugal <<<"$count$page"
      grep -qE "Index (Only )?Scan using $index on job" <<<"$page"
      [ "$(rows_read <<<"$page")" -le $((5 * 250 + 100)) ]
      n=$((n + 1))
    done < <(cases)
  done
  [ "$n" -eq 20 ]
}

@test "each page is read by its index, of each account about what it shows" {
  every_case
}

@test "the same after a vacuum, and the numbers come from sums and indexes alone" {
  sql 'vacuum analyze telltale.job'

  every_case
  local args who
  for who in "$(key)" null; do
    while IFS=: read -r _ args; do
      explain_list "$who" "${args# }"
      ! grep -E '(Index|Heap) Scan .*on job |Heap Fetches: [1-9]' <<<"$count" || false
    done < <(cases)
    count=$(explain "telltale.web_queue_stats($who, 'queue:read')" | statement 'telltale\\.job_tally|select count\\(\\*\\)')
    echo "$count"
    frugal <<<"$count"
    ! grep -E '(Index|Heap) Scan .*on job |Heap Fetches: [1-9]' <<<"$count" || false
  done
}

@test "both filters at once, and a page far out, keep to the accounts' part of the indexes" {
  local args who
  for who in "$(key)" null; do
    while read -r args; do
      explain_list "$who" "$args"
      ! grep -E 'Seq Scan|Workers|JIT' <<<"$count$page"
    done < <(mixed)
  done
}

@test "each list is what the plain statement gives, and its total" {
  local args who
  for who in "$(key)" null; do
    while read -r args; do
      printf '%s %s\n' "$who" "$args"
      [ "$(sql "select l.total = p.total and l.ids is not distinct from p.ids
                  from (select max(total) as total, array_agg(job_id) filter (where job_id is not null) as ids
                          from $(list "$who" "$args")) as l,
                       plainly($who, $args) as p")" = t ]
    done < <(cases | sed 's/^[^:]*: //'; mixed)
  done
}

@test "the whole public list, page by page, is every public job once" {
  [ "$(sql "
    select array_agg(l.job_id order by n, l.row) =
           (select array_agg(j.job_id order by j.created_at desc, j.id desc)
              from telltale.job as j join telltale.account as a using (account_id)
             where a.public_queue and j.status = 'failed')
      from generate_series(0, 2000, 100) as n
     cross join lateral telltale.web_queue_list(null, 'queue:read', 100, n, null, 'failed')
           with ordinality as l (verdict, rate, unused, total, job_id, file_path, payload, status, priority,
                                 progress, error, attempt, max_attempts, created, started, completed, row)
     where l.job_id is not null")" = t ]
}

@test "the numbers are those of the plain statement" {
  local who
  for who in "$(key)" null; do
    [ "$(sql "select s.queued + s.processing + s.completed + s.failed + s.cancelled = (plainly($who, 0, 0, null, null)).total
                 and s.queued     = (plainly($who, 0, 0, null, 'queued')).total
                 and s.processing = (plainly($who, 0, 0, null, 'processing')).total
                 and s.completed  = (plainly($who, 0, 0, null, 'completed')).total
                 and s.failed     = (plainly($who, 0, 0, null, 'failed')).total
                from telltale.web_queue_stats($who, 'queue:read') as s")" = t ]
  done
}

@test "a file's newest job is one look into the index for each account" {
  local who plan
  for who in "$(key)" null; do
    plan=$(explain "telltale.web_video_status($who, 'queue:read', 'videos/4711.mp4')" | statement 'cross join unnest')
    echo "$plan"
    frugal <<<"$plan"
    grep -q 'Index Scan using job_file on job' <<<"$plan"
    [ "$(rows_read <<<"$plan")" -le 21 ]
  done
}

@test "of jobs about a file the newest is shown, of the view alone" {
  sql "update telltale.job as j set error = j.job_id where j.file_path in ('videos/7.mp4', 'videos/8.mp4')"

  # n % 10 of 7 is p4's, of 8 the private account's.
  [ "$(sql "select v.error from telltale.web_video_status(null, 'queue:read', 'videos/7.mp4') as v")" = \
    "$(sql "select j.job_id from telltale.job as j where j.file_path = 'videos/7.mp4'
             order by created_at desc, id desc limit 1")" ]
  [ "$(sql "select v.verdict from telltale.web_video_status(sha256('k'), 'queue:read', 'videos/7.mp4') as v")" = not_found ]
  [ "$(sql "select v.verdict from telltale.web_video_status(null, 'queue:read', 'videos/8.mp4') as v")" = not_found ]
}
