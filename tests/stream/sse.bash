# Words for streams: a client in the background writes what comes into a file,
# the test waits until something is in it.
# shellcheck shell=bash
# shellcheck disable=SC2154 # key is the test's

# --- jobs --------------------------------------------------------------------

# begin_job [TYPE]: a job that this test works on; sets job and attempt.
# shellcheck disable=SC2034 # attempt is for the test
begin_job() {
  local type=${1:-video} claimed
  job=$(submit_job "$account" "$type")
  claimed=$(claim_job "$account" "$type")
  attempt=${claimed#*|}
  [ "${claimed%|*}" = "$job" ]
}

# What its worker says of it.
progress() { worker "select telltale.progress('$job', $attempt, $*)" >/dev/null; }
complete() { worker "select telltale.complete('$job', $attempt)" >/dev/null; }

# seq FROM TO: as many progress events, in one transaction.
burst() {
  worker "select count(telltale.progress('$job', $attempt, n * 99.9 / $2, 'step ' || n))
            from generate_series($1, $2) as n" >/dev/null
}

last_seq() { sql "select seq from telltale.job where job_id = '${1:-$job}'"; }

# --- streams -----------------------------------------------------------------

# open_stream NAME PATH [CURL ARGUMENT...]: $key is presented, if it is not
# empty.  The descriptors of bats stay with bats.
open_stream() {
  local name=$1 path=$2 out=${stream_dir:-$BATS_TEST_TMPDIR}/$1
  shift 2
  : >"$out.sse"
  rm -f "$out.status" "$out.pid"
  (
    curl -sS -N --max-time 300 --path-as-is -D "$out.head" -o "$out.sse" \
      ${key:+-H "Authorization: Bearer $key"} "$@" "$TELLTALE_URL$path" 2>"$out.err" &
    echo $! >"$out.pid"
    wait $! || { echo $? >"$out.status"; exit; }
    echo 0 >"$out.status"
  ) 3>&- 4>&- &
  within 5 test -s "$out.pid"
}

# The progress of $job, as stream NAME.
watch_job() {
  local name=$1
  shift
  open_stream "$name" "/api/v1/job/$job/progress" "$@"
  await "$name" '^data:'
}

stream_file() { printf '%s/%s.%s' "${stream_dir:-$BATS_TEST_TMPDIR}" "$1" "${2:-sse}"; }

show_stream() {
  printf 'stream %s, %s:\n' "$1" "$2"
  cat "$(stream_file "$1" head)" "$(stream_file "$1")" "$(stream_file "$1" err)" || true
}

# came NAME PATTERN: a line of it matches.  Servers part what they pass on where
# they like: what comes after the last empty line is not looked at yet.
came() {
  awk '{ part = part $0 "\n" } /^$/ { printf "%s", part; part = "" }' "$(stream_file "$1")" |
    grep -E -e "$2" >/dev/null
}

# await NAME PATTERN [SECONDS]: until a line matches, and its event is whole.
await() {
  within "${3:-5}" came "$1" "$2" ||
    { show_stream "$1" "where no line matches $2"; return 1; }
}

has_ended() { [ -s "$(stream_file "$1" status)" ]; }

# ended NAME [SECONDS]: the server ended it, and properly.
ended() {
  within "${2:-5}" has_ended "$1" || { show_stream "$1" 'still open'; return 1; }
  [ "$(cat "$(stream_file "$1" status)")" = 0 ] || { show_stream "$1" 'broke off'; return 1; }
}

is_open() { ! has_ended "$1" || { show_stream "$1" 'has ended'; return 1; }; }

# The client goes, without a word.
leave() {
  has_ended "$1" || kill -KILL "$(cat "$(stream_file "$1" pid)")" 2>/dev/null || true
  within 5 has_ended "$1"
}

# After a test: its clients go; its jobs end, so that the server has something
# to say to them, and learns of it.
leave_all() {
  local pid
  for pid in "$BATS_TEST_TMPDIR"/*.pid; do
    [ ! -e "$pid" ] || leave "$(basename "$pid" .pid)"
  done
  sql "select telltale.cancel(j.job_id)
         from telltale.job as j join telltale.account as a using (account_id)
        where a.name = '$account' and j.status in ('queued', 'processing')
          and j.job_id <> '${quiet:-}'" >/dev/null
}

# --- what came ---------------------------------------------------------------

# events NAME: a line for each event: its own id or -, its name, its data.
events() {
  awk '
  function field(name) { return index($0, name ": ") == 1 }
  field("id") { id = substr($0, 5) }
  field("event") { event = substr($0, 8) }
  field("data") { data = data substr($0, 7) }
  /^$/ {
    if (data != "")
      print (id == "" ? "-" : id), (event == "" ? "message" : event), data
    id = event = data = ""
  }' "$(stream_file "$1")"
}

# The same without ids; without anything but the data; and only the ids.
shown() { events "$1" | cut -d ' ' -f 2-; }
datas() { events "$1" | cut -d ' ' -f 3-; }
ids() { events "$1" | cut -d ' ' -f 1; }

last_event() { events "$1" | tail -n 1; }
last_id() { ids "$1" | grep -v '^-$' | tail -n 1; }
stream_header() { tr -d '\r' <"$(stream_file "$1" head)" | sed -n "s/^$2: //Ip" | tail -n 1; }

# Streams open on this stack, as the hubs report them.
open_streams() { sql "select coalesce(sum(streams), 0) from telltale.listener"; }
are_open() { [ "$(open_streams)" = "$1" ]; }
