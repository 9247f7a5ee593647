#!/usr/bin/env bats
# Two hundred jobs, each with a client of its own: more than are named in a read
# of the log, and more than are caught up at once.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file sets what is used

N=200

setup_file() {
  load load
  account=$(new_account)
  key=$(new_key "$account" job:read)
  worker "select telltale.submit('$account', 'checksum') from generate_series(1, $N)" \
    >"$BATS_FILE_TMPDIR/ids"
  worker "select count(*) from telltale.claim('bats', array['checksum'], $N, '1 hour',
          array['$account'])" >/dev/null
  export account key
}

teardown_file() {
  load load
  stop_all_load
  leave_all
}

setup() {
  bats_require_minimum_version 1.5.0
  load load
  jobs="unnest(string_to_array('$(paste -sd , "$BATS_FILE_TMPDIR/ids")', ',')) as id"
}

# urls [LAST-ID]: a line for each job.
urls() {
  sed "s,.*,$TELLTALE_URL/api/v1/job/&/progress $1," "$BATS_FILE_TMPDIR/ids" \
    >"$BATS_FILE_TMPDIR/urls"
}

# Each stream has shown its own job and no other.
each_its_own() {
  diff "$BATS_FILE_TMPDIR/ids" <(sort -n "$(load_file "$1" events)" |
    sed -E 's/^([0-9]+)\t.*"job_id":"([^"]+)".*/\1 \2/' | sort -u | sort -n | cut -d ' ' -f 2)
}

@test "each client sees its own job and no other, whole and in order" {
  urls
  start_load own --urls "$BATS_FILE_TMPDIR/urls"
  all_open own
  worker "select count(telltale.progress(id, 1, n)) from generate_series(1, 20) as n, $jobs"
  worker "select count(telltale.complete(id, 1)) from $jobs"
  finish_load own

  [ "$(result own .ended)" = $N ]
  [ "$(result own '.duplicates + .disorder + .gaps + .errors')" = 0 ]
  [ "$(result own .events_min)" = 22 ]
  [ "$(result own .events_max)" = 22 ]
  each_its_own own
}

@test "if they all come back at once, each gets what it missed" {
  urls 7
  start_load back --urls "$BATS_FILE_TMPDIR/urls"
  finish_load back

  [ "$(result back .ended)" = $N ]
  [ "$(result back '.duplicates + .disorder + .gaps + .errors')" = 0 ]
  [ "$(result back .events_min)" = 17 ]
  [ "$(result back .events_max)" = 17 ]
  each_its_own back
}

@test "a hundred of them on one stream are the same" {
  local list
  list=$(head -n 100 "$BATS_FILE_TMPDIR/ids" | paste -sd ,)
  start_load one --url "$TELLTALE_URL/api/v1/jobs/progress?ids=$list" \
    --last-id "$(yes 2 | head -n 100 | paste -sd -)"
  finish_load one

  [ "$(result one '.duplicates + .disorder + .gaps + .errors')" = 0 ]
  [ "$(result one .events)" = $((100 + 100 * 21)) ]
  [ "$(events_of one 0 | tail -n 1 | cut -d ' ' -f 1)" = "$(yes 23 | head -n 100 | paste -sd -)" ]
}
