-- telltale.tick_duty() returns table (duty text, n integer, every interval)
--
--      The duties of tick(), in the order in which it does them: those that
--      lock tables last.  n is the number of the duty's advisory lock.
--
-- Called by:   tick, tick_duties

create or replace function telltale.tick_duty()
returns table (duty text, n integer, every interval)
language sql immutable parallel safe
security definer set search_path = pg_catalog, pg_temp
begin atomic
    select d.duty, d.n, d.every
      from (values ('leases',     1, interval '5 seconds'),
                   ('listeners',  2, interval '5 seconds'),
                   ('schedule',   3, interval '5 seconds'),
                   ('tally',      4, interval '5 seconds'),
                   ('forget',     5, interval '10 minutes'),
                   ('partitions', 6, interval '1 hour'),
                   ('retention',  7, interval '1 hour')) as d (duty, n, every)
     order by d.n;
end;

comment on function telltale.tick_duty() is
    'The duties of tick(), and how often each is due.';

revoke all on function telltale.tick_duty() from public;
