# Words for tests that need many streams, other settings, or a program or a
# database that ends.  Their stack is a lighttpd of their own.
# shellcheck shell=bash
# shellcheck disable=SC2154 # BATS_ and TELLTALE_ variables

load ../helpers
load ../stream/sse

# --- the program ---------------------------------------------------------------

program_file=$TELLTALE_DIR/site/cgi-bin/progress.fcgi

# program_pid [NAME]: that of $program_file, or of another program.
program_pid() {
  local file=$program_file
  [ -z "${1-}" ] || file=${program_file%/*}/$1.fcgi
  pgrep -xf "$file" | head -n 1
}
has_program() { [ -n "$(program_pid "$@")" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

# lighttpd starts a program that ended again, at most once a second; until then
# it answers 503 itself.
declare -gA path_of=([progress]=/api/v1/job/x/progress [queue-events]=/queue/events [updates]=/api/updates)
serves() {
  case $(curl -s -o /dev/null -I -w '%{http_code}' "$TELLTALE_URL${path_of[$1]}") in
    000|5*) false ;;
  esac
}

# restart_program SIGNAL [NAME]: end it; the web server starts another.
restart_program() {
  local pid name=${2:-progress}
  within 8 has_program "$name"
  pid=$(program_pid "$name")
  kill -"$1" "$pid"
  within 8 is_gone "$pid"
  within 8 has_program "$name"
  within 8 serves "$name"
}

# configure [NAME=VALUE...]: what telltale.conf says more than the stack wrote
# there, until the next time.
configure() {
  local conf=$TELLTALE_DIR/site/telltale.conf
  [ -e "$conf.stack" ] || cp "$conf" "$conf.stack"
  { cat "$conf.stack"; printf '%s\n' "$@"; } >"$conf"
  restart_program TERM
}

# In KiB, what is its own: its share of the libraries goes up when others end.
memory_of() { awk '/^Anonymous:/ { print $2 }' "/proc/$1/smaps_rollup"; }

# A sanitizer's memory says nothing of ours.
need_plain_build() {
  ! grep -q '^san=.' "$TELLTALE_DIR/settings" || skip 'a sanitizer is in the programs'
}

# --- the database --------------------------------------------------------------

as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid="$TELLTALE_PG_USER" --regid="$(id -g "$TELLTALE_PG_USER")" \
      --init-groups "$@"
  else
    "$@"
  fi
}

# stop_database fast|immediate; an end without notice is what a crash is.
stop_database() {
  as_postgres "$TELLTALE_PGBIN/pg_ctl" -s -w -m "$1" -D "$TELLTALE_PGDATA" stop
}

start_database() {
  as_postgres "$TELLTALE_PGBIN/pg_ctl" -s -w -D "$TELLTALE_PGDATA" \
    -l "$TELLTALE_DIR/log/postgresql-start.log" start >/dev/null 3>&- 4>&-
}

# Details that make an event 2,000 bytes.
big_burst() {
  worker "select count(telltale.progress('$job', $attempt, n * 99.9 / $2,
                       'step ' || n || ' ' || repeat('ä', 900)))
            from generate_series($1, $2) as n" >/dev/null
}

# counter COLUMN [NAME]: what the hub of $program_file has counted, or that of
# another program.  Without a stream it forgets about it after ten seconds.
counter() {
  sql "select coalesce(max($1), 0) from telltale.listener where pid = $(program_pid "${@:2}")"
}
newer_than() { [ "$(counter "$1")" -gt "$2" ]; }

# --- many streams ----------------------------------------------------------------

sseload=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build
sseload+=$(sed -n 's/^san=\(.\)/-\1/p' "$TELLTALE_DIR/settings")/tests/tool/sseload

# start_load NAME ARGUMENT...: sseload in the background; $key is presented.  What
# comes is written down, unless it is $unheard.
start_load() {
  local out=$BATS_FILE_TMPDIR/$1 write=(--out "$BATS_FILE_TMPDIR/$1.events")
  shift
  [ -z "${unheard-}" ] || write=()
  : >"$out.events"
  rm -f "$out.status" "$out.told" "$out.pid"
  (
    TELLTALE_KEY=$key "$sseload" ${write[@]+"${write[@]}"} "$@" >"$out.json" 2>"$out.told" &
    echo $! >"$out.pid"
    wait $! || { echo $? >"$out.status"; exit; }
    echo 0 >"$out.status"
  ) 3>&- 4>&- &
  within 5 test -s "$out.pid"
}

load_file() { printf '%s/%s.%s' "$BATS_FILE_TMPDIR" "$1" "$2"; }
load_ended() { [ -s "$(load_file "$1" status)" ]; }

# all_open NAME [SECONDS]
all_open() { within "${2:-20}" grep -qs ' open$' "$(load_file "$1" told)"; }

# have_had NAME COUNT PATTERN: so many lines of events match.
have_had() { [ "$(grep -cE "$3" "$(load_file "$1" events)")" -ge "$2" ]; }

# stop_load NAME [SIGNAL]; finish_load NAME [SECONDS]: waits for it instead.
stop_load() {
  [ -e "$(load_file "$1" pid)" ] || return 0
  load_ended "$1" || kill -"${2:-TERM}" "$(cat "$(load_file "$1" pid)")"
  within 10 load_ended "$1"
}

finish_load() {
  within "${2:-30}" load_ended "$1" || { cat "$(load_file "$1" told)"; return 1; }
  cat "$(load_file "$1" json)"
}

# ended_before NAME NAME: in this order, whenever we came to look.
ended_before() { [ "$(load_file "$1" status)" -ot "$(load_file "$2" status)" ]; }

# What came of it: NAME JQ-PATH.
result() { jq -r "$2" "$(load_file "$1" json)"; }

# events_of NAME STREAM: id, name and data of each.
events_of() { awk -F '\t' -v i="$2" '$1 == i { print $2, $3, $4 }' "$(load_file "$1" events)"; }

stop_all_load() {
  local pid
  for pid in "$BATS_FILE_TMPDIR"/*.pid; do
    [ ! -e "$pid" ] || stop_load "$(basename "$pid" .pid)" KILL
  done
}

# A figure for whoever reads the log.
figure() { printf '# %s\n' "$*" >&3; }
