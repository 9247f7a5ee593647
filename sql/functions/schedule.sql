-- telltale.schedule(text, jsonb) returns jsonb
--
--      An account's schedule, as schedule_state() shows it; changed before, if
--      there is a second argument: schedule_set() says what it may be.
--
-- Raises:      TT400 malformed, TT404 no such account
-- Called by:   bin/telltale
-- Writes:      telltale.schedule, telltale.schedule_rule, telltale.queue_control,
--              telltale.job_event, by schedule_set

create or replace function telltale.schedule(account text, change jsonb default null)
returns jsonb
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_account telltale.account := telltale.account_find(schedule.account);
begin
    if schedule.change is null then
        return telltale.schedule_state(v_account.account_id);
    end if;
    return telltale.schedule_set(v_account.account_id, schedule.change);
end
$$;

comment on function telltale.schedule(text, jsonb) is
    'An account''s schedule; changed before, if that is wanted.';

revoke all on function telltale.schedule(text, jsonb) from public;
grant execute on function telltale.schedule(text, jsonb) to telltale_admin;
