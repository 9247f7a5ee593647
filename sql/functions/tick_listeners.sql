-- telltale.tick_listeners() returns bigint
--
--      Takes dead hubs off the lists, so that writers do not ring for them and
--      their leases are free: whoever was not seen for 15 s; and whoever was
--      not for 5 s, listens, and does not hold his advisory lock (class 29780).
--      A hub that polls holds none.  Returns how many.
--
--      If lease_reap() is at it just now, we come too early and do nothing.
--
-- Called by:   tick
-- Writes:      telltale.listener, telltale.listener_sleep,
--              telltale.stream_lease by cascade

create or replace function telltale.tick_listeners()
returns bigint
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_dead bigint[];
begin
    if not pg_try_advisory_xact_lock(29782, 0) then
        return 0;
    end if;

    with dead as (
        delete from telltale.listener as l
         where l.seen_at < clock_timestamp() - interval '5 seconds'
           and case
               when l.seen_at < clock_timestamp() - interval '15 seconds' then true
               when l.listening
               then pg_try_advisory_xact_lock(29780, l.listener_id::integer)
               else false end
        returning l.listener_id)
    select coalesce(array_agg(d.listener_id), '{}')
      into v_dead
      from dead as d;

    delete from telltale.listener_sleep as s
     where s.listener_id = any (v_dead)
        or not exists (select from telltale.listener as l
                        where l.listener_id = s.listener_id);
    return cardinality(v_dead);
end
$$;

comment on function telltale.tick_listeners() is
    'Takes dead hubs off the lists.';

revoke all on function telltale.tick_listeners() from public;
