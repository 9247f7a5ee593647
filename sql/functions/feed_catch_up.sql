-- telltale.feed_catch_up(upto, floor, jobs, seqs, page)
--      returns (ask, event_id, xid, at_us, account_id, job, job_id, type, seq,
--               kind, data)
--
--      Events of single jobs that a stream has missed: for each pair of jobs
--      and seqs (numbered from 0 in ask) those with a higher seq that are
--      visible in the snapshot upto, which is where the hub's own reading
--      stands; at most `page` for a pair, in order.
--
-- Called by:   lib/job/feed
-- Reads:       telltale.job_event

create or replace function telltale.feed_catch_up(
    p_upto  pg_snapshot,
    p_floor bigint,
    p_jobs  bigint[],
    p_seqs  bigint[],
    p_page  integer)
returns table (
    ask        integer,
    event_id   bigint,
    xid        xid8,
    at_us      bigint,
    account_id bigint,
    job        bigint,
    job_id     text,
    type       text,
    seq        bigint,
    kind       text,
    data       jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
    return query
    select (a.n - 1)::integer, e.event_id, e.xid,
           (extract(epoch from e.at) * 1000000)::bigint,
           e.account_id, e.job, e.job_id, e.type, e.seq, e.kind, e.data
      from unnest(p_jobs, p_seqs) with ordinality as a (job, seq, n)
     cross join lateral (
            select m.*
              from telltale.job_event as m
             where m.job = a.job
               and m.seq > a.seq
               and m.event_id > p_floor
               and pg_visible_in_snapshot(m.xid, p_upto)
             order by m.seq
             limit p_page
           ) as e
     order by a.n, e.seq;
end;
$$;

comment on function telltale.feed_catch_up(pg_snapshot, bigint, bigint[], bigint[], integer) is
    'Events of single jobs after given ones, up to a snapshot.';

revoke all on function telltale.feed_catch_up(pg_snapshot, bigint, bigint[], bigint[], integer) from public;
grant execute on function telltale.feed_catch_up(pg_snapshot, bigint, bigint[], bigint[], integer) to telltale_web;
