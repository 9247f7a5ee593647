-- telltale.tick_duties() returns setof text
--
--      The duties that are due, and nothing done about them: cheap, for those
--      who ask every few seconds.  Each is then done by tick(duty), in a
--      transaction of its own.
--
-- Called by:   feed_beat, the hubs, bin/telltale
-- Reads:       telltale.tick_state

create or replace function telltale.tick_duties()
returns setof text
language sql stable
security definer set search_path = pg_catalog, pg_temp
begin atomic
    select d.duty
      from telltale.tick_duty() as d
      left join telltale.tick_state as s on s.duty = d.duty
     where (s.last_at > clock_timestamp() - d.every) is not true
     order by d.n;
end;

comment on function telltale.tick_duties() is
    'The duties of tick() that are due.';

revoke all on function telltale.tick_duties() from public;
grant execute on function telltale.tick_duties() to telltale_web, telltale_admin;
