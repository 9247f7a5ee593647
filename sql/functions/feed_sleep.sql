-- telltale.feed_sleep(listener, asleep) returns boolean
--
--      A hub says whether the doorbell is to be rung for it.  False if it has
--      no row any more (it was taken for dead, or the cluster crashed): it
--      must begin anew.
--
-- Called by:   lib/job/feed
-- Writes:      telltale.listener_sleep

create or replace function telltale.feed_sleep(
    p_listener_id bigint,
    p_asleep      boolean)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update telltale.listener_sleep as s
       set asleep = p_asleep
     where s.listener_id = p_listener_id;
    return found;
end;
$$;

comment on function telltale.feed_sleep(bigint, boolean) is
    'A hub goes to sleep, or wakes.';

revoke all on function telltale.feed_sleep(bigint, boolean) from public;
grant execute on function telltale.feed_sleep(bigint, boolean) to telltale_web;
