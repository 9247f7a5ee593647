#!/usr/bin/env bats
# The log's ids, and what may be concluded from them: who comes back to a queue's
# events with a snapshot relies on it.

setup_file() { load helpers; fresh; }

setup() { load helpers; reset; }

teardown_file() { drop; }

@test "an event's transaction has its id before the event has" {
  sql "create function probe() returns bigint language plpgsql as '
         begin
           if pg_current_xact_id_if_assigned() is null then raise exception ''no xid yet''; end if;
           return nextval(''telltale.job_event_id'');
         end';
       alter table telltale.job_event alter event_id set default probe()"

  sql "select telltale.publish('demo', 'status_update')" >/dev/null

  sql "alter table telltale.job_event alter event_id set default nextval('telltale.job_event_id');
       drop function probe()"
  [ "$(sql "select count(*) from telltale.job_event")" = 1 ]
}

@test "what a snapshot calls not yet begun may have a lower id than what was there" {
  session first
  session second
  tell first 'begin; select pg_current_xact_id() \g /dev/null'
  tell second "begin; select telltale.publish('demo', 'info', '{\"message\": \"low\"}') \\g /dev/null"
  tell first "select telltale.publish('demo', 'info', '{\"message\": \"high\"}') \\g /dev/null"
  tell first 'commit;'

  snapshot=$(sql 'select pg_current_snapshot()')
  there=$(sql 'select event_id from telltale.job_event')
  tell second 'commit;'

  [ "$(sql "select event_id < $there from telltale.job_event where xid >= pg_snapshot_xmax('$snapshot')")" = t ]
  leave first
  leave second
}

@test "what was drawn before a transaction had its id is lower than all its events, whoever writes meanwhile" {
  writer="do 'begin for i in 1..150 loop
                perform pg_current_xact_id();
                perform pg_sleep(random() / 1000);
                perform telltale.publish(''demo'', ''status_update'');
                perform telltale.publish(''demo'', ''status_update'');
                if i % 5 = 0 then rollback; else commit; end if;
              end loop; end'"
  # Marks, until all have written: the sequence is read first, and then a
  # transaction id assigned.
  sql 'create table mark (event_id bigint, xid xid8)'
  sql "do 'declare v bigint; begin for i in 1..20000 loop
             select last_value into v from telltale.job_event_id;
             insert into mark values (v, pg_current_xact_id());
             commit;
             exit when (select count(*) from telltale.job_event) = 1440;
             perform pg_sleep(0.001);
           end loop; end'" 3>&- &
  pids=($!)
  until_sql 'select exists (select from mark)'
  for _ in {1..6}; do sql "$writer" 3>&- & pids+=($!); done
  wait "${pids[@]}"

  [ "$(sql "select count(*) from telltale.job_event")" = 1440 ]
  [ "$(sql "select count(*) > 100 from mark as m where exists (select from telltale.job_event as e where e.xid > m.xid)
               and exists (select from telltale.job_event as e where e.xid < m.xid)")" = t ]
  [ "$(sql "select count(*) from mark as m join telltale.job_event as e on e.xid > m.xid and e.event_id <= m.event_id")" = 0 ]
  sql 'drop table mark'
}
