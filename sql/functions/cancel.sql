-- telltale.cancel(text) returns text
--
--      Nobody wants this job any more.  Returns 'cancelled', also if it was so
--      already.  A worker that has it learns of it from its next progress().
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 completed or failed
-- Called by:   sites and workers, bin/telltale
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.cancel(job_id text)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_now timestamptz := clock_timestamp();
    v_job telltale.job;
begin
    update telltale.job as j
       set status       = 'cancelled',
           lease_until  = null,
           completed_at = v_now,
           updated_at   = v_now,
           seq          = j.seq + 1
     where j.job_id = cancel.job_id
       and j.status in ('queued', 'processing')
    returning j.* into v_job;
    if found then
        perform telltale.job_event_append(v_job, 'job.cancelled',
            jsonb_build_object(
                'attempt',   v_job.attempt,
                'file_path', v_job.file_path));
        return 'cancelled';
    end if;

    v_job := telltale.job_find(cancel.job_id);
    if v_job.id is null then
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
