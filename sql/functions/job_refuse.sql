-- telltale.job_refuse(text, integer) returns void
--
--      Raises why that attempt may not end that job: called when an update
--      that asked for "this attempt, processing, lease alive" found no row.
--
-- Raises:      TT400 malformed, TT404 no such job, TT409 for all else: always
-- Called by:   complete, fail
-- Reads:       telltale.job, telltale.job_event

create or replace function telltale.job_refuse(p_job_id text, p_attempt integer)
returns void
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_job telltale.job := telltale.job_find(p_job_id);
begin
    if p_attempt is null then
        raise exception using errcode = 'TT400', message =
            'attempt is null: pass the number that claim() gave';
    end if;

    raise exception using errcode = 'TT409', message = case
        when v_job.id is null then
            format('job %s was removed', p_job_id)
        when v_job.status in ('completed', 'failed', 'cancelled') then
            format('job %s is %s', p_job_id, v_job.status)
        when v_job.attempt <> p_attempt then
            format('job %s: attempt %s is over, %s is the last one',
                   p_job_id, p_attempt, v_job.attempt)
        when v_job.status = 'queued' then
            format('job %s is queued: claim it first', p_job_id)
        else
            format('job %s: the lease of attempt %s ran out at %s',
                   p_job_id, p_attempt, v_job.lease_until)
        end;
end
$$;

comment on function telltale.job_refuse(text, integer) is
    'Raises why that attempt may not end that job.';

revoke all on function telltale.job_refuse(text, integer) from public;
