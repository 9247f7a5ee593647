-- telltale.feed_read(last, upto, after, oldest, floor, jobs, accounts)
--      returns (snapshot, read_us, event_id, xid, at_us, account_id, job,
--               job_id, type, seq, kind, data)
--
--      What has become visible since the snapshot `last`: transactions newer
--      than it, and those that were open in it.  Not xid >= pg_snapshot_xmin
--      (last), which would read again all that was written since the oldest
--      open transaction of the cluster began.
--
--      There is one row at least: without an event its event_id is null, and
--      snapshot is where the next read goes on.  Snapshot and rows come from
--      one statement, and the function is stable, so both are of the snapshot
--      of the statement that calls it: a volatile function was seen to return
--      a row that its own snapshot did not cover.
--
--      The planner does not know that hardly anything is newer than `last`: it
--      counts on a third of the log, and would read all of a partition that was
--      not analyzed yet, or start workers for it.  So it is told to use the
--      index, and to do so alone.
--
--      upto and after resume a read that broke off: only events that are
--      visible in upto, with an id above after.  Both null and 0 otherwise.
--      oldest: no event that is due was written before it; it lets partitions
--      be passed over.  floor: no event up to this id is ever read.  jobs and
--      accounts narrow the read where a hub has few streams; both null for
--      all.  at_us and read_us (when the snapshot had been taken: what it sees
--      is not younger): microseconds since the epoch.
--
-- Called by:   lib/job/feed
-- Reads:       telltale.job_event

create or replace function telltale.feed_read(
    p_last     pg_snapshot,
    p_upto     pg_snapshot,
    p_after    bigint,
    p_oldest   timestamptz,
    p_floor    bigint,
    p_jobs     bigint[],
    p_accounts bigint[])
returns table (
    snapshot   pg_snapshot,
    read_us    bigint,
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
language plpgsql stable rows 100
security definer set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan set jit = off
    set enable_seqscan = off set max_parallel_workers_per_gather = 0
as $$
begin
    return query
    select s.snapshot,
           s.read_us,
           e.event_id, e.xid,
           (extract(epoch from e.at) * 1000000)::bigint,
           e.account_id, e.job, e.job_id, e.type, e.seq, e.kind, e.data
      from (select pg_current_snapshot() as snapshot,
                   (extract(epoch from clock_timestamp()) * 1000000)::bigint as read_us
            offset 0) as s
      left join lateral (
            select n.*
              from telltale.job_event as n
             where n.xid >= pg_snapshot_xmax(p_last)
               and n.at >= p_oldest
            union all
            select o.*
              from telltale.job_event as o
             where o.xid = any (array(select pg_snapshot_xip(p_last)))
               and o.xid < pg_snapshot_xmax(p_last)
               and o.at >= p_oldest
           ) as e
        on e.event_id > p_after
       and e.event_id > p_floor
       and (p_upto is null or pg_visible_in_snapshot(e.xid, p_upto))
       and ((p_jobs is null and p_accounts is null)
            or e.job = any (p_jobs)
            or e.account_id = any (p_accounts))
     order by e.event_id;
end;
$$;

comment on function telltale.feed_read(pg_snapshot, pg_snapshot, bigint, timestamptz, bigint, bigint[], bigint[]) is
    'What has become visible in the log since a snapshot.';

revoke all on function telltale.feed_read(pg_snapshot, pg_snapshot, bigint, timestamptz, bigint, bigint[], bigint[]) from public;
grant execute on function telltale.feed_read(pg_snapshot, pg_snapshot, bigint, timestamptz, bigint, bigint[], bigint[]) to telltale_web;
