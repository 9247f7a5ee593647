-- telltale.web_queue_items(key, scope, limit, offset)
--      returns (verdict, rate_per_minute, unused, total, job_id, type, ...)
--
--      A page of the queue, and how much is in it: of the key's account, or with
--      a key of null of those that are public.  In the order in which claim()
--      would take it: first what a worker has, in the order of their start; then
--      what is due, lower priority first, and of that what has been due for
--      longest; then what comes due later, the next first.
--
--      The first row is the head: verdict, rate_per_minute, unused, total; every
--      other row is a job, and has nulls there.  verdict is one of
--      telltale.web_view(); anything but 'ok' comes alone.
--
--      limit        up to 1000
--      action       the payload's, where it is one: see telltale.job_action()
--      dest_path    the payload's, where that is a text that can be a file_path
--      retries      how many attempts have come to nothing
--      enqueued_us  when it was submitted; microseconds since the epoch
--      due_us       when it comes due; null if it is
--
--      The function is stable, so that total and page are of one snapshot.
--
-- Called by:   cgi-bin/control, by lib/job/items
-- Reads:       telltale.job

create or replace function telltale.web_queue_items(
    p_key    bytea,
    p_scope  text,
    p_limit  integer,
    p_offset integer)
returns table (
    verdict         text,
    rate_per_minute integer,
    unused          boolean,
    total           bigint,
    job_id          text,
    type            text,
    status          text,
    file_path       text,
    action          text,
    dest_path       text,
    retries         integer,
    enqueued_us     bigint,
    due_us          bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
#variable_conflict use_column
declare
    v_accounts bigint[];
    v_in       record;
    v_end      bigint := p_offset::bigint + least(p_limit, 1000);
begin
    select v.verdict, v.rate_per_minute, v.unused, v.accounts
      into verdict, rate_per_minute, unused, v_accounts
      from telltale.web_view(p_key, p_scope) as v;
    if verdict <> 'ok' then
        return next;
        return;
    end if;
    v_in  := telltale.queue_count(v_accounts);
    total := v_in.processing + v_in.waiting + v_in.cooling_down;
    return next;

    -- Each part of each queue no further than the page reaches into it.
    return query
    select null::text, null::integer, null::boolean, null::bigint,
           j.job_id, j.type, j.status::text, j.file_path,
           telltale.job_action(j.payload),
           case when jsonb_typeof(j.payload -> 'dest_path') = 'string'
                 and length(j.payload ->> 'dest_path') between 1 and 4096
                then j.payload ->> 'dest_path' end,
           case j.status when 'processing' then j.attempt - 1 else j.attempt end,
           (extract(epoch from j.created_at) * 1000000)::bigint,
           case p.part when 3 then (extract(epoch from j.run_after) * 1000000)::bigint end
      from (select c.*
              from unnest(v_accounts) as a (id)
             cross join lateral (
                   (select 1 as part, 0 as first, j.started_at as at, 0 as last, j.id
                      from telltale.job as j
                     where j.account_id = a.id
                       and j.status = 'processing'
                     order by j.started_at, j.id
                     limit v_end)
                   union all
                   (select 2, j.priority, j.run_after, 0, j.id
                      from telltale.job as j
                     where j.account_id = a.id
                       and j.status = 'queued'
                       and j.run_after <= statement_timestamp()
                     order by j.priority, j.run_after, j.id
                     limit greatest(v_end - v_in.processing, 0))
                   union all
                   (select 3, 0, j.run_after, j.priority, j.id
                      from telltale.job as j
                     where j.account_id = a.id
                       and j.status = 'queued'
                       and j.run_after > statement_timestamp()
                     order by j.run_after, j.priority, j.id
                     limit greatest(v_end - v_in.processing - v_in.waiting, 0))) as c
             order by c.part, c.first, c.at, c.last, c.id
             limit least(p_limit, 1000) offset p_offset) as p
      join telltale.job as j on j.id = p.id
     order by p.part, p.first, p.at, p.last, p.id;
end
$$;

comment on function telltale.web_queue_items(bytea, text, integer, integer) is
    'Judges the key, and shows a page of the queue with its length.';

revoke all on function telltale.web_queue_items(bytea, text, integer, integer) from public;
grant execute on function telltale.web_queue_items(bytea, text, integer, integer) to telltale_web;
