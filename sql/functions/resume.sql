-- telltale.resume(text, text) returns boolean
--
--      That account's queue goes on, or without an account (null) the whole
--      server: what is paused besides stays paused.  True if that changed
--      anything, so it can be said twice.
--
--      account  whose queue; null for everybody's
--      source   who says so, 1 to 64 characters; manual
--
--      The account's schedule is overridden, until it next changes its mind.
--
-- Raises:      TT400 malformed, TT404 no such account
-- Called by:   bin/telltale
-- Writes:      telltale.queue_control, telltale.job_event, by queue_pause or
--              server_pause

create or replace function telltale.resume(
    account text, source text default 'manual')
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
begin
    if resume.account is null then
        return telltale.server_pause(false, coalesce(resume.source, 'manual'));
    end if;
    return telltale.queue_pause((telltale.account_find(resume.account)).account_id,
                                false, coalesce(resume.source, 'manual'));
end
$$;

comment on function telltale.resume(text, text) is
    'The queue of an account, or of all, goes on; true if that changed anything.';

revoke all on function telltale.resume(text, text) from public;
grant execute on function telltale.resume(text, text) to telltale_admin;
