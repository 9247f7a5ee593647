-- telltale.tick_schedule() returns table (done bigint, note text)
--
--      Looks at the schedules that are enabled and due, each as often as its
--      check_interval_seconds says: up to 1,000, whose turn has waited longest
--      first.  Half of a tick early is due, or one of five seconds would be
--      looked at in ten.  Returns how many queues it paused or resumed.
--
--      An account whose queue somebody is just pausing waits for the next time,
--      and while somebody pauses the whole server all do.
--
-- Called by:   tick
-- Reads:       telltale.schedule, telltale.account
-- Writes:      as schedule_check does

create or replace function telltale.tick_schedule(
    out done bigint, out note text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_account_id bigint;
begin
    done := 0;
    note := '';
    if not pg_try_advisory_xact_lock_shared(29784, 0) then
        note := 'the whole server is just being paused or resumed, later';
        return;
    end if;

    for v_account_id in
        select s.account_id
          from telltale.schedule as s
          join telltale.account as a on a.account_id = s.account_id
         where s.enabled
           and a.terminated_at is null
           and (s.checked_at > clock_timestamp() + interval '2.5 seconds'
                               - s.check_interval_seconds * interval '1 second') is not true
         order by s.checked_at, s.account_id
         limit 1000
    loop
        perform from telltale.queue_control as q
          where q.account_id = v_account_id
            for update skip locked;
        if found and telltale.schedule_check(v_account_id) then
            done := done + 1;
        end if;
    end loop;
end
$$;

comment on function telltale.tick_schedule() is
    'Looks at the schedules that are due.';

revoke all on function telltale.tick_schedule() from public;
