-- telltale.feed_generation() returns telltale.log_generation
--
--      The life of the log that we are in: snapshots, and so cursors, mean
--      something only within it.  A life is told by the cluster's system
--      identifier and the database's oid, the timeline, and a row in an
--      unlogged table that no crash survives: after a crash transaction ids
--      that were rolled back, or committed but not flushed, are given out
--      again.  A clean restart gives none out twice and is no new life.
--
--      A life in another cluster than the one before (a restored dump) sets
--      the floor: the ids of transactions in older events mean nothing here.
--
--      On a standby the row cannot be read; there the last known is returned.
--
-- Called by:   feed_open
-- Reads:       telltale.job_event
-- Writes:      telltale.log_life, telltale.log_generation

create or replace function telltale.feed_generation()
returns telltale.log_generation
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_cluster  text;
    v_timeline integer;
    v_life     uuid;
    v_last     telltale.log_generation;
begin
    select * into v_last
      from telltale.log_generation as g
     order by g.generation desc
     limit 1;
    if pg_is_in_recovery() then
        return v_last;
    end if;

    v_cluster := (select c.system_identifier from pg_control_system() as c)
                 || '/' || (select d.oid from pg_database as d
                             where d.datname = current_database());
    v_timeline := ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))
                  ::bit(32)::integer;

    insert into telltale.log_life default values on conflict do nothing;
    select l.life into strict v_life from telltale.log_life as l;

    if (v_last.cluster, v_last.timeline, v_last.life)
       is not distinct from (v_cluster, v_timeline, v_life) then
        return v_last;
    end if;

    -- One of the hubs that come back writes the row, the others find it.
    perform pg_advisory_xact_lock(29780, 0);
    select * into v_last
      from telltale.log_generation as g
     order by g.generation desc
     limit 1;
    if (v_last.cluster, v_last.timeline, v_last.life)
       is distinct from (v_cluster, v_timeline, v_life) then
        insert into telltale.log_generation
               (cluster, timeline, life, floor_event_id)
        values (v_cluster, v_timeline, v_life,
                case when v_last.cluster <> v_cluster
                     then (select coalesce(max(e.event_id), 0)
                             from telltale.job_event as e)
                     else coalesce(v_last.floor_event_id, 0) end)
        returning * into v_last;
    end if;
    return v_last;
end;
$$;

comment on function telltale.feed_generation() is
    'The life of the log that we are in; writes it down when it is new.';

revoke all on function telltale.feed_generation() from public;
