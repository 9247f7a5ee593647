# One event to thousands of streams of one job: when the last of them has it,
# what they cost while nothing happens, and what it takes when they all come
# back at once.
# shellcheck shell=bash
# shellcheck disable=SC2154 # tab and others are of words.bash

n=${STREAMS:-5000}
rounds=${ROUNDS:-3}
events=10
pause=0.7

# A stream is two descriptors in lighttpd.
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"

# --- clients -----------------------------------------------------------------------

load=
# shellcheck disable=SC2016 # for later
at_end 'end_load KILL'

# open_streams URL EVENTS: they end when each has had so many.  They read when
# all have had one, and go by the kernel's time of its coming: on two processors
# they would otherwise take from the servers what they measure.
open_streams() {
	rm -f "$scratch/told"
	"$sseload" --url "$1" --events "$2" --streams "$n" --each --aside 300 --seconds 180 \
	    >"$scratch/load.json" 2>"$scratch/told" &
	load=$!
	within 60 grep -qs ' open$' "$scratch/told"
	# What that has set going comes to rest.
	sleep 2
}

end_load() {
	[ -z "$load" ] || { kill -"$1" "$load"; wait "$load" || true; }
	load=
}

# --- processes ---------------------------------------------------------------------

# What these alone hold of the memory, without their children, in KiB.
pss_alone() {
	local pid
	for pid in $(printf '%s\n' "$@" | sort -u); do cat "/proc/$pid/smaps_rollup"; done |
	    awk '/^Pss:/ { n += $2 } END { print n + 0 }'
}

# The processor time of these alone, all their threads, in us.
used_us() {
	local pid
	for pid; do cat "/proc/$pid"/task/*/schedstat; done | awk '{ n += $1 } END { printf "%d", n / 1000 }'
}

# The processes of the web server that pass streams on.
passing_on() {
	local workers
	workers=$(pgrep -P "$1" -x "$2") || workers=$1
	echo "$workers"
}

# --- the project: streams of one job, whose worker has a session --------------------

export TELLTALE_KEY=
session=
peer=
at_end end_peer
# shellcheck disable=SC2016 # for later
at_end 'tools/stack down --dir "$scratch/stack" >/dev/null'

worker() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_WORKER_DSN" -c "$1"; }

# session_up DSN: what is written to it is run.
session_up() { exec {session}> >(exec psql -XAtq -d "$1" >/dev/null); }
session_down() { exec {session}>&-; }

# project_up SERVER [ARGUMENT...]: the database is that of the last time.
project_up() {
	tools/stack up --server "$@" --dir "$scratch/stack" --port 0 >"$scratch/stack.log" 2>&1 ||
	    { cat "$scratch/stack.log" >&2; return 1; }
	# shellcheck source=/dev/null
	. "$scratch/stack/env"
	job=$(worker "select telltale.submit('demo', 'video', '{}')")
	attempt=$(worker "select attempt from telltale.claim('bench', '{video}', 1, interval '1 hour')")
	session_up "$TELLTALE_WORKER_DSN"
	# What the first streams ever cost is not what a stream costs.
	"$sseload" --url "$(project_url)" --streams 20 --events 1 >/dev/null 2>&1
	sleep 1
	program=$(program_pid progress)
	server=$(passing_on "$TELLTALE_SERVER_PID" "$1")
}

project_down() {
	session_down
	tools/stack down --dir "$scratch/stack" >/dev/null
}

project_url() { printf '%s/api/v1/job/%s/progress' "$TELLTALE_URL" "$job"; }

# By the database's clock, before the worker's transaction commits.
project_publish() {
	echo "select telltale.progress('$job', $attempt, 50, 't=' || extract(epoch from clock_timestamp()));" >&"$session"
}

# --- the peers -----------------------------------------------------------------------

# What the project's events are like.
event='{"job_id":"3a7e1c9a-5b44-4c6a-9a52-5f9f2b6a1f0e","status":"processing","progress":50,"detail":"t=TIME"}'

end_peer() {
	[ -z "$peer" ] || { kill -TERM "$peer"; wait "$peer" || true; }
	peer=
}

nchan_conf() {
	cat <<-END
	load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
	$([ "$(id -u)" != 0 ] || echo 'user root;')
	worker_processes $1;
	worker_rlimit_nofile $(ulimit -n);
	pid $scratch/nchan.pid;
	error_log $scratch/nchan.log warn;
	daemon off;
	events { worker_connections $((2 * n)); }
	http {
	    access_log off;
	    client_body_temp_path $scratch/nchan.tmp;
	    fastcgi_temp_path $scratch/nchan.tmp;
	    proxy_temp_path $scratch/nchan.tmp;
	    scgi_temp_path $scratch/nchan.tmp;
	    uwsgi_temp_path $scratch/nchan.tmp;
	    server {
	        listen 127.0.0.1:$port backlog=4096 reuseport;
	        location = /publish {
	            nchan_publisher http;
	            nchan_channel_id job;
	        }
	        location = /progress {
	            nchan_subscriber eventsource;
	            nchan_channel_id job;
	            nchan_subscriber_first_message newest;
	            nchan_eventsource_ping_interval 15;
	        }
	    }
	}
	END
}

# nchan_up WORKERS
nchan_up() {
	port=$(free_port)
	nchan_conf "$1" >"$scratch/nchan.conf"
	nginx -e "$scratch/nchan.log" -c "$scratch/nchan.conf" &
	peer=$!
	within 20 curl -sf -o "$scratch/answer" -d first "http://127.0.0.1:$port/publish"
	exec {session}<>"/dev/tcp/127.0.0.1/$port"
	server=$(pgrep -P "$peer")
}

# By the publisher's clock, as its POST begins.
nchan_publish() {
	local text="${event/TIME/$EPOCHREALTIME}"
	printf 'POST /publish HTTP/1.1\r\nHost: bench\r\nX-EventSource-Event: progress\r\nContent-Length: %d\r\n\r\n%s' \
	    ${#text} "$text" >&"$session"
}

node_up() {
	port=$(free_port)
	cp bench/peer/streams.js "$BUILD/peer/"
	PGHOST=$TELLTALE_DIR/run PGDATABASE=telltale PGUSER=telltale_admin \
	    node "$BUILD/peer/streams.js" "$port" &
	peer=$!
	server=$peer
	within 20 curl -s -o "$scratch/answer" "http://127.0.0.1:$port/"
	session_up "$TELLTALE_ADMIN_DSN"
	notified=0
}

# By the database's clock, before the NOTIFY commits.
node_publish() {
	notified=$((notified + 1))
	echo "select pg_notify('job_events', 'job $notified ' ||
	    replace('$event', 'TIME', extract(epoch from clock_timestamp())::text));" >&"$session"
}

peer_down() {
	session_down
	end_peer
}

# --- a round -------------------------------------------------------------------------

# Of each: the milliseconds until the last stream had it, of each event; what the
# streams hold, in KiB; what an event cost in all, in us, in each process.
declare -A last=() held=() cost=()

# deliver NAME PUBLISH PROCESS...: adds what came of it.
deliver() {
	local name=$1 publish=$2 i before
	shift 2
	before=$(used_us "$@")
	for ((i = 0; i < events; i++)); do
		"$publish"
		sleep "$pause"
	done
	cost[$name]+=" $((($(used_us "$@") - before) / events))"
	sleep 1
}

# The streams were idle for a moment; with one event more they have had enough.
finish() {
	local name=$1 had
	"$2"
	wait "$load"
	load=
	had=$(jq "[.each[] | select(.n == $n)] | length" "$scratch/load.json")
	[ "$had" = $((events + 1)) ] ||
	    { echo "fanout: $name: all streams had $had events of $((events + 1))" >&2; return 1; }
	last[$name]+=" $(jq -r '.each[].last' "$scratch/load.json" | paste -sd ' ')"
}

# project_round NAME SERVER [ARGUMENT...]
project_round() {
	local name=$1 empty before
	shift
	project_up "$@"
	empty=$(pss_alone "$program")
	# `connected` is an event too.
	open_streams "$(project_url)" $((events + 2))
	before=$(used_us "$program")
	# shellcheck disable=SC2086 # a process each
	deliver "$name" project_publish $server
	cost[hub]+=" $((($(used_us "$program") - before) / events))"
	# shellcheck disable=SC2086
	held[$name]+=" $(pss_alone "$TELLTALE_SERVER_PID" $server "$program")"
	held[stream]+=" $((($(pss_alone "$program") - empty) * 1024 / n))"
	finish "$name" project_publish
}

# nchan_round NAME WORKERS
nchan_round() {
	nchan_up "$2"
	open_streams "http://127.0.0.1:$port/progress" $((events + 1))
	# shellcheck disable=SC2086
	deliver "$1" nchan_publish $server
	held[$1]+=" $(pss "$peer")"
	finish "$1" nchan_publish
	peer_down
}

node_round() {
	node_up
	open_streams "http://127.0.0.1:$port/job/job/progress" $((events + 1))
	deliver node node_publish "$peer"
	held[node]+=" $(pss "$peer")"
	finish node node_publish
	peer_down
}

# --- back at once --------------------------------------------------------------------

# So often the hub has asked the log what streams had missed.
catch_ups() {
	sql "select coalesce(sum(calls), 0) from pg_stat_user_functions where funcname = 'feed_catch_up'"
}

declare -a back=() asked=()

# All streams are cut, three events go by, and all come back with their ids, as
# fast as they can be asked for: each is to have `connected` and those three.
storm() {
	local seq before i
	psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "alter system set track_functions = 'all'" \
	    -c 'select pg_reload_conf()' >/dev/null
	open_streams "$(project_url)" 10
	seq=$(sql "select seq from telltale.job where job_id = '$job'")
	before=$(catch_ups)
	end_load KILL 2>/dev/null
	for i in 1 2 3; do project_publish; done
	within 10 sql_is "select seq from telltale.job where job_id = '$job'" $((seq + 3))
	"$sseload" --url "$(project_url)" --streams "$n" --answering 4000 --last-id "$seq" \
	    --events 4 --seconds 60 >"$scratch/load.json" 2>"$scratch/told"
	[ "$(jq '.duplicates + .disorder + .gaps + .errors + .refused' "$scratch/load.json")" = 0 ]
	[ "$(jq '.events_min' "$scratch/load.json")" = 4 ]
	back+=("$(jq .seconds "$scratch/load.json")")
	# What a connection has called is counted a second later.
	sleep 3
	asked+=($(($(catch_ups) - before)))
}

sql_is() { [ "$(sql "$1")" = "$2" ]; }

# --- all of it -------------------------------------------------------------------------

for ((round = 0; round < rounds; round++)); do
	project_round one lighttpd
	node_round
	session_up "$TELLTALE_WORKER_DSN"
	storm
	project_down
	nchan_round nchan1 1
	project_round two lighttpd --workers 2
	project_down
	nchan_round nchan2 2
done

# middle LIST
middle() { local -a list; read -ra list <<<"$1"; median "${list[@]}"; }

# Microseconds of a processor for an event on one stream.
each() { quotient "$(middle "${cost[$1]}")" "$n" 1; }

for workers in one two; do
	what="last of $n streams has an event, lighttpd of $workers"
	ms=$(middle "${last[$workers]}")
	ratio a "$what" "$ms" ms 'nchan, one worker' "$(middle "${last[nchan1]}")" most 1.0
	ratio a "$what" "$ms" ms 'nchan, two workers' "$(middle "${last[nchan2]}")" most 1.3
	ratio a "$what" "$ms" ms Node "$(middle "${last[node]}")" most 0.5
done
what="memory with $n idle streams"
ratio b "$what" "$(middle "${held[one]}")" KiB nchan "$(middle "${held[nchan1]}")" most 0.4
ratio b "$what" "$(middle "${held[one]}")" KiB Node "$(middle "${held[node]}")" most 0.25
figure b 'memory of a stream in the program' "$(middle "${held[stream]}")" bytes most 1024
figure k "$n streams come back at once: all connected" "$(median "${back[@]}")" s most 3
figure k 'and queries for what they had missed' "$(median "${asked[@]}")" queries most 100
published 'processor time of an event on one stream: the hub' "$(each hub) us"
published 'the same: lighttpd of one, of two' "$(each one), $(each two) us"
published 'the same: nchan of one, of two; Node' "$(each nchan1), $(each nchan2); $(each node) us"

# shellcheck disable=SC2016 # Markdown
note <<'END'
How it is measured: all streams are of one job. An event has the time in its data, by the publisher's clock (nchan) or the
database's (the others), taken before the POST, the commit, the NOTIFY. The clients are one process of epoll, which
reads only when all have had an event, and goes by the kernel's time of arrival: a client that reads meanwhile takes
5 us a stream, and on two processors it is a part of what it measures. Memory is that of lighttpd and the one program, of
nginx, of Node, after the events, with the streams still open.

What the time of (a) is made of. An event on one stream is one system call of the hub, `writev` to lighttpd, and three of
lighttpd: `ioctl(FIONREAD)`, `read`, `writev` to the client; no `epoll_ctl`, and none in vain. Of lighttpd's processor
time (`perf`) 58 % is the `writev` to the client, which is most of what nchan does too and has all of TCP in it, up to the
client's socket; 19 % is the `read`, 5 % the `ioctl`, 7 % `epoll_wait`, 12 % its own code. Of the hub's nearly all is its
`writev`. So nothing is left to save in the program, and one process of lighttpd does more for an event than one of nchan.
Two of them share it (`server.max-worker = 2`, see conf-examples/lighttpd.conf): there is still one of each program, and
one that ends is started again, at once.

What the memory of (b) is made of: of some 35 MB the program has 4, half a KiB a stream; lighttpd has 30. Its share is 6 KB
a stream, in some 55 small allocations (counted): the fields of the request and of the answer, three of 40 to 80 bytes
each, of which our answer has eleven, and not buffers: it is the same where the streams come slowly, and a minute later.

nginx in front instead of lighttpd took as much processor time for an event on a stream (14.8 us, beside lighttpd's 14.8
to 16.0), so it is no faster with as many processes.

For (k) two things were found. PostgreSQL planned the query over the partitions of the log anew for each stream that
began: one plan for all makes 0.45 ms of its time of 1.65. And each stream that came asked for what it had missed by
itself, some 3,700 queries for 5,000 streams: those who come within 40 ms of a query now share the next one. At most
4,000 are on their way at once: Linux lets 4,096 wait for a socket (`net.core.somaxconn`), and where more wait for a
program lighttpd answers 500.
END
