-- telltale.web_queue_pause(key, scope, paused)
--      returns (verdict, rate_per_minute, unused)
--
--      Pauses the queue of the key's account (true) or resumes it (false), by
--      hand.  One row always; verdict is one of telltale.web_key(), 'ok' also if
--      it was so before.
--
-- Called by:   cgi-bin/control, by lib/job/control
-- Writes:      telltale.queue_control, telltale.job_event, by queue_pause

create or replace function telltale.web_queue_pause(
    p_key    bytea,
    p_scope  text,
    p_paused boolean,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean)
language plpgsql volatile
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
        perform telltale.queue_pause(v_who.account_id, p_paused, 'manual');
    end if;
end
$$;

comment on function telltale.web_queue_pause(bytea, text, boolean) is
    'Judges the key, and pauses or resumes the queue of its account.';

revoke all on function telltale.web_queue_pause(bytea, text, boolean) from public;
grant execute on function telltale.web_queue_pause(bytea, text, boolean) to telltale_web;
