-- telltale.tick(text) returns table (duty text, done bigint, note text)
--
--      Housekeeping: that duty, or all of them, whether due or not.
--
--      leases      what expired leases held is queued again, or has failed
--      listeners   dead hubs are taken off the lists
--      schedule    queues are paused and resumed as their schedules say
--      tally       jobs that have ended are added to the sums
--      forget      what need not be remembered any more is deleted
--      partitions  days of the log are made ahead
--      retention   days of the log that are too old are dropped
--
--      A duty that somebody else is at gives no row.  One that fails is undone,
--      noted, and due again after a minute; done is null.  Locks that the last
--      two take are held until the end of the transaction, so call tick(duty)
--      for each duty of tick_duties(), in a transaction of its own.
--
-- Raises:      TT400 unknown duty
-- Called by:   the hubs, bin/telltale
-- Writes:      telltale.tick_state, and as the duties do

create or replace function telltale.tick(p_duty text default null)
returns table (duty text, done bigint, note text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_duty  record;
    v_retry interval;
begin
    if p_duty is not null
       and not exists (select from telltale.tick_duty() as d where d.duty = p_duty) then
        raise exception using errcode = 'TT400', message =
            format('duty %L: one of these wanted: %s', left(p_duty, 80),
                   (select string_agg(d.duty, ' ' order by d.n)
                      from telltale.tick_duty() as d));
    end if;

    for v_duty in
        select d.duty, d.n, d.every
          from telltale.tick_duty() as d
         where p_duty is null or d.duty = p_duty
         order by d.n
    loop
        continue when not pg_try_advisory_xact_lock(29781, v_duty.n);
        duty    := v_duty.duty;
        done    := null;
        note    := '';
        v_retry := v_duty.every;
        begin
            case v_duty.duty
            when 'leases' then
                done := telltale.lease_expire(1000);
            when 'listeners' then
                done := telltale.tick_listeners();
            when 'schedule' then
                select s.done, s.note into done, note
                  from telltale.tick_schedule() as s;
            when 'tally' then
                done := telltale.tick_tally();
            when 'forget' then
                done := telltale.tick_forget();
            when 'partitions' then
                select p.done, p.note into done, note
                  from telltale.tick_partitions() as p;
            when 'retention' then
                select r.done, r.note into done, note
                  from telltale.tick_retention() as r;
            end case;
        exception when others then
            done    := null;
            note    := format('%s (%s)', sqlerrm, sqlstate);
            v_retry := least(v_duty.every, interval '1 minute');
        end;

        insert into telltale.tick_state as s (duty, last_at, note)
        values (v_duty.duty, clock_timestamp() - v_duty.every + v_retry, tick.note)
        on conflict on constraint tick_state_pkey do update
           set last_at = excluded.last_at, note = excluded.note;
        return next;
    end loop;
end
$$;

comment on function telltale.tick(text) is
    'Housekeeping: one duty, or all of them.';

revoke all on function telltale.tick(text) from public;
grant execute on function telltale.tick(text) to telltale_web, telltale_admin;
