-- telltale.stage_started(text, integer, text) returns boolean
--
--      A stage of the work begins: the event stage.started.  Extends the lease.
--
--      job_id, attempt  as claim() gave them
--      stage            its name, 1 to 64 characters, none of control
--
--      False: cancelled, removed, ended, or the lease is lost.  Stop working.
--
-- Raises:      TT400 malformed, TT404 if there never was such a job
-- Called by:   workers
-- Writes:      telltale.job, telltale.job_event, by job_tell

create or replace function telltale.stage_started(
    job_id text, attempt integer, stage text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if stage ~ '^[^[:cntrl:]]{1,64}$' is not true then
        raise exception using errcode = 'TT400', message =
            format('stage %L: a name of 1 to 64 characters wanted', left(stage, 80));
    end if;
    return telltale.job_tell(job_id, attempt, 'stage.started',
                             jsonb_build_object('stage', stage));
end
$$;

comment on function telltale.stage_started(text, integer, text) is
    'A stage of the work begins; false means stop.';

revoke all on function telltale.stage_started(text, integer, text) from public;
grant execute on function telltale.stage_started(text, integer, text)
    to telltale_worker, telltale_admin;
