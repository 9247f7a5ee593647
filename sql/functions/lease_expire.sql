-- telltale.lease_expire(integer) returns bigint
--
--      Gives back what workers hold whose lease has run out: queued again at
--      once, or failed (LEASE_EXPIRED) if that was the last attempt.  At most
--      p_limit jobs, passing over those that somebody is at, in the order of
--      job_processing.  Returns how many.
--
-- Called by:   claim, tick
-- Writes:      telltale.job, telltale.job_event, by job_give_back

create or replace function telltale.lease_expire(p_limit integer)
returns bigint
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_job  telltale.job;
    v_done bigint := 0;
begin
    for v_job in
        select j.*
          from telltale.job as j
         where j.status = 'processing'
           and j.lease_until < clock_timestamp()
         order by j.account_id, j.created_at
         limit p_limit
           for no key update skip locked
    loop
        perform telltale.job_give_back(v_job, true, interval '0',
            format('worker %s fell silent', v_job.worker), 'LEASE_EXPIRED');
        v_done := v_done + 1;
    end loop;
    return v_done;
end
$$;

comment on function telltale.lease_expire(integer) is
    'Gives back what workers hold whose lease has run out.';

revoke all on function telltale.lease_expire(integer) from public;
