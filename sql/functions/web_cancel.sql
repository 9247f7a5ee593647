-- telltale.web_cancel(key, scope, job_id)
--      returns (verdict, rate_per_minute, unused, job_id, status)
--
--      Nobody wants this job of the key's account any more.  One row always,
--      the key judged first; verdict is one of telltale.web_key(), or
--
--      ok         it is cancelled; a worker that has it learns of it when it
--                 next reports.  Also if it was cancelled already.
--      not_found  there is none, or it is another account's
--      conflict   it has ended otherwise: status says how
--
--      job_id and status are null unless 'ok' or 'conflict'.
--
-- Called by:   cgi-bin/job
-- Writes:      telltale.job, telltale.job_event, by job_cancel

create or replace function telltale.web_cancel(
    p_key    bytea,
    p_scope  text,
    p_job_id text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out job_id          text,
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

    v_job   := telltale.job_cancel(v_who.account_id, p_job_id);
    job_id  := v_job.job_id;
    status  := v_job.status;
    verdict := case when v_job.id is null        then 'not_found'
                    when status <> 'cancelled' then 'conflict'
                    else 'ok' end;
end
$$;

comment on function telltale.web_cancel(bytea, text, text) is
    'Judges the key, and ends one job of its account.';

revoke all on function telltale.web_cancel(bytea, text, text) from public;
grant execute on function telltale.web_cancel(bytea, text, text) to telltale_web;
