#!/usr/bin/env bats
# When the database is away.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and begin_job set what is used

setup_file() {
  load load
  account=$(new_account)
  key=$(new_key "$account" job:read)
  export account key
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
  begin_job
  path=/api/v1/job/$job/progress
}

teardown() {
  sql 'select 1' >/dev/null 2>&1 || start_database
  leave_all
}

# A stream begins, where it was refused just now: a probe a second is let through.
begins() {
  get "$path" -I -H 'Accept: text/event-stream' && [ "$http_status" = 200 ] &&
    ! grep -q unavailable <<<"$body" && get "$path" -I && [ "$http_status" = 200 ]
}

@test "a browser is told to come later, anybody else that the service is away" {
  stop_database fast

  get "$path" -H 'Accept: text/event-stream'
  [ "$http_status" = 200 ]
  [ "$(header Content-Type)" = 'text/event-stream; charset=utf-8' ]
  [[ $body =~ ^'retry: '([0-9]+)$'\n\n: '[a-z\ ]+$ ]]
  [ "${BASH_REMATCH[1]}" -ge 5000 ]
  [ "${BASH_REMATCH[1]}" -le 15000 ]

  get "$path"
  refused 503 SERVICE_UNAVAILABLE
  [ "$(header Retry-After)" -gt 0 ]
  [[ $body != *socket* && $body != *PostgreSQL* ]]
  get "$path" -H 'Accept: */*'
  refused 503 SERVICE_UNAVAILABLE
  request HEAD "$path" -H 'Accept: text/event-stream'
  [ "$http_status" = 503 ]

  # What is wrong with the request itself is said all the same.
  get "$path" -H 'Accept: text/html'
  refused 406 NOT_ACCEPTABLE
  key='' get "$path" -H 'Accept: text/event-stream'
  refused 401 UNAUTHORIZED

  start_database
  within 8 begins
}

super() { psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "$1"; }

# Who is at such a statement.
backends() {
  super "select pid from pg_stat_activity where state = 'active' and query ~ '$1'
         and pid <> pg_backend_pid()"
}

@test "a question that nobody waits for any longer ends in the database too" {
  super "begin; lock table telltale.job in access exclusive mode; select pg_sleep(60)" \
    >/dev/null 2>&1 3>&- &
  is_locked() {
    [ "$(super "select count(*) from pg_locks where relation = 'telltale.job'::regclass
                   and mode = 'AccessExclusiveLock' and granted")" = 1 ]
  }
  within 5 is_locked

  get "/api/v1/job/$job"
  refused 503 SERVICE_UNAVAILABLE
  none_asks() { [ -z "$(backends web_job)" ]; }
  within 8 none_asks

  super "select pg_terminate_backend(pid) from unnest('{$(backends 'lock table')}'::int[]) as b (pid)"
  is_told() { get "/api/v1/job/$job" && [ "$http_status" = 200 ]; }
  within 5 is_told
}

@test "a stream that is open stays, and tells what happened after the database is back" {
  watch_job a
  progress 10
  await a '"progress":10}'
  stop_database fast
  is_open a
  start_database
  progress 20
  await a '"progress":20}' 10
  complete

  ended a 10
  [ "$(ids a | tr '\n' ' ')" = '2 3 4 5 ' ]
}

@test "after a crash of the database nothing is lost and nothing comes twice" {
  watch_job a
  burst 1 50
  await a '"step 50"'
  stop_database immediate
  start_database
  progress "99.9, 'after'"
  await a '"after"' 15
  complete

  ended a 10
  ids a | diff - <(seq 2 54)
}

@test "who comes while it is away is served when it is back" {
  watch_job a
  burst 1 5
  await a '"step 5"'
  leave a
  stop_database fast
  open_stream b "$path" -H 'Accept: text/event-stream' -H "Last-Event-ID: $(last_id a)"
  ended b
  [ -z "$(events b)" ]

  start_database
  burst 6 9
  within 8 begins
  watch_job c -H "Last-Event-ID: $(last_id a)"
  await c '"step 9"'
  [ "$(ids c)" = "$(echo -; seq 8 11)" ]
}

@test "a lost connection of the feed is made anew, and nothing is lost" {
  watch_job a
  progress 10
  await a '"progress":10}'
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "select pg_terminate_backend(pid)
    from pg_stat_activity where application_name like 'telltale%' and pid <> pg_backend_pid()"
  progress 20
  progress 30
  await a '"progress":30}' 10

  [ "$(ids a | tr '\n' ' ')" = '2 3 4 5 ' ] || [ "$(ids a | tr '\n' ' ')" = '2 3 5 ' ]
}
