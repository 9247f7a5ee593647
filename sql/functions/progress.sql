-- telltale.progress(...) returns boolean
--
--      What a worker has to say, and its sign of life.
--
--      job_id, attempt    as claim() gave them
--      percent            0 to 100; kept to one decimal and at most 99.9, since
--                         only complete() makes it 100; a lower one than before
--                         leaves it as it was
--      detail             what it is doing; cut after 1000 characters
--      frames_completed,  both or neither
--      frame_count
--
--      Null, or not given, leaves the value as it was.  Something new is
--      written, is an event and extends the lease.  Nothing new writes nothing,
--      unless half of the lease is gone.
--
--      False: cancelled, removed, ended, or the lease is lost.  Stop working.
--
-- Raises:      TT400 malformed, TT404 if there never was such a job
-- Called by:   workers, as often as they like: one update and one event
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.progress(
    job_id text, attempt integer, percent numeric, detail text default null,
    frames_completed integer default null, frame_count integer default null)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_progress numeric := least(round(progress.percent, 1), 99.9);
    v_detail   text    := left(progress.detail, 1000);
    v_job      telltale.job;
begin
    -- Not a number is above every number, for PostgreSQL.
    if progress.percent between 0 and 100 is not true then
        raise exception using errcode = 'TT400', message =
            format('percent %s: 0 to 100 wanted',
                   coalesce(left(progress.percent::text, 40), 'null'));
    end if;
    if num_nulls(progress.frames_completed, progress.frame_count) = 1
       or progress.frames_completed not between 0 and progress.frame_count then
        raise exception using errcode = 'TT400', message =
            format('frames %s of %s: both or neither, and no more than there are',
                   coalesce(progress.frames_completed::text, 'null'),
                   coalesce(progress.frame_count::text, 'null'));
    end if;

    -- Whose lease lives is processing.  That word here would let a plan go by
    -- job_processing, if none were so when the table was last analyzed, and read
    -- every running job to find this one.
    update telltale.job as j
       set progress         = greatest(j.progress, v_progress),
           detail           = coalesce(v_detail, j.detail),
           frames_completed = coalesce(progress.frames_completed, j.frames_completed),
           frame_count      = coalesce(progress.frame_count, j.frame_count),
           lease_until      = clock_timestamp() + j.lease,
           updated_at       = clock_timestamp(),
           seq              = j.seq + 1
     where j.job_id  = progress.job_id
       and j.attempt = progress.attempt
       and j.lease_until >= clock_timestamp()
       and (v_progress > j.progress
            or v_detail is distinct from j.detail and v_detail is not null
            or progress.frames_completed is distinct from j.frames_completed
               and progress.frames_completed is not null
            or progress.frame_count is distinct from j.frame_count
               and progress.frame_count is not null)
    returning j.* into v_job;
    if found then
        perform telltale.job_event_append(v_job, 'job.progress',
            jsonb_build_object('attempt', v_job.attempt));
        return true;
    end if;

    -- Nothing new, or the job is this worker's no longer.
    v_job := telltale.job_find(progress.job_id);
    if progress.attempt is null then
        raise exception using errcode = 'TT400', message =
            'attempt is null: pass the number that claim() gave';
    end if;
    if v_job.id is null or v_job.status <> 'processing'
       or v_job.attempt <> progress.attempt
       or v_job.lease_until < clock_timestamp() then
        return false;
    end if;
    if v_job.lease_until > clock_timestamp() + v_job.lease / 2 then
        return true;
    end if;

    update telltale.job as j
       set lease_until = clock_timestamp() + j.lease
     where j.id      = v_job.id
       and j.attempt = progress.attempt
       and j.lease_until >= clock_timestamp();
    return found;
end
$$;

comment on function telltale.progress(text, integer, numeric, text, integer, integer) is
    'What a worker has to say, and its sign of life; false means stop.';

revoke all on function telltale.progress(text, integer, numeric, text, integer, integer) from public;
grant execute on function telltale.progress(text, integer, numeric, text, integer, integer)
    to telltale_worker, telltale_admin;
