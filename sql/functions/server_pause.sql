-- telltale.server_pause(boolean, text) returns boolean
--
--      Pauses the whole server (true) or resumes it (false).  An account's queue
--      that is paused itself stays so.  True if the server is now what it was
--      not.
--
--      The source, 1 to 64 characters, is for the operator.  The accounts in
--      good standing whose queue stops or goes on by it are told that it was he:
--      queue.paused or queue.resumed with the source "operator".
--
-- Raises:      TT400 malformed
-- Called by:   pause, resume
-- Reads:       telltale.account
-- Writes:      telltale.queue_control; telltale.job_event, by event_append

create or replace function telltale.server_pause(p_paused boolean, p_source text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_source ~ '^[^[:cntrl:]]{1,64}$' is not true then
        raise exception using errcode = 'TT400', message =
            format('source %L: a name of 1 to 64 characters wanted', left(p_source, 80));
    end if;

    -- Waits for all who are just changing an account's: see queue_lock.
    perform pg_advisory_xact_lock(29784, 0);
    insert into telltale.queue_control (account_id)
    values (null)
        on conflict do nothing;
    update telltale.queue_control as q
       set user_override = p_paused, paused = p_paused,
           source = p_source, changed_at = clock_timestamp()
     where q.account_id is null
       and q.paused <> p_paused;
    if not found then
        return false;
    end if;

    perform telltale.event_append(a.account_id, null, null, null, null,
                case when p_paused then 'queue.paused' else 'queue.resumed' end,
                jsonb_build_object('source', 'operator'))
       from telltale.account as a
      where a.terminated_at is null
        and not exists (select from telltale.queue_control as q
                         where q.account_id = a.account_id
                           and q.paused)
      order by a.account_id;
    return true;
end
$$;

comment on function telltale.server_pause(boolean, text) is
    'Pauses or resumes the whole server; true if that changed it.';

revoke all on function telltale.server_pause(boolean, text) from public;
