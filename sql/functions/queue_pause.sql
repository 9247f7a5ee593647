-- telltale.queue_pause(bigint, boolean, text) returns boolean
--
--      Pauses an account's queue (true) or resumes it (false), by hand: whatever
--      its schedule wants, until that next changes its mind.  True if the queue
--      is now what it was not.
--
--      The event queue.paused or queue.resumed, with the source, tells of it;
--      but not while the whole server is paused, because then it stays as it is
--      for those who watch.  The same again writes nothing.
--
--      The caller has made sure that there is such an account, and that it is
--      his to pause.  The source is 1 to 64 characters.
--
-- Raises:      TT400 malformed
-- Called by:   pause, resume, web functions
-- Writes:      telltale.queue_control; telltale.job_event, by event_append

create or replace function telltale.queue_pause(
    p_account_id bigint, p_paused boolean, p_source text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_queue record;
begin
    if p_source ~ '^[^[:cntrl:]]{1,64}$' is not true then
        raise exception using errcode = 'TT400', message =
            format('source %L: a name of 1 to 64 characters wanted', left(p_source, 80));
    end if;

    v_queue := telltale.queue_lock(p_account_id);
    if (v_queue.control).user_override = p_paused then
        return false;
    end if;

    update telltale.queue_control as q
       set user_override = p_paused, paused = p_paused,
           source = p_source, changed_at = clock_timestamp()
     where q.account_id = p_account_id;
    if (v_queue.control).paused = p_paused then
        return false;
    end if;
    if not v_queue.server_paused then
        perform telltale.event_append(p_account_id, null, null, null, null,
            case when p_paused then 'queue.paused' else 'queue.resumed' end,
            jsonb_build_object('source', p_source));
    end if;
    return true;
end
$$;

comment on function telltale.queue_pause(bigint, boolean, text) is
    'Pauses or resumes an account''s queue by hand; true if that changed it.';

revoke all on function telltale.queue_pause(bigint, boolean, text) from public;
