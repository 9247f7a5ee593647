-- telltale.retry(text) returns text
--
--      A failed or cancelled job is queued again, at once: see job_retry.  A job
--      that is queued for later is due at once.  Returns 'queued'.
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 processing or completed
-- Called by:   sites and workers, bin/telltale
-- Writes:      telltale.job, telltale.job_event, by job_retry

create or replace function telltale.retry(job_id text)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_job telltale.job := telltale.job_retry(null, retry.job_id, true);
begin
    if v_job.id is not null then
        return 'queued';
    end if;

    v_job := telltale.job_find(retry.job_id);
    if v_job.id is null then
        raise exception using errcode = 'TT404', message =
            format('job %s was removed', retry.job_id);
    elsif v_job.status <> 'queued' then
        raise exception using errcode = 'TT409', message =
            format('job %s is %s: only a failed or cancelled one is tried again',
                   retry.job_id, v_job.status);
    end if;
    return 'queued';
end
$$;

comment on function telltale.retry(text) is
    'A failed or cancelled job is queued again, at once.';

revoke all on function telltale.retry(text) from public;
grant execute on function telltale.retry(text)
    to telltale_worker, telltale_admin;
