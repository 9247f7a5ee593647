#!/usr/bin/env bats
# The program itself: options, its end, and a database that goes away.
# shellcheck disable=SC2154 # ok: start_receiver sets it

load hook

@test "options: help, version, and what is wrong" {
  run -0 "$webhookd" --help
  [[ $output = usage:* ]]
  run -0 "$webhookd" -h
  run -0 "$webhookd" --version
  [[ $output = 'telltale-webhookd (telltale) '[0-9]* ]]
  for wrong in --what 'extra' '--concurrency' '--concurrency 0' '--concurrency 1001' '--concurrency x'; do
    # shellcheck disable=SC2086 # a word each
    run -2 "$webhookd" $wrong
    [[ $output = *telltale-webhookd* ]]
  done
  run -1 settings TELLTALE_WEBHOOK_ALLOW=here "$webhookd"
  [[ $output = *TELLTALE_WEBHOOK_ALLOW=here* ]]
}

@test "SIGTERM: what is under way is finished and told of, the rest is left" {
  start_receiver ok
  start_daemon one -- --concurrency 8
  deliver "$ok/slow/2" 20 >/dev/null
  within 5 has_had ok 2
  signal one TERM
  within 10 has_ended one
  [ "$(status_of one)" = 0 ]
  counts "$(had ok | wc -l)" delivered
  counts 0 waiting 'lease_until is not null'
  logs one ', 0 left to others'
}

@test "SIGINT, with nothing to do: at once" {
  start_daemon one
  within 5 listens
  signal one INT
  within 5 has_ended one
  [ "$(status_of one)" = 0 ]
}

@test "SIGTERM ends it also while a receiver hangs, and while the database is away" {
  start_receiver ok
  start_daemon one
  start_daemon two TELLTALE_WEBHOOK_DSN="dbname=$PGDATABASE host=$BATS_TEST_TMPDIR"
  deliver "$ok/hang" >/dev/null
  within 5 has_had ok 1
  within 5 logs two 'again in'
  signal two TERM
  within 5 has_ended two
  [ "$(status_of two)" = 0 ]
  signal one TERM
  within 20 has_ended one
  [ "$(status_of one)" = 0 ]
  counts 1 waiting "last_error like '%timed out%' and lease_until is null"
}

@test "a connection that is lost is made anew; what was delivered meanwhile is told" {
  start_receiver ok
  start_daemon one
  within 5 listens
  deliver "$ok/slow/1" 5 >/dev/null
  within 5 has_had ok 5
  sql "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name = 'telltale webhookd' and datname = current_database()" >/dev/null
  # As it sends nothing for a while, it notices at the next command.
  within 10 counts 5 delivered 'attempts = 1'
  [ "$(had ok | wc -l)" = 5 ]
  within 5 listens
  deliver "$ok/ok" >/dev/null
  within 5 counts 6 delivered
}

@test "what was told and perhaps not heard is told again" {
  local id
  start_receiver ok
  session holder
  tell holder 'select 1;'
  start_daemon one
  within 5 listens
  # Slow enough for the row to be held before it is answered.
  id=$(deliver "$ok/slow/5")
  within 5 has_had ok 1
  tell holder 'begin; select delivery_id from telltale.webhook_delivery for update;'
  until_sql "select count(*) = 1 from pg_stat_activity
              where application_name = 'telltale webhookd' and datname = current_database()
                and wait_event_type = 'Lock'"
  sql "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name = 'telltale webhookd' and datname = current_database()" >/dev/null
  tell holder 'commit;'
  leave holder
  within 10 is_about "$id" 'state || attempts' delivered1
  [ "$(had ok | wc -l)" = 1 ]
}

@test "a database that was away for a while is found again" {
  start_receiver ok
  start_daemon one
  within 5 listens
  # shellcheck source=tests/sql/cluster.bash
  . tests/sql/cluster.bash
  as_pg pg_ctl -s -w -m immediate -D "$PGHOST/data" stop
  within 5 logs one 'again in'
  kill -0 "$(cat "$BATS_TEST_TMPDIR/one.pid")"
  as_pg pg_ctl -s -w -D "$PGHOST/data" -l "$PGHOST/log" start 3>&- 4>&-
  deliver "$ok/ok" 10 >/dev/null
  within 10 counts 10 delivered
}

@test "behind a pooler nobody listens: it asks" {
  start_receiver ok
  start_daemon one TELLTALE_FEED=poll TELLTALE_PREPARE=off
  within 5 listens
  deliver "$ok/ok" >/dev/null
  within 10 counts 1 delivered
}
