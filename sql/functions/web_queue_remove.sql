-- telltale.web_queue_remove(key, scope, job_id)
--      returns (verdict, rate_per_minute, unused)
--
--      Takes a job of the key's account away.  One row always, the key judged
--      first; verdict is one of telltale.web_key(), or
--
--      ok         it is gone; a worker that has it learns of it when it next
--                 reports
--      not_found  there is none, or it is another account's
--
-- Called by:   cgi-bin/queue, by lib/job/remove
-- Writes:      telltale.job, telltale.job_event, by job_remove

create or replace function telltale.web_queue_remove(
    p_key    bytea,
    p_scope  text,
    p_job_id text,
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
    if verdict = 'ok' and not telltale.job_remove(v_who.account_id, p_job_id) then
        verdict := 'not_found';
    end if;
end
$$;

comment on function telltale.web_queue_remove(bytea, text, text) is
    'Judges the key, and takes one job of its account away.';

revoke all on function telltale.web_queue_remove(bytea, text, text) from public;
grant execute on function telltale.web_queue_remove(bytea, text, text) to telltale_web;
