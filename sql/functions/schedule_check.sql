-- telltale.schedule_check(bigint) returns boolean
--
--      Looks at an account's schedule, and pauses or resumes its queue if the
--      schedule has changed its mind.  True if the queue is now what it was not.
--
--      A schedule wants the queue paused while it is enabled and its conditions
--      are not met.  What it wanted last is scheduler_paused, what the hand has
--      said since is user_override; the queue is paused if the hand says so or,
--      has it said nothing, the schedule.  What it wants now, and what was:
--
--      was wanted  hand     wanted now  the queue             told
--      run         -        run         runs
--      run         -        pause       runs, then rests      scheduler.paused
--      run         paused   run         rests
--      run         paused   pause       rests; hand is let go
--      run         resumed  run         runs
--      run         resumed  pause       runs, then rests      scheduler.paused
--      pause       -        pause       rests
--      pause       -        run         rests, then runs      scheduler.resumed
--      pause       paused   pause       rests
--      pause       paused   run         rests, then runs      scheduler.resumed
--      pause       resumed  pause       runs
--      pause       resumed  run         runs; hand is let go
--
--      So only a schedule that changes its mind does anything; then the hand's
--      word ends, and what becomes of the queue by it is told, unless the whole
--      server is paused.
--
-- Called by:   schedule_set, tick_schedule
-- Writes:      telltale.queue_control, telltale.schedule; telltale.job_event, by
--              event_append

create or replace function telltale.schedule_check(p_account_id bigint)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_queue record;
    v_pause boolean;
begin
    v_queue := telltale.queue_lock(p_account_id);
    update telltale.schedule as s
       set checked_at = clock_timestamp()
     where s.account_id = p_account_id
    returning s.enabled and not (telltale.schedule_look(p_account_id)).met into v_pause;
    if v_pause is null or v_pause = (v_queue.control).scheduler_paused then
        return false;
    end if;

    update telltale.queue_control as q
       set scheduler_paused = v_pause, user_override = null, paused = v_pause,
           source = 'scheduler', changed_at = clock_timestamp()
     where q.account_id = p_account_id;
    if (v_queue.control).paused = v_pause then
        return false;
    end if;
    if not v_queue.server_paused then
        perform telltale.event_append(p_account_id, null, null, null, null,
            case when v_pause then 'scheduler.paused' else 'scheduler.resumed' end,
            '{}');
    end if;
    return true;
end
$$;

comment on function telltale.schedule_check(bigint) is
    'Pauses or resumes a queue if its schedule has changed its mind.';

revoke all on function telltale.schedule_check(bigint) from public;
