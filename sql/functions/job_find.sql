-- telltale.job_find(text) returns telltale.job
--
--      The job of that public name as it stands; null if it was removed.
--
--      A job that was removed is told from one that never was by its
--      job.deleted event, so only for as long as the log is kept.
--
-- Raises:      TT400 if no job can have that name, TT404 if none ever had
-- Called by:   progress, cancel, retry, remove, job_refuse
-- Reads:       telltale.job, telltale.job_event

create or replace function telltale.job_find(p_job_id text)
returns telltale.job
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_job telltale.job;
begin
    if p_job_id is null or p_job_id !~ '^[A-Za-z0-9_-]{1,64}$' then
        raise exception using errcode = 'TT400', message =
            format('job id %L: 1 to 64 of A-Z a-z 0-9 _ - wanted',
                   left(p_job_id, 80));
    end if;

    select j.*
      into v_job
      from telltale.job as j
     where j.job_id = p_job_id;
    if found then
        return v_job;
    end if;

    if not exists (select from telltale.job_event as e
                    where e.job_id = p_job_id
                      and e.kind = 'job.deleted') then
        raise exception using errcode = 'TT404', message =
            format('there is no job %s', p_job_id);
    end if;
    return null;
end
$$;

comment on function telltale.job_find(text) is
    'The job of that public name; null if removed, an error if it never was.';

revoke all on function telltale.job_find(text) from public;
