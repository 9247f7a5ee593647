-- telltale.complete(...) returns void
--
--      The work is done: progress 100, status completed.
--
--      job_id, attempt  as claim() gave them
--      decision         pass or reject, where the work was a check
--      result           what was found; any JSON
--      categories       what was found, by category; a JSON object
--      reason           why it was rejected; cut after 4000 characters
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 if it is not this
--              attempt's any more: cancelled, removed, ended, lease lost
-- Called by:   workers
-- Writes:      telltale.job, telltale.job_event, telltale.webhook_delivery

create or replace function telltale.complete(
    job_id text, attempt integer, decision text default null,
    result jsonb default null, categories jsonb default null,
    reason text default null)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_now timestamptz := clock_timestamp();
    v_job telltale.job;
begin
    if complete.decision not in ('pass', 'reject') then
        raise exception using errcode = 'TT400', message =
            format('decision %L: pass or reject wanted', left(complete.decision, 80));
    end if;
    if jsonb_typeof(complete.categories) <> 'object' then
        raise exception using errcode = 'TT400', message =
            format('categories is of type %s: a JSON object wanted',
                   jsonb_typeof(complete.categories));
    end if;

    -- Whose lease lives is processing: see progress.
    update telltale.job as j
       set status       = 'completed',
           progress     = 100,
           decision     = complete.decision,
           result       = complete.result,
           categories   = complete.categories,
           reason       = left(complete.reason, 4000),
           lease_until  = null,
           completed_at = v_now,
           updated_at   = v_now,
           seq          = j.seq + 1
     where j.job_id  = complete.job_id
       and j.attempt = complete.attempt
       and j.lease_until >= clock_timestamp()
    returning j.* into v_job;
    if not found then
        perform telltale.job_refuse(complete.job_id, complete.attempt);
    end if;

    perform telltale.job_event_append(v_job, 'job.completed',
        jsonb_build_object(
            'attempt',   v_job.attempt,
            'decision',  v_job.decision,
            'reason',    v_job.reason,
            'file_path', v_job.file_path),
        -- Whose stream ends with the whole report.
        case when v_job.type = 'compliance'
             then jsonb_build_object('result', v_job.result) end);
    perform telltale.webhook_enqueue(v_job);
end
$$;

comment on function telltale.complete(text, integer, text, jsonb, jsonb, text) is
    'The work is done: progress 100, status completed.';

revoke all on function telltale.complete(text, integer, text, jsonb, jsonb, text) from public;
grant execute on function telltale.complete(text, integer, text, jsonb, jsonb, text)
    to telltale_worker, telltale_admin;
