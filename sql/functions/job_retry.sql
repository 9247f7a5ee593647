-- telltale.job_retry(account_id, job_id, early) returns telltale.job
--
--      Queues the job of that name again, at once, if it failed or was
--      cancelled; early: also makes one due that is queued for later.  Returns
--      it as it stands then; null if there was none to queue, or if it is not
--      that account's (null: anybody's).
--
--      Nothing of its past is left but the number of attempts, and it is
--      allowed one more at least.
--
-- Called by:   retry, web_queue_retry
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.job_retry(
    p_account_id bigint, p_job_id text, p_early boolean)
returns telltale.job
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
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
     where j.job_id = p_job_id
       and (p_account_id is null or j.account_id = p_account_id)
       and (j.status in ('failed', 'cancelled')
            or p_early and j.status = 'queued' and j.run_after > v_now)
    returning j.* into v_job;
    if found then
        perform telltale.job_event_append(v_job, 'job.requeued',
            jsonb_build_object(
                'attempt',   v_job.attempt,
                'file_path', v_job.file_path,
                'priority',  v_job.priority,
                'run_after', v_job.run_after));
    end if;
    return v_job;
end
$$;

comment on function telltale.job_retry(bigint, text, boolean) is
    'A failed or cancelled job is queued again, at once.';

revoke all on function telltale.job_retry(bigint, text, boolean) from public;
