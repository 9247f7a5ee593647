-- telltale.feed_close(listener) returns boolean
--
--      A hub goes off: its rows, its leases and its lock are taken away.  False if they
--      had been taken away before.  A hub that polls has no lock.
--
-- Called by:   lib/job/feed
-- Writes:      telltale.listener, telltale.listener_sleep,
--              telltale.stream_lease by cascade

create or replace function telltale.feed_close(p_listener_id bigint)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_known boolean;
begin
    delete from telltale.listener as l where l.listener_id = p_listener_id;
    v_known := found;
    delete from telltale.listener_sleep as s where s.listener_id = p_listener_id;
    perform pg_advisory_unlock(29780, p_listener_id::integer)
       from pg_locks as k
      where k.locktype = 'advisory' and k.pid = pg_backend_pid()
        and k.classid = 29780 and k.objid = p_listener_id::oid;
    return v_known;
end;
$$;

comment on function telltale.feed_close(bigint) is
    'A hub goes off.';

revoke all on function telltale.feed_close(bigint) from public;
grant execute on function telltale.feed_close(bigint) to telltale_web;
