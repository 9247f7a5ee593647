-- telltale.remove(text) returns boolean
--
--      Takes a job away, whatever its status.  A worker that has it learns of
--      it from its next progress().  False if it was removed before; that is
--      known for as long as the log is kept.
--
-- Raises:      TT400 malformed, TT404 if there never was such a job
-- Called by:   sites and workers
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.remove(job_id text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_job telltale.job;
begin
    -- The event is the job's last: its number is raised under the row's lock.
    update telltale.job as j
       set seq = j.seq + 1, updated_at = clock_timestamp()
     where j.job_id = remove.job_id
    returning j.* into v_job;
    if not found then
        v_job := telltale.job_find(remove.job_id);
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

comment on function telltale.remove(text) is
    'Takes a job away; false if it was removed before.';

revoke all on function telltale.remove(text) from public;
grant execute on function telltale.remove(text)
    to telltale_worker, telltale_admin;
