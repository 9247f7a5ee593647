-- telltale.pause(text, text) returns boolean
--
--      That account's queue is paused: claim() hands out none of its jobs; those
--      that run go on.  Without an account (null) the whole server is.  True if
--      that changed anything, so it can be said twice.
--
--      account  whose queue; null for everybody's
--      source   who says so, 1 to 64 characters; manual
--
--      A claim() that begins after this was committed hands out nothing.  One
--      that looked before, or has an older snapshot, may still.
--
--      The account's schedule is overridden, until it next changes its mind.
--
-- Raises:      TT400 malformed, TT404 no such account
-- Called by:   bin/telltale
-- Writes:      telltale.queue_control, telltale.job_event, by queue_pause or
--              server_pause

create or replace function telltale.pause(
    account text, source text default 'manual')
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
begin
    if pause.account is null then
        return telltale.server_pause(true, coalesce(pause.source, 'manual'));
    end if;
    return telltale.queue_pause((telltale.account_find(pause.account)).account_id,
                                true, coalesce(pause.source, 'manual'));
end
$$;

comment on function telltale.pause(text, text) is
    'Pauses the queue of an account, or of all; true if that changed anything.';

revoke all on function telltale.pause(text, text) from public;
grant execute on function telltale.pause(text, text) to telltale_admin;
