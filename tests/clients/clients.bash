# Words for clients of other people's making: each follows both streams, as the
# public, with a key, and with a ticket in the address, while a worker is at work
# and the streams' programs are killed.
# shellcheck shell=bash
# shellcheck disable=SC2154 # the stack's environment, and what request() sets

# shellcheck source=tests/fault/fault.bash
. "${BASH_SOURCE[0]%/*}/../fault/fault.bash"

# --- the site ------------------------------------------------------------------

# site_up SERVER: for setup_file; with a page, as any site has.  Who is cut off
# comes back when the server has long started another program: to an EventSource
# a 503 is the end.
site_up() {
  stack_up --server "$1" --set TELLTALE_RETRY_MS=5000
  install -m 644 tests/clients/listen.{html,js} "$stack_dir/site/htdocs/"
}

# For setup: an account that only its key shows, beside demo, which is public.
on_site() {
  on_stack
  account=$(new_account)
  key=$(new_key "$account" queue:read,job:read)
  run_id=$(unique 6)
  clients=
}

# For teardown.
leave_site() {
  local client
  stop_writer
  for client in $clients; do kill -TERM -- "-$client" 2>/dev/null || true; done
  for client in $clients; do within 10 group_is_gone "$client"; done
}

group_is_gone() { ! pgrep -g "$1" >/dev/null; }

# Prints one for the address of a stream.
new_ticket() {
  request POST /api/v1/ticket -H 'Content-Type: application/json' -d '{}' >/dev/null
  field .ticket
}

# --- clients -------------------------------------------------------------------

declare -gA client_commands=(
  [chromium]='node tests/clients/browser.js'
  [eventsource]='node tests/clients/node.js'
  [python]='python3 -u tests/clients/lines.py'
  [curl]='tests/clients/curl.sh'
)

declare -gA client_modules=([chromium]=playwright-core [eventsource]=eventsource)

# Skips the test where somebody has not what the client is made of.
need() {
  local module=${client_modules[$1]-}
  [ "$1" != chromium ] || [ -x /usr/bin/chromium ] || skip 'no chromium: tools/deps test installs it'
  [ -z "$module" ] || [ -e "build/node_modules/$module" ] ||
    skip "no $module: tools/deps test found no npm, or no network"
}

# start_client CLIENT NAME=PATH...: what it says is in CLIENT.said, in lines
# "NAME ID TEXT".
start_client() {
  local said=$BATS_TEST_TMPDIR/$1.said command
  read -ra command <<<"${client_commands[$1]}"
  shift
  TELLTALE_KEY=$key NODE_PATH=$PWD/build/node_modules \
    setsid "${command[@]}" "$@" >"$said" 2>"$said.err" 3>&- 4>&- &
  clients+=" $!"
  echo $! >"$said.pid"
}

# Whoever has ended will say nothing any more.  Its group is there a little later
# than it is.
is_running() {
  local pid
  pid=$(<"$BATS_TEST_TMPDIR/$1.said.pid")
  kill -0 "$pid" 2>/dev/null || pgrep -g "$pid" >/dev/null
}

# said CLIENT NAME: its lines, "ID TEXT".
said() { sed -n "s/^$2 //p" "$BATS_TEST_TMPDIR/$1.said"; }

# has_said CLIENT NAME TEXT N: so often at least.
has_said() {
  awk -v name="$2" -v text="$3" -v n="$4" '
  $1 == name && substr($0, length($1 $2) + 3) == text { seen++ }
  END { exit seen < n }' "$BATS_TEST_TMPDIR/$1.said"
}

said_or_ended() { has_said "$@" || ! is_running "$1"; }

# await_said CLIENT NAME TEXT [N]
await_said() {
  within 20 said_or_ended "$1" "$2" "$3" "${4:-1}" || true
  has_said "$1" "$2" "$3" "${4:-1}" && return
  printf '%s does not say "%s", but:\n' "$2" "$3"
  tail -n 40 "$BATS_TEST_TMPDIR/$1.said" "$BATS_TEST_TMPDIR/$1.said.err"
  return 1
}

# --- what happens ----------------------------------------------------------------

failure='FFmpeg: „größer“ ✗'

# live JOB ACCOUNT N: its whole life, in statements; every other one fails.
live() {
  local end="telltale.complete('$1', 1)"
  [ $(($3 % 2)) = 1 ] || end="telltale.fail('$1', 1, '$failure', retryable => false)"
  cat <<-END
	select telltale.submit('$2', 'video', job_id => '$1');
	select telltale.claim('bats', array['video'], 1, '1 hour', array['$2']);
	select telltale.progress('$1', 1, 47.9);
	select $end;
	END
}

# The writer of fault.bash: the same for a job of each account, again and again.
# How often is in the file played.
write_on() {
  local n=0
  while [ ! -e "$BATS_TEST_TMPDIR/stop" ]; do
    n=$((n + 1))
    { live "public-$run_id-$n" demo $n; live "private-$run_id-$n" "$account" $n; } |
      psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_WORKER_DSN" >/dev/null || return
    echo $n >"$BATS_TEST_TMPDIR/played.new"
    mv "$BATS_TEST_TMPDIR/played.new" "$BATS_TEST_TMPDIR/played"
    sleep 0.05
  done
}

played() { cat "$BATS_TEST_TMPDIR/played" 2>/dev/null || echo 0; }
has_played() { [ "$(played)" -ge "$1" ]; }

# --- what is to be said of it ------------------------------------------------------

queue_words() {
  local ends=("Job $1 failed: $failure" "Done: $1")
  printf '%s\n' "Job $1: 47%" "${ends[$2 % 2]}"
}

updates_words() {
  local ends=(failed completed)
  printf "[%s] $1\n" queue_item_added queue_item_processing status_update \
    "queue_item_${ends[$2 % 2]}"
}

# words_of STREAM N: in the manner of its seed, of the N-th job that it shows.
words_of() {
  local whose=private
  [[ $1 != public-* ]] || whose=public
  "${1#*-}_words" "$whose-$run_id-$2" "$2"
}

last_word() { words_of "$1" "$2" | tail -n 1; }

# --- the story -------------------------------------------------------------------

streams='public-queue public-updates keyed-queue keyed-updates ticket-queue ticket-updates'

# Each stream as NAME=PATH.
paths() {
  local stream path query
  for stream in $streams; do
    path=/queue/events query=
    [[ $stream != *-updates ]] || path=/api/updates
    [[ $stream != ticket-* ]] || query="?ticket=$1"
    echo "$stream=$path$query"
  done
}

# each COMMAND...: for each client, and each stream of its own.
each() {
  local client stream
  for client in $followers; do
    for stream in $streams; do "$@" "$client" "$stream" || return; done
  done
}

await_open() { await_said "$2" "$3" open "$1"; }
await_round() { await_said "$2" "$3" "$(last_word "$3" "$1")"; }

kill_streams() {
  local pids
  pids=$(program_pid queue-events && program_pid updates)
  [ -n "$pids" ]
  # shellcheck disable=SC2086 # a word each
  kill -9 $pids
}

# The events of a stream, "ID TEXT".
heard() { said "$1" "$2" | grep -vE '^[^ ]+ (open|error 0|Connected: client_[a-z0-9]{12})$'; }

# What happened and nothing else, in order, and each by an id of its own.
heard_all() {
  local n last
  last=$(played)
  diff --label "$1 $2" <(heard "$1" "$2" | cut -d ' ' -f 2-) \
    --label 'what happened' <(for ((n = 1; n <= last; n++)); do words_of "$2" $n; done) &&
    diff <(heard "$1" "$2" | cut -d ' ' -f 1 | sort | uniq -d) /dev/null
}

# meet CLIENT...: they listen, and there is nothing to be heard.
meet() {
  local client mine
  followers=$*
  for client; do need "$client"; done
  mapfile -t mine < <(paths "$(new_ticket)")
  for client; do start_client "$client" "${mine[@]}"; done
  each await_open 1
}

# What they listen to is killed, and while they are away something happens.
# Nobody tells them to come back.
come_back() {
  kill_streams
  [ -n "$writer" ] || start_writer
  within 20 has_played $(($(played) + 2))
  each await_open 2
  stop_writer
  each await_round "$(played)"
  each heard_all
}

# follow CLIENT...: from the first event, over the death of the programs, to the
# last.
follow() {
  meet "$@"
  start_writer
  each await_round 1
  come_back
}

# follow_untold CLIENT...: who is cut off before the first event comes back by
# the id of none.  Not so the eventsource of npm: it keeps the ids of events
# only, where the standard does not ask for one.
follow_untold() {
  meet "$@"
  come_back
}

# --- refusals --------------------------------------------------------------------

has_connected() { said "$1" "$2" | grep -q 'Connected: '; }

# mind CLIENT...: what an EventSource of the standard does.  A 401 and a 204 are
# the end of it.  A stream that is refused for now is a 200 that says when to ask
# again, and ends: it does ask, and nobody has to help.
mind() {
  local client over ticket crowded
  for client; do need "$client"; done
  over=$(submit_job "$account" image)
  worker "select telltale.cancel('$over')" >/dev/null
  ticket=$(new_ticket)
  crowded=$(new_account)
  sql "select telltale.account_set('$crowded', p_watch_limit => 1)" >/dev/null
  key=$(new_key "$crowded" queue:read)
  open_stream first /queue/events
  await first '^event: connected'

  for client; do
    start_client "$client" 'bad=/queue/events?ticket=tk_none' \
      "over=/api/v1/job/$over/progress?ticket=$ticket&lastEventId=$(last_seq "$over")" \
      "late=/queue/events?ticket=$(new_ticket)"
  done
  for client; do
    await_said "$client" bad 'error 2'
    await_said "$client" over 'error 2'
    await_said "$client" late 'error 0'
    run ! has_connected "$client" late
  done

  sql "select telltale.account_set('$crowded', p_watch_limit => 9)" >/dev/null
  for client; do
    within 40 has_connected "$client" late
    run ! has_said "$client" bad open 1
    run ! has_said "$client" over open 1
  done
}
