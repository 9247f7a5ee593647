-- telltale.tally_note() returns trigger
--
--      Notes that a job has ended, that it is no ended one any more, or that it
--      counts elsewhere now: a row of its own for each, so that nobody waits.
--      The row of the job was written before, so the transaction has an id
--      before the delta has: tick_tally() relies on that.
--
-- Called by:   the triggers tally_insert, tally_update and tally_delete of job
-- Writes:      telltale.job_tally_delta

create or replace function telltale.tally_note()
returns trigger
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- It is as it was, as far as it is counted.
    if tg_op = 'UPDATE'
       and (old.account_id, old.type, old.status, old.created_at)
         = (new.account_id, new.type, new.status, new.created_at)
       and old.decision is not distinct from new.decision then
        return null;
    end if;

    if tg_op <> 'INSERT' and old.completed_at is not null then
        insert into telltale.job_tally_delta (account_id, day, type, status, decision, n)
        values (old.account_id, (old.created_at at time zone 'UTC')::date,
                old.type, old.status, coalesce(old.decision, ''), -1);
    end if;
    if tg_op <> 'DELETE' and new.completed_at is not null then
        insert into telltale.job_tally_delta (account_id, day, type, status, decision, n)
        values (new.account_id, (new.created_at at time zone 'UTC')::date,
                new.type, new.status, coalesce(new.decision, ''), 1);
    end if;
    return null;
end
$$;

comment on function telltale.tally_note() is
    'Notes that a job has ended, or is no ended one any more.';

revoke all on function telltale.tally_note() from public;
