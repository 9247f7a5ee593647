-- telltale.job_cancel(account_id, job_id) returns telltale.job
--
--      Ends the job of that name, if it has not ended.  Returns it as it stands
--      then; null if there is none, or if it is not that account's (null:
--      anybody's).
--
-- Called by:   cancel, web_cancel
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.job_cancel(p_account_id bigint, p_job_id text)
returns telltale.job
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_job telltale.job;
begin
    loop
        -- What has no end is queued or processing: see progress.
        update telltale.job as j
           set status       = 'cancelled',
               lease_until  = null,
               completed_at = v_now,
               updated_at   = v_now,
               seq          = j.seq + 1
         where j.job_id = p_job_id
           and (p_account_id is null or j.account_id = p_account_id)
           and j.completed_at is null
        returning j.* into v_job;
        if found then
            perform telltale.job_event_append(v_job, 'job.cancelled',
                jsonb_build_object(
                    'attempt',   v_job.attempt,
                    'file_path', v_job.file_path));
            return v_job;
        end if;

        select j.*
          into v_job
          from telltale.job as j
         where j.job_id = p_job_id
           and (p_account_id is null or j.account_id = p_account_id);
        if v_job.id is null or v_job.completed_at is not null then
            return v_job;
        end if;
        -- Tried again in between: so it can be cancelled now.
    end loop;
end
$$;

comment on function telltale.job_cancel(bigint, text) is
    'Ends a job that has not ended, and returns it as it stands.';

revoke all on function telltale.job_cancel(bigint, text) from public;
