-- telltale.tick_tally() returns bigint
--
--      Folds what has ended since into the sums, 50,000 rows at a time, for
--      about a second at most.  Returns how many rows.  Whoever counts sees all
--      of that or nothing: sums, rows and job_tally_fold are of his snapshot.
--
--      job_tally_fold.folded keeps a count from looking at rows that are gone
--      and cannot be vacuumed yet.  It may only go as far as no transaction under
--      way has drawn an id: so the last id that was drawn is read, then this
--      transaction gets an id of its own, and both are written down.  When all
--      transactions up to that one have ended, which is seen in a later call,
--      all ids up to that are settled: those above it drew theirs afterwards
--      (see tally_note).  An id of another cluster, after a restore, is above
--      ours and replaced, or below, and then all that was dumped had ended.
--
-- Called by:   tick
-- Writes:      telltale.job_tally, telltale.job_tally_delta,
--              telltale.job_tally_fold

create or replace function telltale.tick_tally()
returns bigint
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
    v_most    constant bigint := 50000;
    v_until   timestamptz := clock_timestamp() + interval '1 second';
    v_done    bigint := 0;
    v_rows    bigint;
    v_empty   tid[];
    v_drawn   bigint;
    v_fold    telltale.job_tally_fold;
    v_settled boolean;
begin
    -- First of all: the lock assigns our transaction id.
    if pg_current_xact_id_if_assigned() is null then
        select case when s.is_called then s.last_value else s.last_value - 1 end
          into v_drawn
          from telltale.job_tally_delta_id_seq as s;
    end if;
    select f.* into v_fold
      from telltale.job_tally_fold as f
     where f.only_row
       for update skip locked;
    if not found then
        -- Somebody repairs; or a part of a dump left it out.
        if not exists (select from telltale.job_tally_fold as f) then
            insert into telltale.job_tally_fold default values;
        end if;
        return 0;
    end if;
    v_settled := v_fold.drawn_by < pg_snapshot_xmin(pg_current_snapshot());

    -- Ids begin anew where the sequence was set back: a part of a dump does that.
    if v_fold.folded > v_drawn then
        v_fold.folded := 0;
        v_fold.drawn  := 0;
    end if;

    loop
        with gone as (
            delete from telltale.job_tally_delta as d
             where d.ctid = any (array(
                   select o.ctid
                     from telltale.account as a
                    cross join lateral (
                          select t.ctid
                            from telltale.job_tally_delta as t
                           where t.account_id = a.account_id
                             and t.id > v_fold.folded) as o
                    limit v_most))
            returning d.*),
        summed as (
            select g.account_id, g.day, g.type, g.status, g.decision,
                   sum(g.n) as n, count(*) as rows
              from gone as g
             group by g.account_id, g.day, g.type, g.status, g.decision),
        kept as (
            insert into telltale.job_tally as t
                   (account_id, span, day, type, status, decision, n)
            select g.account_id, s.span, s.day, g.type, g.status, g.decision, sum(g.n)
              from summed as g
             cross join lateral (values
                   ('day',   g.day),
                   ('month', date_trunc('month', g.day::timestamp)::date),
                   ('all',   date '-infinity')) as s (span, day)
             group by g.account_id, s.span, s.day, g.type, g.status, g.decision
            having sum(g.n) <> 0
                on conflict on constraint job_tally_pkey do update
               set n = t.n + excluded.n
            returning t.n, t.ctid)
        select (select coalesce(sum(g.rows), 0) from summed as g),
               (select array_agg(k.ctid) from kept as k where k.n = 0)
          into v_rows, v_empty;
        delete from telltale.job_tally as t
         where t.ctid = any (v_empty);
        v_done := v_done + v_rows;
        exit when v_rows < v_most or clock_timestamp() > v_until;
    end loop;

    if v_settled and v_rows < v_most then
        v_fold.folded := greatest(v_fold.folded, v_fold.drawn);
    end if;
    if v_settled or v_fold.drawn_by > pg_current_xact_id() then
        v_fold.drawn    := coalesce(v_drawn, v_fold.drawn);
        v_fold.drawn_by := case when v_drawn is null then v_fold.drawn_by
                                else pg_current_xact_id() end;
    end if;
    update telltale.job_tally_fold as f
       set folded   = v_fold.folded,
           drawn    = v_fold.drawn,
           drawn_by = v_fold.drawn_by
     where f.only_row
       and (f.folded, f.drawn, f.drawn_by)
        <> (v_fold.folded, v_fold.drawn, v_fold.drawn_by);
    return v_done;
end
$$;

comment on function telltale.tick_tally() is
    'Folds what has ended since into the sums of job_tally.';

revoke all on function telltale.tick_tally() from public;
