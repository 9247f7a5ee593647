-- telltale.tally_check(boolean) returns table
--
--      Counts all jobs, and returns where the sums, with what was not folded
--      yet, say otherwise: kept is what they say, counted what there is.  No
--      row: all is right, as it is for whatever goes through the database.  It
--      is not after a part of a dump was restored, where triggers were off, or
--      where the sequence of job_tally_delta was set back.
--
--      repair: then sets the sums right.  Until that commits no job can be
--      written.
--
-- Called by:   the operator
-- Reads:       telltale.job, telltale.account
-- Writes:      telltale.job_tally, telltale.job_tally_fold

create or replace function telltale.tally_check(p_repair boolean default false)
returns table (
    account text, span text, day date, type text, status telltale.job_status,
    decision text, kept bigint, counted bigint)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- What is counted below must be newer than the locks.
    if p_repair and current_setting('transaction_isolation') <> 'read committed' then
        raise exception using errcode = 'TT400', message =
            'repair: only where the transaction is READ COMMITTED';
    end if;
    if p_repair then
        lock table telltale.job in share mode;
        insert into telltale.job_tally_fold as f default values
            on conflict (only_row) do update
           set folded   = 0,
               drawn    = 0,
               drawn_by = '0';
    end if;

    -- One statement, one snapshot.
    return query
    with differs as (
        select r.account_id, r.span, r.day, r.type, r.status, r.decision,
               sum(r.kept)::bigint as kept, sum(r.counted)::bigint as counted
          from (select t.account_id, t.span, t.day, t.type, t.status, t.decision,
                       t.n as kept, 0 as counted
                  from telltale.job_tally as t
                union all
                select g.account_id, s.span, s.day, g.type, g.status, g.decision,
                       g.kept, g.counted
                  from (select d.account_id, d.day, d.type, d.status, d.decision,
                               sum(d.n) as kept, 0 as counted
                          from telltale.job_tally_delta as d
                         where d.id > coalesce((select f.folded
                                                  from telltale.job_tally_fold as f
                                                 where f.only_row), 0)
                         group by 1, 2, 3, 4, 5
                        union all
                        select j.account_id, (j.created_at at time zone 'UTC')::date, j.type,
                               j.status, coalesce(j.decision, ''), 0, count(*)
                          from telltale.job as j
                         where j.completed_at is not null
                         group by 1, 2, 3, 4, 5) as g (account_id, day, type, status, decision, kept, counted)
                 cross join lateral (values
                       ('day',   g.day),
                       ('month', date_trunc('month', g.day::timestamp)::date),
                       ('all',   date '-infinity')) as s (span, day)) as r
         group by 1, 2, 3, 4, 5, 6
        having sum(r.kept) <> sum(r.counted)),
    repaired as (
        insert into telltale.job_tally as t
               (account_id, span, day, type, status, decision, n)
        select w.account_id, w.span, w.day, w.type, w.status, w.decision, w.counted - w.kept
          from differs as w
         where p_repair
            on conflict on constraint job_tally_pkey do update
           set n = t.n + excluded.n)
    select a.name, w.span, w.day, w.type, w.status, w.decision, w.kept, w.counted
      from differs as w
      left join telltale.account as a on a.account_id = w.account_id
     order by a.name, w.span, w.day, w.type, w.status, w.decision;

    if p_repair and found then
        delete from telltale.job_tally as t
         where t.n = 0;
    end if;
end
$$;

comment on function telltale.tally_check(boolean) is
    'Compares the sums of jobs that have ended with a count, and repairs them.';

revoke all on function telltale.tally_check(boolean) from public;
grant execute on function telltale.tally_check(boolean) to telltale_admin;
