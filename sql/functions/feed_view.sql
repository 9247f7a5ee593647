-- telltale.feed_view(accounts, public, last, last_us, upto, upto_us, begins,
--                    after, floor, page)
--      returns (event_id, xid, at_us, account_id, job, job_id, type, seq, kind,
--               data)
--
--      Events of whole accounts that a stream has missed: those that upto sees,
--      which is where the hub's own reading stands or where a read of another
--      hub's broke off, and that the stream has not had; at most `page`, in
--      order of event_id.  public: only of those accounts that are public now.
--
--      If there may be more, one row more says where to go on: up to its
--      event_id all has been looked at, and its kind is null.  A page looks at
--      some thousands of events at most, so what a client comes back with
--      decides how many pages there are, and not how long one takes.
--
--      A snapshot sees nothing that was written after it was taken (last_us,
--      upto_us): that is of a transaction whose number a crash gave out again.
--
--      It has had what its snapshot `last` sees.  And it has had what is not
--      above `after`; but where it begins, with nothing of upto read, `after` is
--      but what feed_beat called drawn before `last` was taken.  Who is not
--      below the xmax of `last` writes higher ones; who was open then may have
--      written lower ones, and these are found by their transactions, which are
--      few: offset 0 keeps the planner from reading all that the account ever
--      wrote instead.
--
--      floor: no event up to this id is ever read.
--
-- Called by:   lib/job/feed
-- Reads:       telltale.job_event, telltale.account

create or replace function telltale.feed_view(
    p_accounts bigint[],
    p_public   boolean,
    p_last     pg_snapshot,
    p_last_us  bigint,
    p_upto     pg_snapshot,
    p_upto_us  bigint,
    p_begins   boolean,
    p_after    bigint,
    p_floor    bigint,
    p_page     integer)
returns table (
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
declare
    v_last_at  constant timestamptz := telltale.time_from_us(p_last_us);
    v_upto_at  constant timestamptz := telltale.time_from_us(p_upto_us);
    v_accounts bigint[] := p_accounts;
    v_look     integer;
    v_bound    bigint;
    v_rows     integer := 0;
begin
    if p_public then
        v_accounts := array(select u.id from unnest(p_accounts) as u (id)
                             where u.id = any (telltale.public_accounts()));
    end if;
    v_look := greatest(p_page + 1, 10000 / greatest(cardinality(v_accounts), 1));

    -- Where an account has more than is looked at, nobody goes further.
    select min(l.event_id)
      into v_bound
      from unnest(v_accounts) as a (account_id)
     cross join lateral (
           select w.event_id
             from telltale.job_event as w
            where w.account_id = a.account_id
              and w.event_id > greatest(p_after, p_floor)
            order by w.event_id
           offset v_look - 1 limit 1) as l;

    for event_id, xid, at_us, account_id, job, job_id, type, seq, kind, data in
    select e.event_id, e.xid,
           (extract(epoch from e.at) * 1000000)::bigint,
           e.account_id, e.job, e.job_id, e.type, e.seq, e.kind, e.data
      from ((select o.*
               from (select m.*
                       from telltale.job_event as m
                      where p_begins
                        and m.xid = any (array(select pg_snapshot_xip(p_last)))
                        and m.event_id <= p_after
                     offset 0) as o
              where o.account_id = any (v_accounts)
                and o.event_id > p_floor
                and pg_visible_in_snapshot(o.xid, p_upto)
                and o.at <= v_upto_at
              order by o.event_id
              limit p_page)
            union all
            (select n.*
               from unnest(v_accounts) as a (account_id)
              cross join lateral (
                    select w.*
                      from telltale.job_event as w
                     where w.account_id = a.account_id
                       and w.event_id > greatest(p_after, p_floor)
                       and w.event_id <= coalesce(v_bound, 9223372036854775807)
                       and pg_visible_in_snapshot(w.xid, p_upto)
                       and w.at <= v_upto_at
                       and not (pg_visible_in_snapshot(w.xid, p_last) and w.at <= v_last_at)
                     order by w.event_id
                     limit p_page) as n)
           ) as e
     order by e.event_id
     limit p_page
    loop
        v_rows  := v_rows + 1;
        if v_rows = p_page then
            v_bound := event_id;
        end if;
        return next;
    end loop;

    if v_bound is not null then
        event_id := v_bound;
        xid := null; at_us := null; account_id := null; job := null; job_id := null;
        type := null; seq := null; kind := null; data := null;
        return next;
    end if;
end;
$$;

comment on function telltale.feed_view(bigint[], boolean, pg_snapshot, bigint, pg_snapshot, bigint, boolean, bigint, bigint, integer) is
    'Events of whole accounts that a stream has missed, up to a snapshot.';

revoke all on function telltale.feed_view(bigint[], boolean, pg_snapshot, bigint, pg_snapshot, bigint, boolean, bigint, bigint, integer) from public;
grant execute on function telltale.feed_view(bigint[], boolean, pg_snapshot, bigint, pg_snapshot, bigint, boolean, bigint, bigint, integer) to telltale_web;
