-- telltale.web_queue_retry(key, scope, job_id)
--      returns (verdict, rate_per_minute, unused, status)
--
--      The job of the key's account is to be tried again.  One row always, the
--      key judged first; verdict is one of telltale.web_key(), or
--
--      ok         it had failed or was cancelled, and is queued
--      not_found  there is none, or it is another account's
--      conflict   it has not ended, or has completed: status says
--
--      status is null unless 'ok' or 'conflict'.
--
-- Called by:   cgi-bin/queue, by lib/job/retry
-- Writes:      telltale.job, telltale.job_event, by job_retry

create or replace function telltale.web_queue_retry(
    p_key    bytea,
    p_scope  text,
    p_job_id text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out status          text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_who record;
    v_job telltale.job;
begin
    select k.* into v_who
      from telltale.web_key(p_key, p_scope) as k;
    verdict         := v_who.verdict;
    rate_per_minute := v_who.rate_per_minute;
    unused          := v_who.unused;
    if verdict <> 'ok' then
        return;
    end if;

    v_job := telltale.job_retry(v_who.account_id, p_job_id, false);
    if v_job.id is null then
        select j.* into v_job
          from telltale.job as j
         where j.job_id = p_job_id
           and j.account_id = v_who.account_id;
        verdict := case when found then 'conflict' else 'not_found' end;
    end if;
    status := v_job.status;
end
$$;

comment on function telltale.web_queue_retry(bytea, text, text) is
    'Judges the key, and queues one ended job of its account again.';

revoke all on function telltale.web_queue_retry(bytea, text, text) from public;
grant execute on function telltale.web_queue_retry(bytea, text, text) to telltale_web;
