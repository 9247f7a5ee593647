#!/usr/bin/env bats
# Streams of a whole queue, while the database or their program is hit and many
# write: clients that stay, and clients that are cut or come back with an id of
# before, are told each event once.  The last test leaves another database.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # the stack's environment

setup_file() {
  load fault
  stack_up --set TELLTALE_DB_TIMEOUT=2 --set TELLTALE_RETRY_MS=200
}

teardown_file() {
  load fault
  stack_down
}

setup() {
  bats_require_minimum_version 1.5.0
  load fault
  on_stack
  load ../load/load
  load ../load/log
  account=$(new_account)
  key=$(new_key "$account" queue:read)
}

teardown() {
  writers_ended
  stop_all_load
}

# Some that stay, some that are cut so often, and one that leaves, of either
# stream; what more those that stay are started with.
begin_all() {
  local kind cuts=$1
  shift
  for kind in queue updates; do
    begin_load "$kind-stays" --url "${!kind}" --reconnect "$@"
    begin_load "$kind-cut" --url "${!kind}" --reconnect --cuts "$cuts" --cut-bytes 8192
    begin_load "$kind-leaves" --url "${!kind}"
  done
}

# written FROM EVENTS: by writers of all kinds, whose numbers are from FROM on,
# until they have done, or are hit.
write_from() {
  publishers 4 "$2" "$1"
  workers 4 $(($2 / 10))
}

flowing_to() { within 30 have_had "updates-$1" "$2" '"message"'; }

last_id_of() { rows_of "$1" 0 | cut -f 2 | grep -v '^-$' | tail -n 1; }

they_leave() { stop_load queue-leaves; stop_load updates-leaves; }

# With the last id that those who left have had.
they_return() {
  local kind
  for kind in queue updates; do
    begin_load "$kind-back" --url "${!kind}" --reconnect --last-id "$(last_id_of "$kind-leaves")"
  done
}

# all_told NAME...: as all who are left are, of either stream: each event once.
all_told() {
  local over name kind
  over=over-$(unique 8)
  last_job "$over"
  for name; do
    await_in "queue-$name" 1 "$over" 60
    await_in "updates-$name" 1 "$over" 60
  done
  for kind in queue updates; do
    cat "$(load_file $kind-leaves events)" "$(load_file $kind-back events)" \
      >"$(load_file $kind-both events)"
  done
  for name in "${@/back/both}"; do
    has_all_jobs "queue-$name" 0 || { echo "queue-$name"; return 1; }
    has_all_said "updates-$name" 0 || { echo "updates-$name"; return 1; }
    ids_differ "queue-$name" 0
    ids_differ "updates-$name" 0
    [ "$(resyncs "queue-$name")" = 0 ]
    [ "$(resyncs "updates-$name")" = 0 ]
  done
}

resyncs() { grep -c $'\tresync\t' "$(load_file "$1" events)" || true; }

# --- hit -----------------------------------------------------------------------

@test "PostgreSQL crashes, twice" {
  begin_all 20
  write_from 1 2000
  flowing_to leaves 200
  they_leave
  restart_postgres immediate
  writers_ended
  they_return
  write_from 11 2000
  flowing_to back 1000
  restart_postgres immediate
  writers_ended
  write_from 21 100
  writers_ended

  all_told stays cut back
}

@test "the programs are killed, and others take their place" {
  local name
  begin_all 20 --cuts 1
  write_from 1 1500
  flowing_to leaves 200
  they_leave
  for name in queue-events updates queue-events updates; do restart_program KILL $name; done
  they_return
  writers_ended

  all_told stays cut back
}

@test "a transaction is open all the while" {
  local pid late
  mkfifo "$BATS_TEST_TMPDIR/late"
  psql -XAtq -d "$TELLTALE_WORKER_DSN" <"$BATS_TEST_TMPDIR/late" >"$BATS_TEST_TMPDIR/late.out" 3>&- 4>&- &
  pid=$!
  exec {late}>"$BATS_TEST_TMPDIR/late"
  printf '%s\n' "begin; select telltale.publish('$account', 'info', '{\"message\": \"99-1\"}');" '\echo there' >&"$late"
  within 5 grep -q there "$BATS_TEST_TMPDIR/late.out"
  begin_all 20
  write_from 1 500
  flowing_to leaves 100
  they_leave
  they_return
  writers_ended
  printf '%s\n' 'commit;' '\q' >&"$late"
  exec {late}>&-
  wait $pid

  all_told stays cut back
  said_to updates-stays 0 | grep -qx 99-1
}

# --- more than an id can name ------------------------------------------------------

# prepared FROM TO: so many transactions, each with an event of its own, that are
# open until somebody ends them.
prepared() {
  local n
  for ((n = $1; n <= $2; n++)); do
    printf "begin;insert into telltale.job_event (account_id, kind, data) select %s, 'notice',
      '{\"opcode\": \"info\", \"data\": {\"message\": \"99-%d\"}}'; prepare transaction '%d';\n" "$account_id" "$n" "$n"
  done | psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN"
}

# Nothing is left out; and nothing was told that never was.
has_all_at_least() {
  diff <(said_in_log | sort) <(said_to "updates-$1" 0 | sort -u) | head -n 20
  [ "$(said_in_log | sort)" = "$(said_to "updates-$1" 0 | sort -u)" ]
  [ -z "$(jobs_in_log | sed -n 's/^must\t//p' | sort -u | comm -23 - <(jobs_to "queue-$1" 0 | sort -u))" ]
  [ -z "$(jobs_to "queue-$1" 0 | sort -u | comm -23 - <(jobs_in_log | cut -f 2- | sort -u))" ]
}

@test "more transactions are open than an id can name: what is cut comes again, nothing is lost" {
  local account_id n over name
  super 'alter system set max_prepared_transactions = 1000'
  restart_postgres fast
  within 10 serves updates
  account_id=$(account_id)
  over=over-$(unique 8)
  prepared 1 900
  begin_all 5
  write_from 1 300
  flowing_to leaves 100
  they_leave
  they_return
  writers_ended
  for ((n = 1; n <= 900; n++)); do printf "commit prepared '%d';\n" "$n"; done |
    psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN"
  last_job "$over"
  for name in queue-{stays,cut,back} updates-{stays,cut,back}; do await_in "$name" 1 "$over" 60; done

  cat "$(load_file updates-back events)" >>"$(load_file updates-leaves events)"
  cat "$(load_file queue-back events)" >>"$(load_file queue-leaves events)"
  has_all_said updates-stays 0
  has_all_jobs queue-stays 0
  has_all_at_least cut
  has_all_at_least leaves
  [ "$(said_to updates-stays 0 | grep -c '^99-')" = 900 ]
}

# --- what is no more ---------------------------------------------------------------

# aged ID DAYS: as it would have been then: its third number is when it was made.
aged() {
  python3 - "$1" "$2" <<'END'
import base64, sys
raw = base64.urlsafe_b64decode(sys.argv[1] + "=" * (-len(sys.argv[1]) % 4))
numbers, at = [], 0
for _ in range(3):
    n = shift = 0
    while True:
        n |= (raw[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if raw[at - 1] < 0x80:
            break
    numbers.append(n)
numbers[2] -= int(sys.argv[2]) * 86400000
out = bytearray()
for n in numbers:
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
print(base64.urlsafe_b64encode(bytes(out) + raw[at:]).decode().rstrip("="))
END
}

# say N; is_told NAME N...: what there was to tell, in its order.
say() { last_word "$1"; }
is_told() { [ "$(rows_of "$1" 0 | sed -n 's/.*"message": *"\([^"]*\)".*/\1/p' | tr '\n' ' ')" = "$2 " ]; }

@test "days are dropped beyond a client's id: one resync, and then what happens" {
  local id day from
  begin_load updates-leaves --url "$updates"
  say 1
  await_in updates-leaves 1 1
  stop_load updates-leaves
  id=$(last_id_of updates-leaves)
  from=$(super "select (now() at time zone 'UTC')::date - 5")
  day=telltale.job_event_${from//-/}
  super "set timezone = 'UTC'; create table if not exists $day partition of telltale.job_event
           for values from ('$from') to ('$from'::date + 1);
         insert into telltale.job_event (at, account_id, kind, data)
         select '$from 12:00', $(account_id), 'notice', '{\"opcode\": \"info\", \"data\": {\"message\": \"old\"}}'" 2>/dev/null
  sql "select telltale.tick('retention')" >/dev/null
  within 10 dropped "$day"

  begin_load updates-young --url "$updates" --last-id "$id"
  begin_load updates-old --url "$updates" --last-id "$(aged "$id" 6)"
  within 10 grep -q $'\tresync\t' "$(load_file updates-old events)"
  say 2
  await_in updates-old 1 2
  await_in updates-young 1 2

  [ "$(resyncs updates-old)" = 1 ]
  is_told updates-old 2
  [ "$(resyncs updates-young)" = 0 ]
  is_told updates-young 2
}

dropped() { [ -z "$(super "select to_regclass('$1')")" ]; }

to_database() { psql -XAtq -v ON_ERROR_STOP=1 -d "host=$stack_dir/run dbname=$1 user=postgres" -c "$2"; }

in_place() {
  local closed="update pg_database set datallowconn = false where datname = 'telltale'"
  to_database postgres "$closed;
    select pg_terminate_backend(pid) from pg_stat_activity where datname = 'telltale'" >/dev/null
  to_database postgres 'alter database telltale rename to before' &&
    to_database postgres 'alter database restored rename to telltale'
}

@test "a dump is restored into another database: one resync, and then what happens" {
  local id
  begin_load updates-leaves --url "$updates"
  begin_load updates-stays --url "$updates" --reconnect
  say 1
  await_in updates-leaves 1 1
  await_in updates-stays 1 1
  stop_load updates-leaves
  id=$(last_id_of updates-leaves)
  to_database postgres 'create database restored template template0'
  "$TELLTALE_PGBIN/pg_dump" -d "$TELLTALE_SUPER_DSN" | psql -XAtq -d "host=$stack_dir/run dbname=restored user=postgres" >/dev/null
  within 10 in_place
  say 2

  begin_load updates-back --url "$updates" --reconnect --last-id "$id"
  within 30 grep -q $'\tresync\t' "$(load_file updates-back events)"
  within 30 grep -q $'\tresync\t' "$(load_file updates-stays events)"
  say 3
  await_in updates-back 1 3
  await_in updates-stays 1 3

  [ "$(resyncs updates-back)" = 1 ]
  [ "$(resyncs updates-stays)" = 1 ]
  is_told updates-back 3
  is_told updates-stays '1 3'
}
