-- telltale.job_give_back(telltale.job, boolean, interval, text, text) returns text
--
--      Ends an attempt that did not complete: the job is queued again, to run
--      after the wait, or has failed if that was its last attempt or trying
--      again is no use.  Returns the status it has now.
--
--      The caller holds the row's lock and has seen that it is processing.
--
-- Called by:   fail, lease_expire
-- Writes:      telltale.job, telltale.job_event, telltale.webhook_delivery

create or replace function telltale.job_give_back(
    p_job telltale.job, p_retryable boolean, p_wait interval,
    p_error text, p_error_code text)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_job telltale.job;
begin
    if p_retryable and p_job.attempt < p_job.max_attempts then
        update telltale.job as j
           set status = 'queued', progress = 0, detail = null,
               frames_completed = null, frame_count = null,
               run_after = v_now + p_wait, lease_until = null,
               seq = j.seq + 1, updated_at = v_now
         where j.id = p_job.id
        returning j.* into strict v_job;

        perform telltale.job_event_append(v_job, 'job.requeued',
            jsonb_build_object(
                'attempt',    v_job.attempt,
                'file_path',  v_job.file_path,
                'priority',   v_job.priority,
                'error',      p_error,
                'error_code', p_error_code,
                'run_after',  v_job.run_after));
    else
        update telltale.job as j
           set status = 'failed', error = p_error, error_code = p_error_code,
               lease_until = null, completed_at = v_now,
               seq = j.seq + 1, updated_at = v_now
         where j.id = p_job.id
        returning j.* into strict v_job;

        perform telltale.job_event_append(v_job, 'job.failed',
            jsonb_build_object(
                'attempt',    v_job.attempt,
                'error_code', v_job.error_code,
                'error',      v_job.error,
                'file_path',  v_job.file_path));
        perform telltale.webhook_enqueue(v_job);
    end if;
    return v_job.status;
end
$$;

comment on function telltale.job_give_back(telltale.job, boolean, interval, text, text) is
    'Ends an attempt that did not complete: queued again, or failed.';

revoke all on function telltale.job_give_back(telltale.job, boolean, interval, text, text) from public;
