-- telltale.feed_open(host, program, pid, listening, previous, accounts, classes,
--                    counts)
--      returns (listener_id, generation, cluster, timeline, floor_event_id,
--               snapshot, opened_us, drawn)
--
--      A hub begins: its row in listener and listener_sleep, and a session
--      advisory lock (class 29780, the listener's id) by which tick() sees
--      whether it lives.  The snapshot is where a hub without a cursor starts,
--      and opened_us when it was taken, or a little later: microseconds since
--      the epoch.  drawn is as feed_beat has it.
--      listening is false for a feed that polls: it may be behind a pooler,
--      where a session lock would stay with somebody else's session, so only
--      seen_at tells of its life.
--
--      Or it begins anew.  previous is null, or the listener that it was
--      before, which is taken off the lists with its leases; accounts, classes
--      and counts are the streams that it holds open all the while, in numbers:
--      they are its leases from here on, whatever the limits say.  Who counts
--      at the same time sees the old ones or the new ones, never both or none.
--      What is no account any more is left out.  The three may be null.
--
-- Called by:   lib/job/feed
-- Reads:       telltale.account, telltale.job_event_id
-- Writes:      telltale.listener, telltale.listener_sleep,
--              telltale.stream_lease

create or replace function telltale.feed_open(
    p_host      text,
    p_program   text,
    p_pid       integer,
    p_listening boolean,
    p_previous  bigint,
    p_accounts  bigint[],
    p_classes   text[],
    p_counts    integer[],
    out listener_id    bigint,
    out generation     bigint,
    out cluster        text,
    out timeline       integer,
    out floor_event_id bigint,
    out snapshot       pg_snapshot,
    out opened_us      bigint,
    out drawn          bigint)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_generation telltale.log_generation;
begin
    -- First of all: what follows assigns our transaction id.
    select case when s.is_called then s.last_value else s.last_value - 1 end
      into drawn
      from telltale.job_event_id as s;

    v_generation   := telltale.feed_generation();
    generation     := v_generation.generation;
    cluster        := v_generation.cluster;
    timeline       := v_generation.timeline;
    floor_event_id := v_generation.floor_event_id;

    delete from telltale.listener as l where l.listener_id = p_previous;
    delete from telltale.listener_sleep as s where s.listener_id = p_previous;

    insert into telltale.listener as l (host, program, pid, backend_pid, listening)
    values (left(p_host, 255), left(p_program, 64), p_pid, pg_backend_pid(),
            p_listening)
    returning l.listener_id into feed_open.listener_id;

    if p_listening then
        perform pg_advisory_lock(29780, feed_open.listener_id::integer);
    end if;
    insert into telltale.listener_sleep (listener_id)
    values (feed_open.listener_id);

    insert into telltale.stream_lease (account_id, class, listener_id, n)
    select a.account_id, h.class, feed_open.listener_id, sum(h.n)
      from unnest(p_accounts, p_classes, p_counts) as h (account_id, class, n)
      join telltale.account as a on a.account_id = h.account_id
     group by a.account_id, h.class
    having sum(h.n) > 0;

    snapshot  := pg_current_snapshot();
    opened_us := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
end;
$$;

comment on function telltale.feed_open(text, text, integer, boolean, bigint, bigint[], text[], integer[]) is
    'A hub begins: registers it and its streams, and says where it starts to read.';

revoke all on function telltale.feed_open(text, text, integer, boolean, bigint, bigint[], text[], integer[]) from public;
grant execute on function telltale.feed_open(text, text, integer, boolean, bigint, bigint[], text[], integer[]) to telltale_web;
