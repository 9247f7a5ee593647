-- telltale.feed_open(host, program, pid, listening)
--      returns (listener_id, generation, cluster, timeline, floor_event_id,
--               snapshot)
--
--      A hub begins: its row in listener and listener_sleep, and a session
--      advisory lock (class 29780, the listener's id) by which tick() sees
--      whether it lives.  The snapshot is where a hub without a cursor starts.
--      listening is false for a feed that polls: it may be behind a pooler,
--      where a session lock would stay with somebody else's session, so only
--      seen_at tells of its life.
--
-- Called by:   lib/job/feed
-- Writes:      telltale.listener, telltale.listener_sleep

create or replace function telltale.feed_open(
    p_host      text,
    p_program   text,
    p_pid       integer,
    p_listening boolean,
    out listener_id    bigint,
    out generation     bigint,
    out cluster        text,
    out timeline       integer,
    out floor_event_id bigint,
    out snapshot       pg_snapshot)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_generation telltale.log_generation := telltale.feed_generation();
begin
    generation     := v_generation.generation;
    cluster        := v_generation.cluster;
    timeline       := v_generation.timeline;
    floor_event_id := v_generation.floor_event_id;

    insert into telltale.listener as l (host, program, pid, backend_pid)
    values (left(p_host, 255), left(p_program, 64), p_pid, pg_backend_pid())
    returning l.listener_id into feed_open.listener_id;

    if p_listening then
        perform pg_advisory_lock(29780, feed_open.listener_id::integer);
    end if;
    insert into telltale.listener_sleep (listener_id)
    values (feed_open.listener_id);

    snapshot := pg_current_snapshot();
end;
$$;

comment on function telltale.feed_open(text, text, integer, boolean) is
    'A hub begins: registers it, and says where it starts to read.';

revoke all on function telltale.feed_open(text, text, integer, boolean) from public;
grant execute on function telltale.feed_open(text, text, integer, boolean) to telltale_web;
