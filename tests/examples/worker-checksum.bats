#!/usr/bin/env bats
# What examples/worker-checksum does with a job: on a stack of the runner's.

setup() {
  bats_require_minimum_version 1.5.0
  cd "$BATS_TEST_DIRNAME/../.." || return
  # shellcheck source=tests/examples/helpers.bash
  . tests/examples/helpers.bash
  # Jobs of the tests before this one are none of its business.
  sql "select telltale.remove(job_id) from telltale.job" >/dev/null
}

teardown() {
  [ -z "${worker-}" ] || ! kill "$worker" 2>/dev/null || wait "$worker"
}

submit_file() { bin/telltale submit --account demo --type checksum --file "$1"; }

start_worker() {
  examples/worker-checksum 3>&- &
  worker=$!
}

# large_file SIZE: takes sha256sum a second or more for each G, and the disk
# nothing.
large_file() { truncate -s "$1" "$BATS_TEST_TMPDIR/large"; echo "$BATS_TEST_TMPDIR/large"; }

@test "a file with an awkward name is hashed, and the job says so" {
  local file="$BATS_TEST_TMPDIR/it's a \\ \"file\" %s"
  head -c 5000000 /dev/urandom >"$file"
  id=$(submit_file "$file")

  examples/worker-checksum --once --worker "o'hara"

  [ "$(job "$id" status)" = completed ]
  [ "$(job "$id" worker)" = "o'hara" ]
  [ "$(job "$id" detail)" = "hashed 4 of 4 MiB" ]
  [ "$(job "$id" "result->>'bytes'")" = 5000000 ]
  [ "$(job "$id" "result->>'sha256'")" = "$(sha256sum <"$file" | cut -d ' ' -f 1)" ]
}

@test "an empty file has a checksum too" {
  : >"$BATS_TEST_TMPDIR/empty"
  id=$(submit_file "$BATS_TEST_TMPDIR/empty")

  examples/worker-checksum --once

  [ "$(job "$id" "result->>'sha256'")" = "$(sha256sum </dev/null | cut -d ' ' -f 1)" ]
}

@test "a missing file fails the job for good, and the worker goes on" {
  id=$(submit_file "$BATS_TEST_TMPDIR/missing")
  next=$(submit_file "$PWD/LICENSE")

  start_worker
  until_true "$next" "status = 'completed'"

  [ "$(job "$id" status)" = failed ]
  [ "$(job "$id" error_code)" = UNREADABLE ]
}

@test "progress is reported at most some ten times a second, and never backwards" {
  id=$(submit_file "$(large_file 2G)")

  examples/worker-checksum --once

  run -0 sql "select count(*) > 10, count(*) <= 2 + 10.5 * (max(extract(epoch from at))
        - min(extract(epoch from at))), bool_and(p >= coalesce(before, 0))
      from (select at, (data->>'progress')::numeric as p,
                   lag((data->>'progress')::numeric) over (order by seq) as before
              from telltale.job_event
             where job_id = '$id' and kind = 'job.progress') as e"
  echo "$output"
  [ "$output" = 't|t|t' ]
}

@test "a job cancelled in the middle of its file is left at once" {
  # Long enough for whoever wants to say something amid it.
  id=$(submit_file "$(large_file 64G)")
  next=$(submit_file "$PWD/LICENSE")
  start_worker
  until_true "$id" "progress > 0"

  bin/telltale cancel "$id"
  until_true "$next" "status = 'completed'"

  [ "$(job "$id" status)" = cancelled ]
  [ "$(job "$id" "progress < 90")" = t ]
}

@test "SIGTERM gives the job back" {
  # Long enough for whoever wants to say something amid it.
  id=$(submit_file "$(large_file 64G)")
  start_worker
  until_true "$id" "progress > 0"

  kill "$worker"
  wait "$worker"

  [ "$(job "$id" status)" = queued ]
  sql "select data->>'error_code' from telltale.job_event
        where job_id = '$id' and kind = 'job.requeued'" | grep -qx STOPPED
}

@test "a connection that breaks is opened again" {
  start_worker
  id=$(submit_file "$PWD/LICENSE")
  until_true "$id" "status = 'completed'"
  psql -XqAt -d "$TELLTALE_SUPER_DSN" -c "select pg_terminate_backend(pid)
    from pg_stat_activity where usename = 'telltale_worker'"

  id=$(submit_file "$PWD/LICENSE")

  until_true "$id" "status = 'completed'"
}

@test "without a database --once fails and says why" {
  TELLTALE_WORKER_DSN="host=$BATS_TEST_TMPDIR" run -1 examples/worker-checksum --once
  [[ $output == *"$BATS_TEST_TMPDIR"* ]]
}
