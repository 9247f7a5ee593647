-- telltale.remove(text) returns boolean
--
--      Takes a job away, whatever its status.  A worker that has it learns of
--      it from its next progress().  False if it was removed before; that is
--      known for as long as the log is kept.
--
-- Raises:      TT400 malformed, TT404 if there never was such a job
-- Called by:   sites and workers
-- Writes:      telltale.job, telltale.job_event, by job_remove

create or replace function telltale.remove(job_id text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
begin
    if telltale.job_remove(null, remove.job_id) then
        return true;
    end if;
    -- Or raise that it never was.
    perform telltale.job_find(remove.job_id);
    return false;
end
$$;

comment on function telltale.remove(text) is
    'Takes a job away; false if it was removed before.';

revoke all on function telltale.remove(text) from public;
grant execute on function telltale.remove(text)
    to telltale_worker, telltale_admin;
