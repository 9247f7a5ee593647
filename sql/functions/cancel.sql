-- telltale.cancel(text) returns text
--
--      Nobody wants this job any more.  Returns 'cancelled', also if it was so
--      already.  A worker that has it learns of it from its next progress().
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 completed or failed
-- Called by:   sites and workers, bin/telltale
-- Writes:      telltale.job, telltale.job_event, by job_cancel

create or replace function telltale.cancel(job_id text)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_job telltale.job := telltale.job_cancel(null, cancel.job_id);
begin
    if v_job.id is null then
        v_job := telltale.job_find(cancel.job_id);
        raise exception using errcode = 'TT404', message =
            format('job %s was removed', cancel.job_id);
    elsif v_job.status <> 'cancelled' then
        raise exception using errcode = 'TT409', message =
            format('job %s is %s: too late to cancel it', cancel.job_id, v_job.status);
    end if;
    return 'cancelled';
end
$$;

comment on function telltale.cancel(text) is
    'Nobody wants this job any more; queued and processing ones end.';

revoke all on function telltale.cancel(text) from public;
grant execute on function telltale.cancel(text)
    to telltale_worker, telltale_admin;
