-- telltale.job_tell(text, integer, text, jsonb, jsonb) returns boolean
--
--      An event that a worker has to tell of the job it holds, and its sign of
--      life.  False: cancelled, removed, ended, or the lease is lost.
--
--      p_data and p_exact as job_event_append takes them.
--
-- Raises:      TT400 malformed, TT404 if there never was such a job
-- Called by:   stage_started, stage_completed, score
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.job_tell(
    p_job_id text, p_attempt integer, p_kind text, p_data jsonb,
    p_exact jsonb default null)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_job telltale.job;
begin
    if p_attempt is null then
        raise exception using errcode = 'TT400', message =
            'attempt is null: pass the number that claim() gave';
    end if;

    -- Whose lease lives is processing: see progress.
    update telltale.job as j
       set lease_until = clock_timestamp() + j.lease,
           updated_at  = clock_timestamp(),
           seq         = j.seq + 1
     where j.job_id  = p_job_id
       and j.attempt = p_attempt
       and j.lease_until >= clock_timestamp()
    returning j.* into v_job;
    if not found then
        v_job := telltale.job_find(p_job_id);
        return false;
    end if;

    perform telltale.job_event_append(v_job, p_kind,
        p_data || jsonb_build_object('attempt', v_job.attempt), p_exact);
    return true;
end
$$;

comment on function telltale.job_tell(text, integer, text, jsonb, jsonb) is
    'An event of a job, told by the worker that holds it.';

revoke all on function telltale.job_tell(text, integer, text, jsonb, jsonb) from public;
