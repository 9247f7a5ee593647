-- telltale.fail(...) returns text
--
--      This attempt came to nothing.  Returns 'queued' if the job will be tried
--      again, after 2, 4, 8 ... seconds, 5 minutes at most; else 'failed'.
--
--      job_id, attempt  as claim() gave them
--      error            why, for a person; cut after 4000 characters
--      code             why, for a program: 1 to 64 of A-Z a-z 0-9 _ . -
--      retryable        false if trying again is no use
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 if it is not this
--              attempt's any more: cancelled, removed, ended, lease lost
-- Called by:   workers
-- Writes:      telltale.job, telltale.job_event

create or replace function telltale.fail(
    job_id text, attempt integer, error text, code text default null,
    retryable boolean default true)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_job telltale.job;
begin
    if fail.error is null then
        raise exception using errcode = 'TT400', message =
            'error is null: say why it failed';
    end if;
    if fail.code !~ '^[A-Za-z0-9_.-]{1,64}$' then
        raise exception using errcode = 'TT400', message =
            format('code %L: 1 to 64 of A-Z a-z 0-9 _ . - wanted', left(fail.code, 80));
    end if;

    -- Whose lease lives is processing: see progress.
    select j.*
      into v_job
      from telltale.job as j
     where j.job_id  = fail.job_id
       and j.attempt = fail.attempt
       and j.lease_until >= clock_timestamp()
       for no key update;
    if not found then
        perform telltale.job_refuse(fail.job_id, fail.attempt);
    end if;

    return telltale.job_give_back(v_job, coalesce(fail.retryable, true),
        least(2 ^ least(v_job.attempt, 9), 300) * interval '1 second',
        left(fail.error, 4000), fail.code);
end
$$;

comment on function telltale.fail(text, integer, text, text, boolean) is
    'This attempt came to nothing: the job is queued again, or has failed.';

revoke all on function telltale.fail(text, integer, text, text, boolean) from public;
grant execute on function telltale.fail(text, integer, text, text, boolean)
    to telltale_worker, telltale_admin;
