-- telltale.lease_reap(account, class) returns boolean
--
--      Takes hubs that are dead, and hold streams of this account and class,
--      off the lists, and all their leases with them.  True if there were any:
--      then it is worth to count again.
--
--      Sooner than tick_listeners(), because somebody waits for the place: dead
--      is who was not seen for 3 s and does not hold his advisory lock (class
--      29780), or polls and was not seen for 5 s.  A hub beats every 2 s, and
--      one that only connects anew is back by then; if it is not, and was
--      taken for dead, it comes back with the number of streams it has.
--
--      One undertaker at a time (lock 29782, 0): who tries a dead hub's lock
--      holds it until he commits, and to another the hub would look alive.
--
-- Called by:   lease_take
-- Reads:       telltale.stream_lease
-- Writes:      telltale.listener

create or replace function telltale.lease_reap(
    p_account_id bigint,
    p_class      text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_silent bigint[];
begin
    v_silent := array(
        select l.listener_id
          from telltale.stream_lease as s
          join telltale.listener as l on l.listener_id = s.listener_id
         where s.account_id = p_account_id
           and s.class = p_class
           and l.seen_at < clock_timestamp() - case when l.listening
               then interval '3 seconds' else interval '5 seconds' end);
    if v_silent = '{}' then
        return false;
    end if;

    perform pg_advisory_xact_lock(29782, 0);
    delete from telltale.listener as l
     where l.listener_id = any (v_silent)
       and case when l.listening
           then l.seen_at < clock_timestamp() - interval '3 seconds'
                and pg_try_advisory_xact_lock(29780, l.listener_id::integer)
           else l.seen_at < clock_timestamp() - interval '5 seconds' end;

    -- Who was before us at it may have done it for us.
    return (select count(*) from telltale.listener as l
             where l.listener_id = any (v_silent)) < cardinality(v_silent);
end
$$;

comment on function telltale.lease_reap(bigint, text) is
    'Takes dead hubs that hold streams of an account off the lists.';

revoke all on function telltale.lease_reap(bigint, text) from public;
