-- telltale.web_schedule_get(key, scope)
--      returns (verdict, rate_per_minute, unused, document)
--
--      The schedule of the key's account, as telltale.schedule_state() says.  One
--      row always; verdict is one of telltale.web_key(), and document is null
--      unless 'ok'.
--
-- Called by:   cgi-bin/control, by lib/job/control
-- Reads:       as schedule_state does

create or replace function telltale.web_schedule_get(
    p_key   bytea,
    p_scope text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out document        jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_who record;
begin
    select k.* into v_who
      from telltale.web_key(p_key, p_scope) as k;
    verdict         := v_who.verdict;
    rate_per_minute := v_who.rate_per_minute;
    unused          := v_who.unused;
    if verdict = 'ok' then
        document := telltale.schedule_state(v_who.account_id);
    end if;
end
$$;

comment on function telltale.web_schedule_get(bytea, text) is
    'Judges the key, and shows the schedule of its account.';

revoke all on function telltale.web_schedule_get(bytea, text) from public;
grant execute on function telltale.web_schedule_get(bytea, text) to telltale_web;
