# Words for attacks: a stack of the file's own, connections that are held, and
# a good client, who must not notice.
# shellcheck shell=bash
# shellcheck disable=SC2154 # the stack's environment

# --- the stack -----------------------------------------------------------------

# stack_up SERVER: for setup_file.
stack_up() {
  cd "$BATS_TEST_DIRNAME/../.." || return
  stack_dir=$(mktemp -d /tmp/ttattack.XXXXXX)
  export stack_dir
  tools/stack up --server "$1" --dir "$stack_dir" --port 0 ${SAN:+--san "$SAN"}
}

# For teardown_file.  What was said in the logs, or should not have been.
stack_down() {
  cd "$BATS_TEST_DIRNAME/../.." || return
  [ -n "${stack_dir-}" ] || return 0
  tools/stack down --dir "$stack_dir" >/dev/null
  if grep -raE -A 20 'Sanitizer|runtime error|Assertion|\*\*\*: terminated' "$stack_dir/log"; then return 1; fi
  tests/leaks "$stack_dir" || return
  rm -rf "$stack_dir"
}

# For setup.
on_stack() {
  cd "$BATS_TEST_DIRNAME/../.." || return
  # shellcheck disable=SC1091 # written by tools/stack
  . "$stack_dir/env"
  load ../helpers
  load ../stream/sse
  key=$TELLTALE_KEY
  holding=
  hold=build${SAN:+-$SAN}/tests/tool/hold
  [ -x "$hold" ] || { echo "make testprogs builds $hold"; return 1; }
}

# A job that is worked on; it ends with the test.
new_job() {
  job=$(submit_job demo video)
  claim_job demo video >/dev/null
}

# --- the attacker --------------------------------------------------------------

# hold_connections N [WHAT-IS-SENT]: the rest of the test has to do with that.
hold_connections() {
  local out=$BATS_TEST_TMPDIR/hold
  printf '%b' "$2" | "$hold" "${TELLTALE_URL##*:}" "$1" >"$out" 2>"$out.told" 3>&- 4>&- &
  holding=$!
  within 20 grep -q "^$1 open" "$out.told" || { cat "$out.told"; return 1; }
}

# let_go N: ends it; so many at least were held until now.  A server may have
# been told meanwhile what to say to the others, and how many that are depends
# on how fast the machine is.
let_go() {
  local held
  kill "$holding"
  wait "$holding"
  holding=
  read -r _ held _ <"$BATS_TEST_TMPDIR/hold"
  echo "$held held to the end"
  [ "$held" -ge "$1" ]
}

# For teardown.
stop_holding() {
  [ -z "$holding" ] || { kill "$holding" && wait "$holding"; } || true
}

# --- the good client -----------------------------------------------------------

# in_a_second METHOD PATH [CURL ARGUMENT...]: is answered 200, and soon enough,
# which is a second, or $patience, of a machine that has nothing else to do.
in_a_second() {
  local method=$1 path=$2 asking
  shift 2
  curl -sS --max-time 60 -X "$method" -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code} after %{time_total} s\n' \
    -H "Authorization: Bearer $key" "$@" "$TELLTALE_URL$path" >"$BATS_TEST_TMPDIR/good" 3>&- 4>&- &
  asking=$!
  within "${patience:-1}" has_gone "$asking" || { kill "$asking"; return 1; }
  wait "$asking"
  cat "$BATS_TEST_TMPDIR/good"
  grep -q '^200' "$BATS_TEST_TMPDIR/good"
}

# A process of this shell has ended.
has_gone() { ! kill -0 "$1" 2>/dev/null; }

asks_a_status() { in_a_second GET "/api/v1/job/$job"; }
asks_for_a_ticket() { in_a_second POST /api/v1/ticket -d '{}' -H 'Content-Type: application/json'; }

# --- the programs ----------------------------------------------------------------

# Of the stack, by number.
pids() {
  find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$stack_dir/site/cgi-bin/*" 2>/dev/null | cut -d / -f 3 | sort
}

# still_there PIDS: none of these has ended.
still_there() { [ -z "$(comm -23 <(printf '%s\n' "$1") <(pids))" ]; }

# --- the tests, which are the same for each server ---------------------------------

half_headers() {
  asks_a_status
  hold_connections 500 'GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Slow: '

  asks_a_status
  asks_for_a_ticket
  asks_a_status
  let_go 500
}

# half_bodies METHOD PATH: whether the path wants a body or not.
half_bodies() {
  asks_a_status
  hold_connections 500 "$1 $2 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer $key\r
Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"scope\": "

  asks_a_status
  asks_a_status
  in_a_second GET /api/v1/jobs
  let_go 250
}

# What the program says to them, more than a stream may have waiting, keeps it
# from nothing else.
deaf_streams() {
  local before patience=5
  asks_a_status
  hold_connections "$1" "GET /api/v1/job/$job/progress HTTP/1.1\r\nHost: localhost\r
Authorization: Bearer $key\r\nAccept: text/event-stream\r\n\r\n"
  before=$(pids)
  worker "select count(telltale.progress('$job', 1, n / 6.0, repeat('deaf ' || n, 100)))
            from generate_series(1, 500) as n" >/dev/null

  asks_a_status
  watch_job good
  worker "select telltale.progress('$job', 1, 99, 'heard')" >/dev/null
  await good '"heard"'
  leave good
  asks_a_status
  still_there "$before"
  let_go 0
}
