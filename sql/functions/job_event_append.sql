-- telltale.job_event_append(job, kind, data, exact)
--
--      Write an event of a job.  p_job is the row as the update that raised
--      seq returned it, so its row lock is held.  What every job event carries
--      is added here: progress, and detail and frames where there are any; and
--      the action, where there is one, of what happens to the job as a whole.
--      Nulls in p_data are left out; p_exact is what a worker has said, and
--      stays as it is.
--
-- Called by:   the worker functions
-- Writes:      telltale.job_event, by event_append

create or replace function telltale.job_event_append(
    p_job   telltale.job,
    p_kind  text,
    p_data  jsonb,
    p_exact jsonb default null)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_data jsonb := jsonb_strip_nulls(p_data || jsonb_build_object(
        'progress',         trim_scale(p_job.progress),
        'detail',           p_job.detail,
        'frames_completed', p_job.frames_completed,
        'frame_count',      p_job.frame_count));
begin
    -- A payload may be big, and to read it is not for what happens all the time.
    if p_kind like 'job.%' and p_kind <> 'job.progress' then
        v_data := v_data || jsonb_strip_nulls(
            jsonb_build_object('action', telltale.job_action(p_job.payload)));
    end if;
    if p_exact is not null then
        v_data := v_data || p_exact;
    end if;
    perform telltale.event_append(
        p_job.account_id, p_job.id, p_job.job_id, p_job.type, p_job.seq, p_kind,
        v_data);
end;
$$;

comment on function telltale.job_event_append(telltale.job, text, jsonb, jsonb) is
    'Writes an event of a job, with its progress, to the log.';

revoke all on function telltale.job_event_append(telltale.job, text, jsonb, jsonb) from public;
