#!/usr/bin/env bats
# How many streams an account may have open: as many as its watch limit says,
# over all programs and hosts, whatever becomes of them.
# shellcheck disable=SC2030,SC2031,SC2154 # begin_job and get() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  load sse
  account=bats-$(unique 8)
  "$BATS_TEST_DIRNAME/../../bin/telltale" account add "$account" --watch-limit 5 \
    --rate 1000000 >/dev/null
  key=$(new_key "$account" job:read)
  begin_job
  path=/api/v1/job/$job/progress
  said=0
}

teardown() {
  end_hubs
  leave_all
}

# --- words -------------------------------------------------------------------------

# Where a stream is a process of its own, it is two connections to PostgreSQL.
process_per_stream() {
  case $TELLTALE_SERVER in apache-fcgid|apache-cgi) ;; *) false ;; esac
}

# Apache learns that a client has left when it has something to pass on.
nudge() {
  case $TELLTALE_SERVER in
  apache-*) said=$((said + 1)); progress "$((said % 90)), 'nudge $said'" ;;
  esac
}

# race NAME N: so many streams of the job begin at once.
race() {
  local out=$BATS_TEST_TMPDIR/$1 i
  mkdir -p "$out"
  for ((i = 0; i < $2; i++)); do
    printf 'url = "%s"\noutput = "%s"\n' "$TELLTALE_URL$path" "$out/$i.part"
  done >"$out/urls"
  rm -f "$out.status" "$out.pid"
  (
    curl -sS -N -i -Z --parallel-immediate --parallel-max "$2" --max-time 60 \
      -H "Authorization: Bearer $key" -K "$out/urls" 2>"$out.err" &
    echo $! >"$out.pid"
    wait $! || { echo $? >"$out.status"; exit; }
    echo 0 >"$out.status"
  ) 3>&- 4>&- &
  within 5 test -s "$out.pid"
}

# Of those, how many are told this; have all been told one or the other?
told() { { grep -ls "$2" "$BATS_TEST_TMPDIR/$1/"*.part || true; } | wc -l; }
all_told() {
  [ $(($(told "$1" '^event: connected') + $(told "$1" '"RATE_LIMITED"'))) = "$2" ]
}

# A hub of its own: the program by hand, as plain CGI; the job is watched there.
own_hub() {
  local out=$BATS_TEST_TMPDIR/$1
  : >"$out.sse"
  env -i PATH="$PATH" HTTP_AUTHORIZATION="Bearer $key" REQUEST_METHOD=GET \
    REQUEST_URI="$path" HTTP_ACCEPT='*/*' "$TELLTALE_DIR/site/cgi-bin/progress.fcgi" \
    </dev/null 2>"$out.err" > >(exec cat >"$out.sse" 3>&- 4>&-) 3>&- 4>&- &
  echo $! >"$out.hub"
}

end_hub() { kill "-${2:-TERM}" "$(cat "$BATS_TEST_TMPDIR/$1.hub")"; }

end_hubs() {
  local hub
  for hub in "$BATS_TEST_TMPDIR"/*.hub; do
    [ ! -e "$hub" ] || kill "$(cat "$hub")" 2>/dev/null || true
  done
}

# comes_in NAME: one more stream begins; or it is told that there are too many.
answered() { has_ended "$1" || grep -q '^event: connected' "$(stream_file "$1")"; }
comes_in() {
  nudge
  open_stream "$1" "$path"
  within 5 answered "$1"
  grep -q '^event: connected' "$(stream_file "$1")"
}

# The account has no place left.
is_full() {
  get "$path" -H 'Accept: */*'
  refused 429 RATE_LIMITED && [ "$(header Retry-After)" = 5 ]
}

places() {
  sql "select coalesce(sum(s.n), 0)
         from telltale.stream_lease as s join telltale.account as a using (account_id)
        where a.name = '$account'"
}
hold_places() { nudge; [ "$(places)" = "$1" ]; }

rows() {
  sql "select count(*)
         from telltale.stream_lease as s join telltale.account as a using (account_id)
        where a.name = '$account'"
}

# Where a server begins a program for each stream, some begin after their client
# has left: a row of one is to go as it came.
left_nothing() { hold_places 0 && [ "$(rows)" = 0 ]; }

watch_limit() {
  "$BATS_TEST_DIRNAME/../../bin/telltale" account set "$account" --watch-limit "$1"
}

# --- the limit ---------------------------------------------------------------------

@test "of a hundred that begin at once as many are let in as the limit says" {
  local n=100
  ! process_per_stream || n=30
  race all $n
  within 30 all_told all $n

  [ "$(told all '^event: connected')" = 5 ]
  [ "$(told all '^HTTP/1.1 200')" = 5 ]
  [ "$(told all '^HTTP/1.1 429')" = $((n - 5)) ]
  [ "$(told all '^Retry-After: 5')" = $((n - 5)) ]
  [ "$(places)" = 5 ]
}

@test "who comes when the account is full is told when to come again" {
  local i
  for i in 1 2 3 4 5; do comes_in "s$i"; done

  is_full
  [ "$(field .message)" = 'Too many streams of this account are open' ]
  get "/api/v1/jobs/progress?ids=$job" -H 'Accept: */*'
  refused 429 RATE_LIMITED

  # An EventSource would give up for good on a 429.
  get "$path" -H 'Accept: text/event-stream'
  [ "$http_status" = 200 ]
  [ "$(header Content-Type)" = 'text/event-stream; charset=utf-8' ]
  [[ $body =~ ^'retry: '([0-9]+)$'\n\n: '[a-z\ ]+$ ]]
  [ "${BASH_REMATCH[1]}" -ge 5000 ]

  # Those who are in notice nothing.
  progress 50
  for i in 1 2 3 4 5; do await "s$i" '"progress":50'; done
}

# bats test_tags=any-server
@test "another account is not full for it" {
  local i
  for i in 1 2 3 4 5; do comes_in "s$i"; done
  is_full

  account=$(new_account)
  key=$(new_key "$account" job:read)
  begin_job
  path=/api/v1/job/$job/progress comes_in other
}

# bats test_tags=any-server
@test "all keys of an account count together" {
  local i
  for i in 1 2 3; do comes_in "s$i"; done
  key=$(new_key "$account" job:read)
  for i in 4 5; do comes_in "s$i"; done

  is_full
  [ "$(rows)" -le 5 ]
}

@test "when one leaves its place is free" {
  local i
  for i in 1 2 3 4 5; do comes_in "s$i"; done
  is_full

  leave s3
  within 5 comes_in s6
  is_full
}

@test "HEAD takes no place, and needs none" {
  local i
  for i in 1 2 3 4 5; do comes_in "s$i"; done
  request HEAD "$path"
  [ "$http_status" = 200 ]
  leave s1
  for i in 1 2 3; do request HEAD "$path"; done

  within 5 comes_in s6
}

@test "a job that has ended holds no place" {
  local i
  watch_limit 1
  complete
  for i in {1..10}; do
    over() { get "$path" -H 'Accept: */*' && [ "$http_status" = 200 ]; }
    within 5 over
  done
  get "$path" -H 'Last-Event-ID: 4'
  within 5 hold_places 0

  begin_job post
  path=/api/v1/job/$job/progress
  within 5 comes_in s1
  is_full
}

@test "a stream that ends with its job gives its place back" {
  watch_limit 1
  comes_in s1
  complete
  ended s1

  begin_job post
  path=/api/v1/job/$job/progress
  within 5 comes_in s2
}

# bats test_tags=any-server
@test "a limit of 0 is none, and a higher one counts at once" {
  watch_limit 0
  is_full
  request HEAD "$path"
  [ "$http_status" = 200 ]

  watch_limit 1
  comes_in s1
  is_full
  watch_limit 2
  comes_in s2
  is_full
}

# bats test_tags=any-server
@test "a lower limit throws nobody out, and lets nobody in" {
  local i
  for i in 1 2 3 4; do comes_in "s$i"; done
  watch_limit 2
  is_full
  progress 50
  for i in 1 2 3 4; do await "s$i" '"progress":50'; done

  for i in 1 2; do leave "s$i"; done
  within 5 hold_places 2
  is_full
  leave s3
  within 5 comes_in s5
}

# bats test_tags=any-server
@test "who is refused for another reason takes no place" {
  local i
  watch_limit 1
  for i in 1 2 3; do
    get /api/v1/job/nobody/progress
    refused 404 JOB_NOT_FOUND
    get "/api/v1/jobs/progress?ids=$job,nobody"
    refused 404 JOB_NOT_FOUND
    get "$path" -H 'Accept: application/json'
    refused 406 NOT_ACCEPTABLE
  done

  comes_in s1
}

# bats test_tags=any-server
@test "one stream of many jobs is one place" {
  local other
  other=$(submit_job "$account" move)
  watch_limit 1
  path="/api/v1/jobs/progress?ids=$job,$other" comes_in s1
  [ "$(places)" = 1 ]
  is_full
}

# --- many hubs ---------------------------------------------------------------------

# bats test_tags=any-server
@test "programs on several hosts count together" {
  local i
  for i in 1 2; do own_hub "h$i"; done
  for i in 1 2; do await "h$i" '^event: connected'; done
  for i in 1 2 3; do comes_in "s$i"; done
  is_full

  end_hub h1
  within 5 comes_in s4
  is_full
  leave s1
  within 5 hold_places 4
  own_hub h3
  await h3 '^event: connected'
  is_full
}

# --- programs and backends that die ------------------------------------------------

# bats test_tags=any-server
@test "the places of a program that is killed are free within five seconds" {
  local i
  for i in 1 2 3 4 5; do own_hub "h$i"; done
  for i in 1 2 3 4 5; do await "h$i" '^event: connected'; done
  is_full

  end_hub h1 KILL
  end_hub h2 KILL
  within 5 comes_in s1
  within 5 comes_in s2
  is_full
}

@test "so are those of the web server's own" {
  local pid i
  case $TELLTALE_SERVER in
  apache-proxy|nginx) skip 'nobody starts it again' ;;
  esac
  for i in 1 2 3 4 5; do comes_in "s$i"; done
  is_full

  for pid in $(sql "select l.pid
      from telltale.stream_lease as s
      join telltale.account as a using (account_id)
      join telltale.listener as l using (listener_id)
     where a.name = '$account'"); do
    kill -KILL "$pid"
  done
  for i in 1 2 3 4 5; do within 5 comes_in "t$i"; done
  is_full
}

# bats test_tags=any-server
@test "a hub whose connection is ended has as many places after it as before" {
  local i
  for i in 1 2 3 4 5; do comes_in "s$i"; done
  [ "$(places)" = 5 ]
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "select pg_terminate_backend(l.backend_pid, 5000)
      from telltale.stream_lease as s
      join telltale.account as a using (account_id)
      join telltale.listener as l using (listener_id)
     where a.name = '$account'"
  is_full

  leave s1
  within 8 comes_in s6
  is_full
  within 5 hold_places 5
  progress 50
  for i in 2 3 4 5 6; do await "s$i" '"progress":50'; done
}

# --- the count ---------------------------------------------------------------------

@test "after two hundred have come and gone the count is that of those who stay" {
  local i rounds=10 n=20
  if process_per_stream; then rounds=3 n=10; fi
  watch_limit 1000
  for i in 1 2 3; do comes_in "s$i"; done
  for ((i = 0; i < rounds; i++)); do
    race "r$i" $n
    within 20 all_told "r$i" $n
    [ "$(told "r$i" '^event: connected')" = $n ]
    leave "r$i"
  done
  within 10 hold_places 3

  for i in 1 2 3; do leave "s$i"; done
  within 10 left_nothing
}

@test "those who are gone before they are told a word leave nothing" {
  local i
  for ((i = 0; i < 20; i++)); do
    race "r$i" 5
    leave "r$i"
  done
  within 10 left_nothing
  within 5 comes_in s1
}

# bats test_tags=any-server
@test "where the account is full, who has all of a job is told that it is over" {
  "$BATS_TEST_DIRNAME/../../bin/telltale" account set "$account" --watch-limit 1 >/dev/null
  complete
  get "$path"
  [ "$http_status" = 200 ]
  local seen
  seen=$(last_seq)
  begin_job
  watch_job a

  get "/api/v1/jobs/progress?ids=$job"
  [ "$http_status" = 429 ]
  get "$path" -H "Last-Event-ID: $seen" -H 'Accept: text/event-stream'
  [ "$http_status" = 204 ]
  get "$path" -H 'Accept: text/event-stream'
  [ "$http_status" = 200 ]
  [[ $body == *'event: connected'* ]]
}
