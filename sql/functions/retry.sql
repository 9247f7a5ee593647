-- telltale.retry(text) returns text
--
--      A failed or cancelled job is queued again, at once, with nothing of its
--      past but the number of attempts, and allowed one more at least.  A job
--      that is queued for later is due at once.  Returns 'queued'.
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 processing or completed
-- Called by:   sites and workers, bin/telltale
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.retry(job_id text)
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
       set status = 'queued', progress = 0, detail = null,
           frames_completed = null, frame_count = null,
           decision = null, categories = null, reason = null, result = null,
           error_code = null, error = null,
           max_attempts = greatest(j.max_attempts, least(j.attempt + 1, 1000)),
           run_after = v_now, completed_at = null,
           seq = j.seq + 1, updated_at = v_now
     where j.job_id = retry.job_id
       and (j.status in ('failed', 'cancelled')
            or j.status = 'queued' and j.run_after > v_now)
    returning j.* into v_job;
    if found then
        perform telltale.job_event_append(v_job, 'job.requeued',
            jsonb_build_object(
                'attempt',   v_job.attempt,
                'file_path', v_job.file_path,
                'priority',  v_job.priority,
                'run_after', v_job.run_after));
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
