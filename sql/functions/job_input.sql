-- telltale.job_input(text, integer)
--      returns table (n, field, name, media_type, data)
--
--      The files that were submitted with a job, in the order in which they
--      came: only for the worker that holds it.  No row if there were none.
--
--      job_id, attempt  as claim() gave them
--
--      name and media_type are what the client said: not to be trusted.
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 if it is not this
--              attempt's any more: cancelled, removed, ended, lease lost
-- Called by:   workers
-- Reads:       telltale.job, telltale.job_input

create or replace function telltale.job_input(job_id text, attempt integer)
returns table (n integer, field text, name text, media_type text, data bytea)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_job bigint;
begin
    -- Whose lease lives is processing: see progress.
    select j.id
      into v_job
      from telltale.job as j
     where j.job_id  = job_input.job_id
       and j.attempt = job_input.attempt
       and j.lease_until >= clock_timestamp();
    if not found then
        perform telltale.job_refuse(job_input.job_id, job_input.attempt);
    end if;

    return query
    select i.n, i.field, i.name, i.media_type, i.data
      from telltale.job_input as i
     where i.job = v_job
     order by i.n;
end
$$;

comment on function telltale.job_input(text, integer) is
    'The files that were submitted with a job, for the worker that holds it.';

revoke all on function telltale.job_input(text, integer) from public;
grant execute on function telltale.job_input(text, integer)
    to telltale_worker, telltale_admin;
