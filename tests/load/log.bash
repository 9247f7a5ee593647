# Words for streams of a whole queue: many who write to its log at once, and
# what a client has had beside what the log holds.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # account is the test's, and what is set for it

super() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN" -c "$1"; }

# --- clients -------------------------------------------------------------------

# begin_load NAME SSELOAD ARGUMENT...: and each has an id to go on from.
begin_load() {
  start_load "$@"
  within 30 grep -qs ' begun$' "$(load_file "$1" told)"
}

queue=$TELLTALE_URL/queue/events
updates=$TELLTALE_URL/api/updates

# --- writers -------------------------------------------------------------------

# In transactions of one to fifty, some of them held open for a second, some
# REPEATABLE READ, and a tenth rolled back.  FIRST and SECOND are what is done
# for the numbers from :a to :b, in either half of it.
transactions() {
  awk -v events="$1" -v first="$2" -v second="$3" -v seed=$RANDOM '
  function done(what, a, b) {
    gsub(/:a/, a, what)
    gsub(/:b/, b, what)
    print what ";"
  }
  BEGIN {
    srand(seed)
    for (n = 0; n < events; n += k) {
      k = 1 + int(rand() * 50)
      if (k > events - n)
        k = events - n
      half = int(k / 2)
      print "begin" (rand() < 0.2 ? " isolation level repeatable read;" : ";")
      if (half > 0)
        done(first, n + 1, n + half)
      if (rand() < 0.04)
        print "select pg_sleep(1);"
      done(second, n + half + 1, n + k)
      print rand() < 0.1 ? "rollback;" : "commit;"
    }
  }'
}

writer_pids=()

# in_background NUMBER: what it reads, to the database as a worker.
in_background() {
  psql -XAtq -d "$TELLTALE_WORKER_DSN" <&0 >/dev/null 2>"$BATS_TEST_TMPDIR/writer.$1" \
    3>&- 4>&- &
  writer_pids+=($!)
}

# publishers NUMBER EVENTS [FROM]: each says so many, numbered after its own
# number, which are counted from FROM.
publishers() {
  local w say
  for ((w = ${3:-1}; w < ${3:-1} + $1; w++)); do
    say="select count(telltale.publish('$account', 'info',
           jsonb_build_object('message', '$w-' || n))) from generate_series(:a, :b) as n"
    in_background "$w" < <(transactions "$2" "$say" "$say")
  done
}

# workers NUMBER JOBS: each adds so many jobs, and takes as many of anybody's up,
# to whatever end.
workers() {
  local w add take
  add="select count(telltale.submit('$account', 'video', max_attempts => 3))
         from generate_series(:a, :b)"
  take="do \$\$ declare c record; dice integer; begin
      for c in select * from telltale.claim('bats', array['video'], 1 + :b - :a,
               '1 hour', array['$account']) loop
        dice := random() * 5;
        perform telltale.progress(c.job_id, c.attempt, 20);
        perform telltale.progress(c.job_id, c.attempt, 40 + dice);
        case dice when 0 then perform telltale.cancel(c.job_id);
                  when 1 then perform telltale.fail(c.job_id, c.attempt, 'no', retryable => false);
                  when 2 then perform telltale.complete(c.job_id, c.attempt);
                  else perform telltale.fail(c.job_id, c.attempt, 'again'); end case;
      end loop; end \$\$"
  for ((w = 1; w <= $1; w++)); do
    in_background "$w" < <(transactions "$2" "$add" "$take")
  done
}

writers_ended() {
  [ ${#writer_pids[@]} -eq 0 ] || wait "${writer_pids[@]}" || true
  writer_pids=()
}

# What is said last; a client that has had it has had all.
last_word() { worker "select telltale.publish('$account', 'info', '{\"message\": \"$1\"}')" >/dev/null; }
last_job() { submit_job "$account" image "$1" >/dev/null; }

# await_in NAME STREAMS TEXT [SECONDS]: it has come to so many streams.
await_in() {
  within "${4:-40}" have_had "$1" "$2" "\"$3\"" ||
    { cat "$(load_file "$1" told)"; tail -n 3 "$(load_file "$1" events)"; return 1; }
}

# --- what came -----------------------------------------------------------------

account_id() { sql "select account_id from telltale.account where name = '$account'"; }

# rows_of NAME STREAM: its lines, as they came.
rows_of() { awk -F '\t' -v i="$2" '$1 == i' "$(load_file "$1" events)"; }

# Each event has an id of its own.
ids_differ() { [ -z "$(rows_of "$1" "$2" | cut -f 2 | grep -v '^-$' | sort | uniq -d)" ]; }

# The numbered ones, in their order for each writer.
said_in_log() {
  super "select data -> 'data' ->> 'message' as m from telltale.job_event
          where account_id = $(account_id) and data -> 'data' ->> 'message' ~ '^[0-9]+-[0-9]+\$'
          order by split_part(data -> 'data' ->> 'message', '-', 1)::int,
                   split_part(data -> 'data' ->> 'message', '-', 2)::int"
}

said_to() {
  rows_of "$1" "$2" | sed -n 's/.*"message": *"\([0-9]*-[0-9]*\)".*/\1/p' |
    sort -s -t - -k 1,1n
}

# has_all_said NAME STREAM: all that was committed and nothing else, each once,
# and what a writer said in the order in which he said it.
has_all_said() {
  local difference
  difference=$(diff <(said_in_log) <(said_to "$1" "$2")) || { head -n 20 <<<"$difference"; false; }
}

# Jobs' events in their order: must (or may, where a newer one of the job may
# stand for it), and how /queue/events says it.
jobs_in_log() {
  super "select case when kind <> 'job.progress' or seq = max(seq) filter (where
                kind = 'job.progress') over (partition by job) then 'must' else 'may' end,
                job_id, case kind when 'job.requeued' then 'job:created'
                when 'job.failed' then 'job:error' else replace(kind, 'job.', 'job:') end
                || case kind when 'job.progress' then ' ' || floor((data ->> 'progress')::numeric) else '' end
           from telltale.job_event
          where account_id = $(account_id) and job is not null
          order by job_id collate \"C\", seq" | tr '|' '\t'
}

jobs_to() {
  rows_of "$1" "$2" | cut -f 3,4 | grep '^job:' |
    sed -E 's/^([a-z:]*)\t\{"jobId":"([^"]*)"(,"progress":([0-9]+).*)?.*/\2\t\1 \4/; s/ $//' |
    LC_ALL=C sort -s -t $'\t' -k 1,1
}

# has_all_jobs NAME STREAM: each event once and those of a job in order; but of
# a job's progress perhaps only the newer.
has_all_jobs() {
  awk -F '\t' '
  function next_had() { if ((getline had < ARGV[2]) <= 0) had = "" }
  BEGIN {
    next_had()
    while ((getline < ARGV[1]) > 0) {
      if ($2 "\t" $3 == had) { next_had(); n++ }
      else if ($1 == "must") { print "missing: " $0 ", where there is: " had; exit 1 }
    }
    if (had != "") { print "too much: " had; exit 1 }
    exit n == 0
  }' <(jobs_in_log) <(jobs_to "$1" "$2")
}
