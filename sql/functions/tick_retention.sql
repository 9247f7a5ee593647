-- telltale.tick_retention() returns table (done bigint, note text)
--
--      Drops the days of the log that ended more than three days ago, and
--      deletes events that old, 10,000 at a time, from the default partition.
--      No lock is waited for longer than 100 ms; five tries a day.
--
--      log_kept.since says, from the same moment on, up to when some are gone: the
--      end of that day, or just after the newest that was deleted.  A statement
--      that began before a day was dropped, and got to it after, does not find
--      it, though what it sees of log_kept is older: who reads the log and wants
--      to know that nothing was missed looks there afterwards, in a statement of
--      its own.
--
-- Called by:   tick
-- Writes:      partitions of telltale.job_event, telltale.log_kept

create or replace function telltale.tick_retention(
    out done bigint, out note text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
    v_from timestamptz := clock_timestamp() - interval '3 days';
    v_until timestamptz;
    v_name  text;
    v_rows  bigint;
begin
    done := 0;
    note := '';
    with gone as (
        delete from telltale.job_event_default as e
         where e.ctid = any (array(
               select o.ctid
                 from telltale.job_event_default as o
                where o.at < v_from
                limit 10000))
        returning e.at)
    select count(*), max(g.at) + interval '1 microsecond'
      into v_rows, v_until
      from gone as g;
    if v_rows > 0 then
        update telltale.log_kept as k
           set since = greatest(k.since, v_until);
        note := format('%s events deleted from the default partition; ', v_rows);
    end if;

    for v_name, v_until in
        select c.relname, d.ended
          from pg_inherits as i
          join pg_class as c on c.oid = i.inhrelid
         cross join lateral (
               select (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp
                      at time zone 'UTC') as d (ended)
         where i.inhparent = 'telltale.job_event'::regclass
           and c.relname ~ '^job_event_[0-9]{8}$'
           and d.ended <= v_from
         order by c.relname
    loop
        for v_tries in reverse 4..0 loop
            begin
                execute format('drop table telltale.%I', v_name);
                update telltale.log_kept as k
                   set since = greatest(k.since, v_until);
                done := done + 1;
                exit;
            exception when lock_not_available or deadlock_detected then
                -- A day that was dropped keeps the log locked until we commit:
                -- let it go, and come back for this one.
                if done > 0 then
                    note := note || format('%s is in use, later; ', v_name);
                    return;
                elsif v_tries = 0 then
                    raise;
                end if;
                perform pg_sleep(0.05);
            end;
        end loop;
    end loop;
end
$$;

comment on function telltale.tick_retention() is
    'Drops the days of the log that are over three days old.';

revoke all on function telltale.tick_retention() from public;
