# Words for tests of telltale-webhookd: a database, receivers, daemons.
# shellcheck shell=bash
# shellcheck disable=SC2154 # BATS_ variables, and those that start_receiver sets

load ../sql/helpers
bats_require_minimum_version 1.5.0

build=${BUILD:-$PWD/build}
webhookd=$build/bin/telltale-webhookd

setup() { fresh hook; }

# Also what a test left stopped ends.
teardown() {
  local pid
  while read -r pid; do
    kill -KILL "$pid" 2>/dev/null || true
  done < <(cat "$BATS_TEST_TMPDIR"/*.pid 2>/dev/null)
  tail -n 40 "$BATS_TEST_TMPDIR"/*.log 2>/dev/null || true
  drop
}

# --- receivers -------------------------------------------------------------------

# start_receiver NAME [OPTION...]: sets NAME to its address; what it was told is
# in the file that had prints.
start_receiver() {
  local name=$1 out=$BATS_TEST_TMPDIR/$1 scheme=http
  shift
  case " $* " in *' --tls '*) scheme=https ;; esac
  rm -f "$out.port"
  touch "$out.had"
  python3 tests/tool/receiver "$@" "$out.had" >"$out.port" 2>"$out.log" 3>&- &
  echo $! >"$out.pid"
  within 10 test -s "$out.port"
  printf -v "$name" '%s://127.0.0.1:%s' "$scheme" "$(cat "$out.port")"
}

port_of() { cat "$BATS_TEST_TMPDIR/$1.port"; }
had() { cat "$BATS_TEST_TMPDIR/$1.had"; }
has_had() { [ "$(had "$1" | wc -l)" -ge "$2" ]; }
events_of() { had "$1" | jq -r '.headers["webhook-id"]' | sort; }

# --- deliveries ------------------------------------------------------------------

# deliver URL [COUNT [ACCOUNT]]: prints their numbers, and rings.  The body has
# one, and a word that no log may have.
deliver() {
  sql "insert into telltale.webhook_delivery
              (event_id, account_id, job_id, url, style, body, next_at, created_at)
       select gen_random_uuid(), a.account_id, 'job', '$1', 'moderation',
              format('{\"n\":%s,\"word\":\"bodyword\"}', n), clock_timestamp(), clock_timestamp()
         from generate_series(1, ${2:-1}) as n, telltale.account as a
        where a.name = '${3:-demo}'
       returning delivery_id;
       select from pg_notify('telltale_webhook', '')" | grep .
}

# Time passes for all that waits.
due_now() {
  sql "update telltale.webhook_delivery
          set next_at = clock_timestamp(), lease_until = null where state = 'waiting';
       select from pg_notify('telltale_webhook', '')" >/dev/null
}

# count STATE [CONDITION]
count() { sql "select count(*) from telltale.webhook_delivery where state = '$1' and ${2:-true}"; }
counts() { [ "$(count "$2" "${3-}")" = "$1" ]; }
about() { sql "select $2 from telltale.webhook_delivery where delivery_id = $1"; }
is_about() { [ "$(about "$1" "$2")" = "$3" ]; }

# --- daemons ---------------------------------------------------------------------

# Its environment; what comes later wins.  It is exec()ed: the pid is its own.
settings() {
  exec env TELLTALE_CONFIG=/dev/null TELLTALE_WEBHOOK_DSN="dbname=$PGDATABASE user=telltale_webhook" \
    TELLTALE_WEBHOOK_ALLOW=127.0.0.0/8 "$@"
}

# start_daemon NAME [NAME=VALUE...] [-- OPTION...]
start_daemon() {
  local name=$1
  local -a set=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do set+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  # In a shell of its own, which tells how it ended.
  (
    set +e
    settings "${set[@]}" "$webhookd" "$@" 2>"$BATS_TEST_TMPDIR/$name.log" &
    echo $! >"$BATS_TEST_TMPDIR/$name.pid"
    wait $!
    echo $? >"$BATS_TEST_TMPDIR/$name.status"
  ) 3>&- 4>&- &
  within 5 test -s "$BATS_TEST_TMPDIR/$name.pid"
}

# Asleep, and to be rung.
listens() {
  [ "$(sql "select count(*) from pg_stat_activity where application_name = 'telltale webhookd'
             and datname = current_database() and state = 'idle' and query ~ 'webhook_(claim|next|done)'")" -ge "${1:-1}" ]
}

log_of() { cat "$BATS_TEST_TMPDIR/$1.log"; }
logs() { grep -q -- "$2" "$BATS_TEST_TMPDIR/$1.log"; }
signal() { kill -"$2" "$(cat "$BATS_TEST_TMPDIR/$1.pid")"; }
has_ended() { [ -s "$BATS_TEST_TMPDIR/$1.status" ]; }
status_of() { cat "$BATS_TEST_TMPDIR/$1.status"; }

# --once, in the foreground, and with these settings; once_fails: it exits 1.
once() { run -0 settings "$@" "$webhookd" --once; }
once_fails() { run -1 settings "$@" "$webhookd" --once; }

# A figure for whoever reads the log.
figure() { printf '# %s\n' "$*" >&3; }
