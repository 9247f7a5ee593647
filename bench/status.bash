# One job's status: requests a second beside Node's, processor time, instructions.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # at_end's are for later; the words use and set the rest

# shellcheck source=bench/requests.bash
. bench/requests.bash

rounds=3
jobs=10000

# Jobs that have ended, a fifth of them badly, and a file of requests for some.
make_jobs() {
	super <<-END
	set session_replication_role = replica;
	insert into telltale.job (account_id, type, status, progress, decision, reason, result,
	                          created_at, started_at, completed_at)
	select a.account_id, 'image', 'completed', 100,
	       case when n % 5 = 0 then 'reject' else 'pass' end,
	       case when n % 5 = 0 then 'not for everybody' end, '{"score": 0.25}',
	       now() - n * interval '60 s', now() - n * interval '59 s', now() - n * interval '58 s'
	  from generate_series(1, $jobs) as n, telltale.account as a
	 where a.name = 'demo';
	vacuum analyze telltale.job;
	END
	super -c "select format('/api/v1/job/%s %s', job_id, '$TELLTALE_KEY')
	            from telltale.job order by random() limit 1000" >"$scratch/requests"
}

# lighttpd_up NAME: one more lighttpd, with what the shipped file says of servers
# and the rest from standard input; sets server_url.
lighttpd_up() {
	local dir=$scratch/$1 port
	port=$(free_port)
	server_url=http://127.0.0.1:$port
	mkdir "$dir"
	{
		grep -E '^(server\.(max-|listen)|accesslog)' conf-examples/lighttpd.conf
		cat <<-END
		server.bind = "127.0.0.1"
		server.port = $port
		server.document-root = "$dir"
		server.errorlog = "$dir/error.log"
		accesslog.filename = "$dir/access.log"
		server.modules += ( "mod_accesslog" )
		END
		cat
	} >"$dir/conf"
	lighttpd -D -f "$dir/conf" 2>"$dir/start.log" &
	servers+=($!)
}
servers=()
at_end '[ ${#servers[@]} = 0 ] || kill "${servers[@]}"'

proxy_up() {
	lighttpd_up proxy <<-END
	server.modules += ( "mod_proxy" )
	proxy.server = ( "/" => (( "host" => "127.0.0.1", "port" => "${node_url##*:}" )) )
	END
	proxy_url=$server_url
	within 20 answers "$proxy_url" "$scratch/requests"
}

# The requests a second of each in turn, and what they cost the program.
measure_rates() {
	local round program before spent
	ours='' alone='' behind='' cpu='' asking=''
	program=$(program_pid job)
	for ((round = 0; round < rounds; round++)); do
		before=$(cpu_ms "$program")
		load "$TELLTALE_URL" "$scratch/requests"
		spent=$(($(cpu_ms "$program") - before))
		ours+=" $rate" asking+=" $busy" cpu+=" $(quotient "${spent}000" "$answered" 1)"
		load "$node_url" "$scratch/requests"
		alone+=" $rate" asking+=" $busy"
		load "$proxy_url" "$scratch/requests"
		behind+=" $rate"
	done
}

# So many requests in plain CGI, each from the program's start to its end, with
# PostgreSQL greeted anew.
cgi_requests() {
	local i
	for ((i = 0; i < $1; i++)); do
		"$TELLTALE_DIR/site/cgi-bin/job.fcgi" </dev/null
	done
}

measure_cgi() {
	local began n=300 path key
	read -r path key <"$scratch/requests"
	export -f cgi_requests
	"${by_hand[@]}" REQUEST_METHOD=GET REQUEST_URI="$path" SERVER_PROTOCOL=HTTP/1.1 \
	    GATEWAY_INTERFACE=CGI/1.1 REMOTE_ADDR=127.0.0.1 HTTP_AUTHORIZATION="Bearer $key" \
	    bash -c 'cgi_requests 1; began=${EPOCHREALTIME/[.,]/}; cgi_requests "$1" >/dev/null
	        printf "\ntook %s\n" "$((${EPOCHREALTIME/[.,]/} - began))"' bash "$n" >"$scratch/cgi" 2>"$scratch/cgi.log"
	grep -q '^Status: 200' "$scratch/cgi"
	cgi_ms=$(quotient "$(sed -n 's/^took //p' "$scratch/cgi")" "${n}000")
}

# count PROGRAM FILE N: sets counted, the instructions of the program that serves
# the first request of the file so often, from its start to its end.
count() {
	local dir=$scratch/counted path key i pid
	read -r path key <"$2"
	rm -rf "$dir"
	mkdir "$dir"
	"${by_hand[@]}" TELLTALE_THREADS=1 spawn-fcgi -n -s "$dir/sock" -- /usr/bin/valgrind -q \
	    --tool=callgrind --callgrind-out-file="$dir/out" \
	    "$BUILD/cgi-bin/$1.fcgi" >"$dir/log" 2>&1 &
	pid=$!
	at_end "kill $pid 2>/dev/null"
	lighttpd_up "$1-$3" <<-END
	server.modules += ( "mod_fastcgi" )
	fastcgi.server = ( "/" => (( "socket" => "$dir/sock", "check-local" => "disable" )) )
	END
	within 30 test -S "$dir/sock"
	within 30 answers "$server_url" "$2"
	for ((i = 1; i < $3; i++)); do
		answers "$server_url" "$2"
	done
	kill "$pid"
	wait "$pid" || true
	counted=$(sed -n 's/^\(totals\|summary\): \([0-9]*\).*/\2/p' "$dir/out" | head -n 1)
}

# Sets instructions, of one more request.
instructions() {
	local few
	count "$1" "$2" 20
	few=$counted
	count "$1" "$2" 120
	instructions=$(((counted - few) / 100))
}

stack_up lighttpd
# A program by hand: the settings of the site, but for a file of whoever runs it.
by_hand=(env TELLTALE_CONFIG="$TELLTALE_DIR/site/telltale.conf" TELLTALE_RATE_FILE="$scratch/rate")
make_jobs
node_up "$scratch/requests"
proxy_up
measure_rates
ratio j 'requests a second for a status, through lighttpd, against Node by itself' \
    "$(middle "$ours")" /s Node "$(middle "$alone")" least 1
ratio j 'the same, against Node behind the same lighttpd (mod_proxy)' \
    "$(middle "$ours")" /s 'Node, lighttpd' "$(middle "$behind")" least 1.5
figure j2 "processor time in the program for a status" "$(middle "$cpu")" us most 15
published 'j: the client, of one processor' "$(middle "$asking")"
measure_cgi
figure l 'plain CGI: one status, the process from start to end' "$cgi_ms" ms most 10
instructions job "$scratch/requests"
published 'instructions of the program for a status (callgrind)' "$instructions"
super -c "select '/api/v1/jobs?limit=100 $TELLTALE_KEY'" >"$scratch/list"
instructions jobs "$scratch/list"
published 'instructions of the program for a list of 100 (callgrind)' "$instructions"

note <<-TEXT
	**j.** $clients connections that stay open, $seconds s each, $rounds rounds in turn,
	of 1,000 jobs out of $jobs. All three ask the same function, by a prepared
	statement. In favour of Node: one process without a limit of rates, without tags
	and request ids, which the programs have; it is \`bench/peer/api.js\`. lighttpd is
	as the shipped file has it, the second one with \`mod_proxy\` in place of
	\`mod_fastcgi\`, and both write their access log.

	**j2.** What is left of a status in the program, by callgrind: a fifth is libpq's, a
	fifth libfcgi's reading of the request, a seventh the JSON and its tag, a tenth
	each the key and rate, and the sending. That is a third of its processor time; two
	thirds are the kernel's: by \`perf\`, three fifths of those are the switch to and from
	the thread at its two waits, for the request and for PostgreSQL, and the others
	some 14 system calls.

	**l.** The mean of 300, as a shell starts them one after the other.

	Instructions are of the program alone, without the kernel's: 120 requests less 20
	of them, under \`valgrind --tool=callgrind\`.
TEXT
