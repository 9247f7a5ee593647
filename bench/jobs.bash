# Words for what is measured of jobs that run, and of who watches them.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # at_end's are for later; words.bash and the stack's env set what is used

# --- jobs --------------------------------------------------------------------------

super() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN" -c "$1"; }
worker() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_WORKER_DSN" -c "$1"; }

# begin_jobs N: bench-1 to bench-N, and a worker has them for a day.  The tables
# are looked at now, and not in the middle of a measurement.
begin_jobs() {
	worker "select count(telltale.submit('demo', 'checksum', job_id => 'bench-' || n))
	          from generate_series(1, $1) as n" >/dev/null
	worker "select telltale.claim('bench', array['checksum'], 1000, '1 day')
	          from generate_series(1, $1, 1000)" >/dev/null
	super 'vacuum analyze'
}

# How often something was said of them.
updates() { super 'select sum(seq) from telltale.job'; }

# bench SCRIPT ARGUMENT...: pgbench, as workers would; updates or jobs a second.
bench() {
	local script=$1
	shift
	pgbench -n -M prepared -f "bench/$script.sql" "$@" "$TELLTALE_WORKER_DSN" \
	    >"$scratch/pgbench" 2>&1 || { cat "$scratch/pgbench" >&2; return 1; }
	sed -n 's/^tps = \([0-9]*\).*/\1/p' "$scratch/pgbench"
}

# --- who watches -------------------------------------------------------------------

watcher=
at_end '[ -z "$watcher" ] || kill "$watcher"'

# watch_jobs N: a stream for each of the first N.
watch_jobs() {
	local n
	for ((n = 1; n <= $1; n++)); do
		echo "$TELLTALE_URL/api/v1/job/bench-$n/progress"
	done >"$scratch/urls"
	: >"$scratch/told"
	"$sseload" --urls "$scratch/urls" >"$scratch/came" 2>"$scratch/told" &
	watcher=$!
	within 30 grep -q ' begun$' "$scratch/told"
}

# Then came tells of what was seen: a path of jq.
unwatch() {
	kill "$watcher"
	wait "$watcher"
	watcher=
	within 10 nobody_watches
}

came() { jq -r "$1" "$scratch/came"; }

# What the hubs have counted; they write it down every two seconds.
counter() { super "select coalesce(sum($1), 0) from telltale.listener"; }
nobody_watches() { [ "$(counter streams)" = 0 ]; }

# How often a hub has read the log; to be counted before it connects.
count_reads() { super "alter role telltale_web set track_functions = 'pl'"; }
reads() {
	super "select coalesce(sum(calls), 0) from pg_stat_user_functions
	        where funcname = 'feed_read'"
}
