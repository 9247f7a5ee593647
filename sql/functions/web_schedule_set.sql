-- telltale.web_schedule_set(key, scope, schedule)
--      returns (verdict, rate_per_minute, unused, message, document)
--
--      Changes the schedule of the key's account, and shows it, as
--      telltale.schedule_set() says.  One row always; verdict is one of
--      telltale.web_key(), or
--
--      invalid  message says what is wrong with it, and where: for the client.
--               Then nothing is changed.
--
--      schedule is JSON.  It comes as text, because what PostgreSQL would not
--      take for a jsonb is the client's fault as well.  And nothing is raised,
--      because who sends what is wrong pays for the request like others.
--
-- Called by:   cgi-bin/control, by lib/job/control
-- Writes:      telltale.schedule, telltale.schedule_rule, telltale.queue_control,
--              telltale.job_event, by schedule_set

create or replace function telltale.web_schedule_set(
    p_key      bytea,
    p_scope    text,
    p_schedule text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out message         text,
    out document        jsonb)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_who    record;
    v_change jsonb;
begin
    select k.* into v_who
      from telltale.web_key(p_key, p_scope) as k;
    verdict         := v_who.verdict;
    rate_per_minute := v_who.rate_per_minute;
    unused          := v_who.unused;
    if verdict <> 'ok' then
        return;
    end if;

    begin
        v_change := p_schedule;
    exception when data_exception then
        verdict := 'invalid';
        message := 'JSON wanted, with numbers that fit 64 bits';
        return;
    end;
    begin
        document := telltale.schedule_set(v_who.account_id, v_change);
    exception when sqlstate 'TT400' then
        verdict := 'invalid';
        message := sqlerrm;
    end;
end
$$;

comment on function telltale.web_schedule_set(bytea, text, text) is
    'Judges the key, and changes the schedule of its account.';

revoke all on function telltale.web_schedule_set(bytea, text, text) from public;
grant execute on function telltale.web_schedule_set(bytea, text, text) to telltale_web;
