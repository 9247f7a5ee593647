-- telltale.web_queue_list(key, scope, limit, offset, type, status)
--      returns (verdict, rate_per_minute, unused, total, job_id, ...)
--
--      A page of the jobs of the key's account, or without a key of the public
--      ones, newest first (created_at, id), and how many there are on all pages.
--
--      The first row is the head: verdict, rate_per_minute, unused, total; every
--      other row is a job, and has nulls there.  verdict is one of
--      telltale.web_view(), or 'unknown_type'; anything but 'ok' comes alone.
--
--      limit      1 to 100
--      type, status
--                 a word of job_type, and a stored status; null: any
--
--      payload is JSON, null where that has more than 65536 bytes: a hundred of
--      them are one answer.  (JSON takes up to four times its text where it is
--      stored: what takes more is not even read.)  progress is a JSON number,
--      times are microseconds since the epoch.
--
--      Put together as telltale.web_job_list() is, and with its settings; stable,
--      so that total and page are of one snapshot.  Of each account no more is
--      looked at than limit and offset say, and that in the index: in order,
--      where "account_id in (...)", or a bitmap, would sort them all.
--
-- Called by:   cgi-bin/queue, by lib/job/jobs
-- Reads:       telltale.job, telltale.job_type; as job_count does

create or replace function telltale.web_queue_list(
    p_key    bytea,
    p_scope  text,
    p_limit  integer,
    p_offset integer,
    p_type   text,
    p_status text)
returns table (
    verdict         text,
    rate_per_minute integer,
    unused          boolean,
    total           bigint,
    job_id          text,
    file_path       text,
    payload         text,
    status          text,
    priority        integer,
    progress        text,
    error           text,
    attempt         integer,
    max_attempts    integer,
    created_us      bigint,
    started_us      bigint,
    completed_us    bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
    v_accounts bigint[];
    v_where    text := '';
begin
    select v.verdict, v.rate_per_minute, v.unused, v.accounts
      into verdict, rate_per_minute, unused, v_accounts
      from telltale.web_view(p_key, p_scope) as v;

    if verdict = 'ok' and p_type is not null
       and not exists (select from telltale.job_type as t where t.name = p_type) then
        verdict := 'unknown_type';
    end if;
    if verdict <> 'ok' then
        return next;
        return;
    end if;

    -- Cast where it is used, the status is no constant: or "processing" would be
    -- read from job_processing, which is not in the order of the page.
    if p_type   is not null then v_where := v_where || ' and j.type = $2';                         end if;
    if p_status is not null then v_where := v_where || ' and j.status = $3::telltale.job_status'; end if;

    select c.total
      into total
      from telltale.job_count(v_accounts, p_type, null,
               case when p_status is not null then array[p_status]::telltale.job_status[] end,
               null, null) as c;
    return next;

    return query execute
        'select null::text, null::integer, null::boolean, null::bigint,
                j.job_id, j.file_path, p.payload, j.status::text, j.priority,
                trim_scale(j.progress)::text, j.error, j.attempt, j.max_attempts,
                (extract(epoch from j.created_at)   * 1000000)::bigint,
                (extract(epoch from j.started_at)   * 1000000)::bigint,
                (extract(epoch from j.completed_at) * 1000000)::bigint
           from (select k.id, k.created_at
                   from unnest($1) as a (account_id)
                  cross join lateral (
                        select j.id, j.created_at
                          from telltale.job as j
                         where j.account_id = a.account_id' || v_where || '
                         order by j.created_at desc, j.id desc
                         limit $4::bigint + $5) as k
                  order by k.created_at desc, k.id desc
                  limit $4 offset $5) as k
           join telltale.job as j on j.id = k.id
          cross join lateral (
                select case when pg_column_size(j.payload) > 300000      then null
                            when octet_length(t.payload) <= 65536 then t.payload end
                  from (select j.payload::text) as t (payload)) as p (payload)
          order by k.created_at desc, k.id desc'
      using v_accounts, p_type, p_status, p_limit, p_offset;
end
$$;

comment on function telltale.web_queue_list(bytea, text, integer, integer, text, text) is
    'Judges who asks, and lists a page of the jobs of his view with their number.';

revoke all on function telltale.web_queue_list(bytea, text, integer, integer, text, text) from public;
grant execute on function telltale.web_queue_list(bytea, text, integer, integer, text, text)
    to telltale_web;
