-- telltale.job_remove(account_id, job_id) returns boolean
--
--      Takes the job of that name away, whatever its status.  False if there is
--      none, or if it is not that account's (null: anybody's).
--
-- Called by:   remove, web_queue_remove
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.job_remove(p_account_id bigint, p_job_id text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_job telltale.job;
begin
    -- The event is the job's last: its number is raised under the row's lock.
    update telltale.job as j
       set seq = j.seq + 1, updated_at = clock_timestamp()
     where j.job_id = p_job_id
       and (p_account_id is null or j.account_id = p_account_id)
    returning j.* into v_job;
    if not found then
        return false;
    end if;

    perform telltale.job_event_append(v_job, 'job.deleted',
        jsonb_build_object(
            'attempt',   v_job.attempt,
            'file_path', v_job.file_path,
            'status',    v_job.status));
    delete from telltale.job as j where j.id = v_job.id;
    return true;
end
$$;

comment on function telltale.job_remove(bigint, text) is
    'Takes a job away, whatever its status.';

revoke all on function telltale.job_remove(bigint, text) from public;
