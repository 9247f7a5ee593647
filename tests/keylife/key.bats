#!/usr/bin/env bats
# What becomes of a key that is good no longer, and of what is open with it;
# and when it was last used.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup() and get() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load keylife
  on_stack
  account=$(new_account)
  key=$(new_key "$account" job:read)
  begin_job
  path=/api/v1/job/$job/progress
}

teardown() { leave_all; }

# --- streams -----------------------------------------------------------------------

@test "the streams of a revoked key end within five seconds, and no others" {
  local other i
  other=$(new_key "$account" job:read)
  for i in 1 2 3; do watch_job "a$i"; done
  key=$other watch_job b

  telltale key revoke "$(key_id "$key")"
  for i in 1 2 3; do ended "a$i" 5; done
  is_open b
  progress 50
  await b '"progress":50'

  get "$path"
  refused 401 UNAUTHORIZED
  get /api/v1/jobs
  refused 401 UNAUTHORIZED
  key=$other status_is 200 /api/v1/jobs
}

@test "the streams of a key that expires end within five seconds of that" {
  local other
  other=$(new_key "$account" job:read "now() + interval '1 hour'")
  key=$(new_key "$account" job:read "now() + interval '1 hour'")
  watch_job a
  key=$other watch_job b
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "update telltale.api_key
    set expires_at = now() + interval '1 second' where key_id = $(key_id "$key")"

  within 5 status_is 401 /api/v1/jobs
  ended a 5
  is_open b
  get "$path"
  refused 401 UNAUTHORIZED
  progress 50
  await b '"progress":50'
}

@test "the streams of a terminated account end within five seconds, until it is reinstated" {
  local mine=$account mine_key=$key mine_job=$job other
  other=$(new_key "$account" job:read)
  watch_job a
  key=$other watch_job b
  account=$(new_account)
  key=$(new_key "$account" job:read)
  begin_job
  watch_job theirs

  telltale account set "$mine" --terminate
  ended a 5
  ended b 5
  for key in "$mine_key" "$other"; do
    get "/api/v1/job/$mine_job"
    refused 403 ACCOUNT_TERMINATED
    get "/api/v1/job/$mine_job/progress" -H 'Accept: text/event-stream'
    refused 403 ACCOUNT_TERMINATED
  done
  is_open theirs
  progress 50
  await theirs '"progress":50'

  telltale account set "$mine" --reinstate
  status_is 200 /api/v1/jobs
}

@test "a key that is gone altogether ends its streams too" {
  watch_job a
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "delete from telltale.api_key
    where key_id = $(key_id "$key")"
  ended a 5
  get "$path"
  refused 401 UNAUTHORIZED
}

@test "the places of the streams that ended so are free" {
  local i
  telltale account set "$account" --watch-limit 3
  for i in 1 2 3; do watch_job "a$i"; done
  telltale key revoke "$(key_id "$key")"
  for i in 1 2 3; do ended "a$i" 5; done

  key=$(new_key "$account" job:read)
  for i in 1 2 3; do
    comes_in() { open_stream "b$i" "$path" && within 2 grep -q ^data: "$(stream_file "b$i")"; }
    within 5 comes_in
  done
}

@test "a key that is dead is told of in the log once" {
  local n
  watch_job a
  n=$(key_id "$key")
  telltale key revoke "$n"
  ended a 5
  logged "key $n is good no longer"
  key=$(new_key "$account" job:read) watch_job b
  newer() { [ "$(sql "select max(seen_at) > timestamptz '$seen' + interval '3 seconds'
    from telltale.listener")" = t ]; }
  seen=$(sql 'select now()')
  within 8 newer
  [ "$(grep -c "key $n is good no longer" "$TELLTALE_LOG_FILE")" = 1 ]
}

# --- last used ---------------------------------------------------------------------

used() { telltale key list --account "$account" --json | jq -r ".[] | select(.key_id == $1) | .last_used_at"; }
is_used() { [ "$(used "$1")" != null ]; }

@test "a key shows when it was last used" {
  local n
  n=$(key_id "$key")
  [ "$(used "$n")" = null ]
  telltale key list --account "$account" | grep never

  status_is 200 /api/v1/jobs
  is_used "$n"
  run ! grep never <(telltale key list --account "$account")
}

@test "a key is used by whatever it is good for, but not where it is good for nothing" {
  local n what
  for what in "/api/v1/job/$job" "/api/v1/job/nobody" "/api/v1/jobs/progress?ids=nobody"; do
    key=$(new_key "$account" job:read)
    get "$what"
    is_used "$(key_id "$key")"
  done
  key=$(new_key "$account" job:read)
  watch_job a
  is_used "$(key_id "$key")"
  key=$(new_key "$account" queue:read)
  get /api/v1/jobs
  refused 403 FORBIDDEN
  is_used "$(key_id "$key")"

  key=$(new_key "$account" job:read)
  n=$(key_id "$key")
  telltale key revoke "$n"
  get /api/v1/jobs
  refused 401 UNAUTHORIZED
  [ "$(used "$n")" = null ]
}

# The row as it lies in the table: any write makes it another.
row_of() { psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "select xmin, ctid, last_used_at
  from telltale.key_use where key_id = $1"; }
hour() { sql "select date_trunc('hour', now())"; }

@test "reading writes nothing: a use is noted once an hour" {
  local n before since i
  n=$(key_id "$key")
  status_is 200 /api/v1/jobs
  since=$(hour)
  before=$(row_of "$n")
  [ -n "$before" ]

  for ((i = 0; i < 25; i++)); do
    printf 'url = "%s"\n-o /dev/null\n' "$TELLTALE_URL/api/v1/job/$job" "$TELLTALE_URL/api/v1/jobs"
  done | curl -sS -K - -H "Authorization: Bearer $key" -w '%{http_code}\n' >"$BATS_TEST_TMPDIR/codes"
  watch_job a
  [ "$(uniq -c "$BATS_TEST_TMPDIR/codes" | tr -s ' ')" = ' 50 200' ]
  [ "$(row_of "$n")" = "$before" ] || [ "$(hour)" != "$since" ]

  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "update telltale.key_use
    set last_used_at = last_used_at - interval '1 hour' where key_id = $n"
  since=$(hour)
  status_is 200 /api/v1/jobs
  [ "$(sql "select last_used_at in ('$since', date_trunc('hour', now(), 'UTC'))
              from telltale.key_use where key_id = $n")" = t ]
}
