-- telltale.stage_completed(text, integer, text, jsonb) returns boolean
--
--      A stage of the work is done: the event stage.completed.  Extends the
--      lease.
--
--      job_id, attempt  as claim() gave them
--      stage            its name, 1 to 64 characters, none of control
--      checks           what it found: a JSON array, told as it is; up to
--                       128 KiB of text
--
--      False: cancelled, removed, ended, or the lease is lost.  Stop working.
--
-- Raises:      TT400 malformed, TT404 if there never was such a job
-- Called by:   workers
-- Writes:      telltale.job, telltale.job_event, by job_tell

create or replace function telltale.stage_completed(
    job_id text, attempt integer, stage text, checks jsonb default '[]')
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_checks jsonb := coalesce(checks, '[]');
    v_wrong  text  := case
        when stage ~ '^[^[:cntrl:]]{1,64}$' is not true then
            format('stage %L: a name of 1 to 64 characters wanted', left(stage, 80))
        when jsonb_typeof(v_checks) <> 'array' then
            format('checks is of type %s: a JSON array wanted', jsonb_typeof(v_checks))
        when octet_length(v_checks::text) > 131072 then
            format('checks of %s bytes: up to 131072 wanted', octet_length(v_checks::text))
        end;
begin
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;
    return telltale.job_tell(job_id, attempt, 'stage.completed',
                             jsonb_build_object('stage', stage),
                             jsonb_build_object('checks', v_checks));
end
$$;

comment on function telltale.stage_completed(text, integer, text, jsonb) is
    'A stage of the work is done, and what it found; false means stop.';

revoke all on function telltale.stage_completed(text, integer, text, jsonb) from public;
grant execute on function telltale.stage_completed(text, integer, text, jsonb)
    to telltale_worker, telltale_admin;
