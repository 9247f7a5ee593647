-- telltale.tally_clear() returns trigger
--
--      Without jobs there is nothing to count: truncated as they were, for
--      older snapshots too.
--
-- Called by:   the trigger tally_truncate of job
-- Writes:      telltale.job_tally, telltale.job_tally_delta

create or replace function telltale.tally_clear()
returns trigger
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    truncate telltale.job_tally, telltale.job_tally_delta;
    return null;
end
$$;

comment on function telltale.tally_clear() is
    'Forgets the count of jobs, which were truncated.';

revoke all on function telltale.tally_clear() from public;
