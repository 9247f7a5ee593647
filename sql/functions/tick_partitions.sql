-- telltale.tick_partitions() returns table (done bigint, note text)
--
--      A partition of the log for each day, from today to seven days ahead
--      (days of UTC): created, checked and attached, so that the parent is
--      locked for an instant.  No lock is waited for longer than 100 ms: whoever
--      wants it behind us would wait as long; five tries, then the error.
--
--      A day that has begun, or is about to, is made under a lock on the whole
--      log: an insert that has found no partition but the default one, and
--      waits for it, would fail when it finds that day taken from it.
--
--      Events of such a day that are in the default partition already, because
--      nobody ticked in time, are moved, under a lock on that partition; more
--      than 50,000 stay where they are, and the day with them, and the note
--      says so.  Their xid and event_id stay, so a feed's cursor loses none.
--
-- Called by:   tick
-- Writes:      partitions of telltale.job_event

create or replace function telltale.tick_partitions(
    out done bigint, out note text)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
    v_today date := (clock_timestamp() at time zone 'UTC')::date;
    v_day   date;
    v_name  text;
    v_range text;
    v_rows  bigint;
begin
    done := 0;
    note := '';
    for v_day in
        select v_today + n from generate_series(0, 7) as g (n)
    loop
        v_name := 'job_event_' || to_char(v_day, 'YYYYMMDD');
        continue when to_regclass('telltale.' || v_name) is not null;

        v_range := format('at >= %1$L and at < %2$L',
            v_day::timestamp at time zone 'UTC',
            (v_day + 1)::timestamp at time zone 'UTC');

        for v_tries in reverse 4..0 loop
            begin
                if v_day <= (clock_timestamp() + interval '1 hour') at time zone 'UTC' then
                    lock table only telltale.job_event in share row exclusive mode;
                end if;
                lock table telltale.job_event_default in share row exclusive mode;
                execute format(
                    'select count(*) from (select from telltale.job_event_default
                      where %s limit 50001) as t', v_range)
                   into v_rows;
                if v_rows > 50000 then
                    note := note || format(
                        'over 50000 events of %s stay in the default partition; ', v_day);
                    exit;
                end if;

                execute format(
                    'create table telltale.%I (like telltale.job_event
                     including defaults including constraints,
                     constraint day check (%s))', v_name, v_range);
                execute format('comment on table telltale.%I is %L', v_name,
                    'Events of one day.');
                if v_rows > 0 then
                    lock table telltale.job_event_default in access exclusive mode;
                    execute format(
                        'with moved as (delete from telltale.job_event_default
                          where %2$s returning *)
                         insert into telltale.%1$I select * from moved', v_name, v_range);
                    note := note || format('%s events moved to %s; ', v_rows, v_name);
                end if;
                execute format(
                    'alter table telltale.job_event attach partition telltale.%I
                     for values from (%L) to (%L)', v_name,
                    v_day::timestamp at time zone 'UTC',
                    (v_day + 1)::timestamp at time zone 'UTC');
                execute format('alter table telltale.%I drop constraint day', v_name);
                done := done + 1;
                exit;
            exception when lock_not_available or deadlock_detected then
                if v_tries = 0 then
                    raise;
                end if;
                perform pg_sleep(0.05);
            end;
        end loop;
    end loop;
end
$$;

comment on function telltale.tick_partitions() is
    'A partition of the log for each day up to seven ahead.';

revoke all on function telltale.tick_partitions() from public;
