#!/usr/bin/env bats
# Housekeeping: leases, listeners, the days of the log.

setup_file() { load helpers; fresh; }

setup() {
  load helpers
  amid day
  turn_over
  reset
}

teardown_file() { drop; }

# --- leases --------------------------------------------------------------------

@test "leases: an expired one is queued again at once, an unexpired one is left" {
  sql "select working('dead'), working('live'), silence('dead')" >/dev/null

  [ "$(sql "select * from telltale.tick('leases')")" = 'leases|1|' ]

  [ "$(sql "select status, progress, lease_until, run_after <= clock_timestamp() from telltale.job where job_id = 'dead'")" = 'queued|0.0||t' ]
  [ "$(sql "select status from telltale.job where job_id = 'live'")" = processing ]
  sql "select life('dead')" | tail -n 1 |
    grep -qE '^3 job.requeued \{"error": "worker w fell silent", .*"error_code": "LEASE_EXPIRED"\}$'
}

@test "leases: out of attempts it has failed" {
  sql "select working('j', 1), telltale.progress('j', 1, 30), silence('j')" >/dev/null

  sql "select telltale.tick('leases')" >/dev/null

  [ "$(sql "select status, progress, error_code, error from telltale.job")" = 'failed|30.0|LEASE_EXPIRED|worker w fell silent' ]
  [ "$(sql "select life('j')" | tail -n 1)" = '4 job.failed {"error": "worker w fell silent", "attempt": 1, "progress": 30, "file_path": "/a.mp4", "error_code": "LEASE_EXPIRED"}' ]
}

@test "leases: a job that somebody is at is passed over" {
  sql "select working('a'), working('b'), silence('a'), silence('b')" >/dev/null
  session other
  tell other "begin; select from telltale.job where job_id = 'a' for update;"

  [ "$(sql "set lock_timeout = '1s'; select done from telltale.tick('leases')")" = 1 ]
  tell other 'rollback;'
  leave other
  [ "$(sql "select done from telltale.tick('leases')")" = 1 ]
}

@test "leases: no more at once than the limit" {
  sql "select working('a'), working('b'), working('c'), silence('a'), silence('b'), silence('c')" >/dev/null
  [ "$(sql "select telltale.lease_expire(2)")" = 2 ]
  [ "$(sql "select telltale.lease_expire(2)")" = 1 ]
}

# --- listeners -----------------------------------------------------------------

listener() {
  sql "insert into telltale.listener (host, program, pid, backend_pid, seen_at, listening)
       values ('h', 'p', 1, 1, clock_timestamp() - interval '$1', ${2-true}) returning listener_id"
}

@test "listeners: the dead are taken off the lists, the living are not" {
  old=$(listener '16 seconds')
  silent=$(listener '6 seconds')
  fresh=$(listener '-1 minute')
  held=$(listener '6 seconds')
  sql "insert into telltale.listener_sleep select listener_id, true from telltale.listener;
       insert into telltale.listener_sleep values (999999, true)"
  session hub
  tell hub "select pg_advisory_lock(29780, $held) \\g /dev/null"

  [ "$(sql "select done from telltale.tick('listeners')")" = 2 ]

  prints sql 'select listener_id from telltale.listener order by 1' <<<"$fresh
$held"
  prints sql 'select listener_id from telltale.listener_sleep order by 1' <<<"$fresh
$held"
  leave hub
  until_sql "select done = 1 from telltale.tick('listeners')"
  [ "$(sql "select listener_id from telltale.listener")" = "$fresh" ]
  [ "$old$silent" ]
}

@test "listeners: one that is locked but was not seen for 15 s is dead" {
  held=$(listener '16 seconds')
  session hub
  tell hub "select pg_advisory_lock(29780, $held) \\g /dev/null"

  [ "$(sql "set lock_timeout = '1s'; select done from telltale.tick('listeners')")" = 1 ]
  leave hub
}

@test "listeners: one that polls has no lock, and lives until it was not seen for 15 s" {
  dead=$(listener '16 seconds' false)
  polls=$(listener '1 second' false)

  # In one session: a second that it takes to begin one would count.
  [ "$(sql "update telltale.listener set seen_at = clock_timestamp() - interval '14 seconds' where listener_id = $polls;
            select done from telltale.tick('listeners')")" = 1 ]
  prints sql 'select listener_id from telltale.listener' <<<"$polls"
  [ "$dead" ]
}

@test "listeners: while somebody else is at the dead, nothing is done" {
  listener '16 seconds'
  session other
  tell other 'begin; select pg_advisory_xact_lock(29782, 0) \g /dev/null'

  [ "$(sql "select done from telltale.tick('listeners')")" = 0 ]
  tell other 'commit;'
  leave other
  [ "$(sql "select done from telltale.tick('listeners')")" = 1 ]
}

# --- the days of the log ---------------------------------------------------------

# A day by its distance from today.
day() { date -u -d "${1} days" "${2-+%Y%m%d}"; }

# Where midnight has gone by since the database was made: as if it were of today.
turn_over() {
  [ "$(sql "select to_regclass('telltale.job_event_$(day -1)') is null")" = t ] ||
    sql "drop table telltale.job_event_$(day -1); select telltale.tick('partitions')" >/dev/null
}

partitions() {
  sql "select relname from pg_class where relnamespace = 'telltale'::regnamespace
          and relname ~ '^job_event_([0-9]|d)' and relkind = 'r' order by 1"
}

# As on a host where nobody ticked: the default partition only.
no_days() {
  sql "do 'declare t text; begin for t in select relname from pg_class
         where relnamespace = ''telltale''::regnamespace and relname ~ ''^job_event_[0-9]{8}$'' and relkind = ''r''
       loop execute ''drop table telltale.'' || t; end loop; end'"
}

@test "partitions: init makes today and seven days ahead" {
  prints partitions < <(for n in 0 1 2 3 4 5 6 7; do echo "job_event_$(day $n)"; done; echo job_event_default)
}

@test "partitions: those that lack are made, and nothing else is done" {
  sql "drop table telltale.job_event_$(day 7), telltale.job_event_$(day 3)"

  [ "$(sql "select * from telltale.tick('partitions')")" = 'partitions|2|' ]
  [ "$(sql "select * from telltale.tick('partitions')")" = 'partitions|0|' ]

  [ "$(partitions | wc -l)" = 9 ]
  [ "$(sql "select pg_get_expr(relpartbound, oid) from pg_class where relname = 'job_event_$(day 3)'")" = \
    "FOR VALUES FROM ('$(day 3 +%F) 00:00:00+00') TO ('$(day 4 +%F) 00:00:00+00')" ]
  [ "$(sql "select count(*) from pg_index where indrelid = 'telltale.job_event_$(day 3)'::regclass")" = \
    "$(sql "select count(*) from pg_index where indrelid = 'telltale.job_event'::regclass")" ]
  [ "$(sql "select count(*) from pg_constraint where conrelid = 'telltale.job_event_$(day 3)'::regclass")" = 0 ]
}

@test "partitions: days are of UTC, whatever the session's zone" {
  sql "drop table telltale.job_event_$(day 7)"
  sql "set timezone = 'Pacific/Kiritimati'; select telltale.tick('partitions')" >/dev/null
  [ "$(sql "select pg_get_expr(relpartbound, oid) from pg_class where relname = 'job_event_$(day 7)'")" = \
    "FOR VALUES FROM ('$(day 7 +%F) 00:00:00+00') TO ('$(day 8 +%F) 00:00:00+00')" ]
}

@test "partitions: events that are in the default one are moved, as they are" {
  no_days
  sql "select working('j')" >/dev/null
  sql "insert into telltale.job_event (at, account_id, kind) values (now() - interval '20 days', 1, 'notice')"
  all="select event_id, xid, at, account_id, job, job_id, type, seq, kind, data from telltale.job_event order by 1"
  before=$(sql "$all")

  [ "$(sql "select * from telltale.tick('partitions')")" = "partitions|8|2 events moved to job_event_$(day 0); " ]

  [ "$(sql "$all")" = "$before" ]
  [ "$(sql "select count(*) from telltale.job_event_$(day 0)")" = 2 ]
  [ "$(sql "select count(*) from telltale.job_event_default")" = 1 ]
  [ "$(sql "select telltale.progress('j', 1, 50)")" = t ]
  [ "$(sql "select count(*) from telltale.job_event_$(day 0)")" = 3 ]
}

@test "partitions: too many in the default one stay, and the note says so" {
  no_days
  sql "insert into telltale.job_event (account_id, kind) select 1, 'notice' from generate_series(1, 50001)"

  [ "$(sql "select * from telltale.tick('partitions')")" = "partitions|7|over 50000 events of $(day 0 +%F) stay in the default partition; " ]

  no_days
  sql 'truncate telltale.job_event'
  sql "select telltale.tick('partitions')" >/dev/null
}

@test "partitions: who cannot get the lock gives up, says so, and is due again in a minute" {
  sql "drop table telltale.job_event_$(day 7)"
  session reader
  tell reader 'begin; lock table telltale.job_event_default in share row exclusive mode;'

  sql "select done is null, note from telltale.tick('partitions')" | grep -q '^t|.*lock timeout (55P03)$'

  [ "$(sql "select last_at between clock_timestamp() - interval '59 minutes 1 second' and clock_timestamp() - interval '58 minutes 30 seconds' from telltale.tick_state where duty = 'partitions'")" = t ]
  tell reader 'commit;'
  leave reader
  [ "$(sql "select done from telltale.tick('partitions')")" = 1 ]
}

@test "partitions: a day is not taken from the default partition while an insert is on its way there" {
  no_days
  session worker
  tell worker 'begin; lock table only telltale.job_event in row exclusive mode;'

  [ "$(sql "select done is null from telltale.tick('partitions')")" = t ]

  tell worker 'commit;'
  leave worker
  [ "$(sql "select done from telltale.tick('partitions')")" = 8 ]
}

@test "partitions: days to come are made while writers write" {
  sql "drop table telltale.job_event_$(day 7)"
  session worker
  tell worker 'begin; lock table only telltale.job_event in row exclusive mode;'

  [ "$(sql "select done from telltale.tick('partitions')")" = 1 ]

  tell worker 'commit;'
  leave worker
}

@test "partitions: a lock held for a moment is waited out" {
  sql "drop table telltale.job_event_$(day 7)"
  session reader
  tell reader 'begin; lock table telltale.job_event_default in share row exclusive mode;'

  sql "select done from telltale.tick('partitions')" >"$BATS_TEST_TMPDIR/done" 3>&- &
  # Its five tries are over within a second: the lock goes in the server, at
  # once, and not when this shell comes to it.
  tell reader "do 'begin
                     for i in 1 .. 2000 loop
                       exit when exists (select from pg_locks as l
                           join pg_database as d on d.oid = l.database
                          where not l.granted and d.datname = current_database());
                       perform pg_sleep(0.005);
                     end loop;
                   end' \\; commit;"
  wait $!
  leave reader

  [ "$(cat "$BATS_TEST_TMPDIR/done")" = 1 ]
}

@test "twenty ticks at once, and writers all the while, lose nothing and do all once" {
  no_days
  sql "select working('j')" >/dev/null

  pids=()
  for _ in {1..20}; do
    sql 'select duty, done from telltale.tick()' >>"$BATS_TEST_TMPDIR/ticks" 3>&- &
    pids+=($!)
  done
  sql "do 'begin for i in 1..30 loop perform telltale.progress(''j'', 1, i); commit; perform pg_sleep(0.01); end loop; end'"
  wait "${pids[@]}"

  [ "$(grep -c 'partitions|8' "$BATS_TEST_TMPDIR/ticks")" = 1 ]
  [ "$(sql "select count(*) from telltale.job_event where kind = 'job.progress'")" = 30 ]
  [ "$(sql "select count(*) from telltale.job_event_default")" = 0 ]
}

@test "retention: days that ended over three days ago are dropped, no other" {
  for n in -3 -4 -5; do
    sql "create table telltale.job_event_$(day $n) partition of telltale.job_event
           for values from ('$(day $n +%F) 00:00+00') to ('$(day $((n + 1)) +%F) 00:00+00')"
  done

  [ "$(sql "select * from telltale.tick('retention')")" = 'retention|2|' ]

  [ "$(partitions | head -n 1)" = "job_event_$(day -3)" ]
  [ "$(partitions | wc -l)" = 10 ]
  [ "$(sql "select since = '$(day -3 +%F) 00:00+00' from telltale.log_kept")" = t ]
  sql "drop table telltale.job_event_$(day -3)"
}

@test "retention: the default partition stays, without what is too old" {
  sql "insert into telltale.job_event (at, account_id, kind)
       select now() - n * interval '1 hour', 1, 'notice' from unnest('{71,73,2400}'::int[]) as n"

  [ "$(sql "select * from telltale.tick('retention')")" = 'retention|0|2 events deleted from the default partition; ' ]
  [ "$(sql "select count(*) from telltale.job_event_default")" = 1 ]
}

@test "retention: from when on the log is whole is kept with it: no more is gone than it says, and it never goes back" {
  whole() { sql 'select since from telltale.log_kept'; }
  sql "update telltale.log_kept set since = '-infinity'"
  sql "insert into telltale.job_event (at, account_id, kind)
       select now() - n * interval '1 hour', 1, 'notice' from unnest('{71,73,2400}'::int[]) as n" >/dev/null
  newest=$(sql "select max(at) from telltale.job_event_default where at < now() - interval '72 hours'")

  sql "select telltale.tick('retention')" >/dev/null
  [ "$(sql "select since - timestamptz '$newest' from telltale.log_kept")" = 00:00:00.000001 ]
  [ "$(sql 'select min(e.at) > (select since from telltale.log_kept) from telltale.job_event as e')" = t ]

  # Nothing to drop, nothing to say; and what is older does not turn it back.
  since=$(whole)
  sql "select telltale.tick('retention')" >/dev/null
  [ "$(whole)" = "$since" ]
  sql "create table telltale.job_event_$(day -9) partition of telltale.job_event
         for values from ('$(day -9 +%F) 00:00+00') to ('$(day -8 +%F) 00:00+00');
       insert into telltale.job_event_default (at, account_id, kind) values (now() - interval '200 days', 1, 'notice')"
  [ "$(sql "select done, note from telltale.tick('retention')")" = '1|1 events deleted from the default partition; ' ]
  [ "$(whole)" = "$since" ]
}

@test "retention: what could not be dropped is not said to be gone" {
  sql "update telltale.log_kept set since = '-infinity'"
  sql "create table telltale.job_event_$(day -5) partition of telltale.job_event
         for values from ('$(day -5 +%F) 00:00+00') to ('$(day -4 +%F) 00:00+00')"
  session reader
  tell reader "begin; select count(*) from telltale.job_event_$(day -5);"

  sql "select telltale.tick('retention')" >/dev/null
  [ "$(sql 'select since from telltale.log_kept')" = -infinity ]

  tell reader 'commit;'
  leave reader
  sql "begin; select telltale.tick('retention'); rollback" >/dev/null
  [ "$(sql 'select since from telltale.log_kept')" = -infinity ]
  sql "select telltale.tick('retention')" >/dev/null
  [ "$(sql "select since = '$(day -4 +%F) 00:00+00' from telltale.log_kept")" = t ]
}

@test "retention: a reader of the log makes it give up, and nothing is lost" {
  sql "create table telltale.job_event_$(day -5) partition of telltale.job_event
         for values from ('$(day -5 +%F) 00:00+00') to ('$(day -4 +%F) 00:00+00')"
  session reader
  tell reader 'begin; select count(*) from telltale.job_event;'

  [ "$(sql "select done is null from telltale.tick('retention')")" = t ]
  tell reader 'commit;'
  leave reader
  [ "$(sql "select done from telltale.tick('retention')")" = 1 ]
}

# --- tick itself -----------------------------------------------------------------

@test "tick: all duties, in their order, and then none is due" {
  prints sql 'select telltale.tick_duties()' <<<'leases
listeners
schedule
tally
forget
partitions
retention'

  prints sql 'select duty, done from telltale.tick()' <<<'leases|0
listeners|0
schedule|0
tally|0
forget|0
partitions|0
retention|0'

  [ "$(sql 'select count(*) from telltale.tick_duties()')" = 0 ]
  sql "update telltale.tick_state set last_at = last_at - interval '6 seconds'"
  [ "$(sql 'select array(select telltale.tick_duties())')" = '{leases,listeners,schedule,tally}' ]
}

@test "tick: a duty that somebody else is at gives no row, and does not wait" {
  session other
  tell other "begin; select telltale.tick('leases') \\g /dev/null"

  prints sql 'select duty from telltale.tick()' <<<'listeners
schedule
tally
forget
partitions
retention'
  tell other 'commit;'
  leave other
}

@test "tick: one duty that fails does not undo the others, and leaves a note" {
  sql "select working('j'), silence('j')" >/dev/null
  sql "alter table telltale.listener rename to hidden"

  prints sql "select duty, done, note from telltale.tick()" <<<'leases|1|
listeners||relation "telltale.listener" does not exist (42P01)
schedule|0|
tally|0|
forget|0|
partitions|0|
retention|0|'

  sql "alter table telltale.hidden rename to listener"
  [ "$(sql "select status from telltale.job")" = queued ]
}

@test "tick: an unknown duty is refused, naming those there are" {
  refused <<<"TT400 select telltale.tick('lunch')"
  run ! sql "select telltale.tick('lunch')"
  [[ $output == *'leases listeners schedule tally forget partitions retention'* ]]
}
