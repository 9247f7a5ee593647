# writers - what it costs those who write that somebody watches (e), and how many
# jobs go through.
# shellcheck shell=bash
# shellcheck disable=SC2154 # words.bash and the stack's env set what is used

. bench/jobs.bash

streams=1000
rounds=5
seconds=6

stack_up lighttpd
begin_jobs $streams
postmaster=$(head -n 1 "$TELLTALE_PGDATA/postmaster.pid")

# Processor time of the backends that have ended, in ms: of the writers, then,
# and not of the hub's, which is there still.
writers_gone() { [ "$(super "select count(*) from pg_stat_activity where application_name = 'pgbench'")" = 0 ]; }
ended_ms() {
	within 10 writers_gone
	sleep 0.2
	awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($14 + $15) * 1000 / tick) }' \
	    "/proc/$postmaster/stat"
}

# write SCRIPT: 32 writers.  Sets a_second, and a_cpu_second: updates for each
# second that their backends had a processor.
write() {
	local ms was
	was=$(updates)
	ms=$(ended_ms)
	a_second=$(bench "$1" -D jobs=$streams -c 32 -j 2 -T $seconds)
	ms=$(($(ended_ms) - ms))
	a_cpu_second=$((($(updates) - was) * 1000 / ms))
}

# --- e: in turn, nobody watching, all of it watched, and NOTIFY -----------------------

alone() {
	write progress
	alone+=("$a_second") alone_cpu+=("$a_cpu_second")
}

watched() {
	local ms client reader was
	watch_jobs $streams
	reader=$(super 'select backend_pid from telltale.listener')
	reader_ms=$((reader_ms - $(cpu_ms "$reader")))
	was=$(updates)
	ms=$(cpu_ms "$TELLTALE_SERVER_PID")
	client=$(cpu_ms "$watcher")
	write progress
	reader_ms=$((reader_ms + $(cpu_ms "$reader")))
	watched+=("$a_second") watched_cpu+=("$a_cpu_second")
	servers_ms=$((servers_ms + $(cpu_ms "$TELLTALE_SERVER_PID") - ms))
	clients_ms=$((clients_ms + $(cpu_ms "$watcher") - client))
	sleep 3
	unwatch
	said=$((said + $(updates) - was))
	seen=$((seen + $(came .events) - streams))
	wrong=$((wrong + $(came '.duplicates + .disorder + .errors + .ended')))
}

# Somebody listens, and takes what he is told.
everybody() {
	local listener
	{ echo 'listen everybody;'; yes 'select from pg_sleep(0.02);'; } |
	    psql -XAtq -d "$TELLTALE_WORKER_DSN" >"$scratch/heard" &
	listener=$!
	write notify
	notify+=("$a_second")
	kill "$listener"
	wait "$listener" || true
	grep -q '"everybody"' "$scratch/heard"
}

alone=() alone_cpu=() watched=() watched_cpu=() notify=()
servers_ms=0 reader_ms=0 clients_ms=0 said=0 seen=0 wrong=0
for ((round = 0; round < rounds; round++)); do
	alone
	watched
	everybody
done
[ $wrong = 0 ] || { echo "writers: $wrong events twice, in disorder, or streams that ended" >&2; exit 1; }

# part MS: of the processors that there are, while it was watched.
part() { awk -v ms="$1" -v all=$((rounds * seconds * 1000 * $(nproc))) 'BEGIN { printf "%.0f %%", 100 * ms / all }'; }

unwatched=$(median "${alone[@]}")
ratio e "32 writers while $streams streams watch" "$(median "${watched[@]}")" 'updates/s' \
    'nobody watches' "$unwatched" least 0.85
ratio e 'the same for each second of processor that the writers had' "$(median "${watched_cpu[@]}")" updates \
    'nobody watches' "$(median "${alone_cpu[@]}")" least 0.85
ratio e '32 writers, the doorbell' "$unwatched" 'updates/s' \
    'NOTIFY in every update' "$(median "${notify[@]}")" least 2.5
published "e: of the processors: hub and lighttpd; the hub's reads in PostgreSQL; clients" \
    "$(part $servers_ms); $(part $reader_ms); $(part $clients_ms)"
published 'e: updates that were watched; of them shown' "$said; $seen"

note <<-TEXT
	**e.** 32 connections of \`pgbench\` call \`telltale.progress()\` as fast as they
	can, for one of $streams jobs by chance, $rounds rounds of $seconds s, in turn:
	nobody watches; each job has a stream that watches it; and nobody watches, but
	the same statement tells everybody by \`pg_notify()\`, with one who listens. The
	writers, PostgreSQL, the hub, lighttpd and the clients share the processors of
	this machine, so what the watchers take is the writers' loss: the second line is
	what the writers themselves pay, in the time of their PostgreSQL processes. Commits
	do not wait for the disk (\`fsync = off\`, as the private stack has it).
TEXT

# --- the same where a commit waits for the disk --------------------------------------

super 'alter system set fsync = on' >/dev/null
super 'select pg_reload_conf()' >/dev/null
alone=() notify=()
for ((round = 0; round < 3; round++)); do
	alone
	everybody
done
published 'e: the same with fsync: the doorbell, NOTIFY in every update' \
    "$(median "${alone[@]}"), $(median "${notify[@]}") updates/s"
super 'alter system reset fsync' >/dev/null
super 'select pg_reload_conf()' >/dev/null

# --- jobs -----------------------------------------------------------------------------

# Some more than are taken, so that who looks finds one.
worker "select count(telltale.submit('demo', 'checksum')) from generate_series(1, 1000)" >/dev/null
for clients in 1 8 32; do
	published "jobs submitted, claimed and completed, $clients at it" "$(bench job -c $clients -j 1 -T 8) /s"
done
