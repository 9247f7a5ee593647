# Words for measurements of requests and their answers.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # at_end's are for later; words.bash and the stack's env set what is used

clients=4		# as many as a program has threads
seconds=${BENCH_SECONDS:-4}
scope=job:read

# What a table's owner may do, and more.
super() { psql -XAtq -v ON_ERROR_STOP=1 -d "$TELLTALE_SUPER_DSN" "$@"; }

# A key as the database knows it.
key_hash() { printf '%s' "$1" | sha256sum | sed 's/^\([0-9a-f]*\).*/\\x\1/'; }

# The middle one of the numbers that a variable has.
# shellcheck disable=SC2086 # a word each
middle() { median $1; }

# load URL FILE: sets answered, us and rate (a second), of the requests that the
# file has, one after the other, and busy, the part of a processor that asking
# took.  An answer that is none is the end.
load() {
	local failed=all TIMEFORMAT='%U %S'
	{ time wrk -t 1 -c "$clients" -d "${seconds}s" -s bench/requests.lua "$1" -- "$2" \
	    >"$scratch/wrk" 2>&1; } 2>"$scratch/wrk.time" || true
	read -r _ answered us failed < <(grep '^wrk: ' "$scratch/wrk") || true
	if [ "$failed" != 0 ]; then
		echo "$1: $failed of ${answered:-the requests} were not answered well" >&2
		cat "$scratch/wrk" >&2
		return 1
	fi
	rate=$(quotient "${answered}000000" "$us" 0)
	busy=$(awk -v us="$us" '{ printf "%.2f", ($1 + $2) * 1000000 / us }' "$scratch/wrk.time")
}

# load_sql FILE...: the same of pgbench and scripts, each as often as the others;
# :scope in them is the scope, whose colon they could not have.
load_sql() {
	local file files=()
	for file; do files+=(-f "$file"); done
	rate=$(pgbench -n -M prepared -D scope="$scope" -c "$clients" -j 1 -T "$seconds" "${files[@]}" "$TELLTALE_DSN" |
	    sed -n 's/^tps = \([0-9]*\).*/\1/p')
	[ -n "$rate" ]
}

# Does it answer, with the first of the requests that the file has?
answers() {
	local path key
	read -r path key <"$2"
	curl -sf -m 5 -o /dev/null -H "Authorization: Bearer $key" "$1$path"
}

# node_up FILE: the Node program that has the same answers, at work for a user who
# may read the tables; sets node, its process, and node_url.  It has one thread, as many have that are deployed.
node_up() {
	local port
	port=$(free_port)
	node_url=http://127.0.0.1:$port
	cp bench/peer/api.js "$BUILD/peer/"	# beside the modules that it imports
	NODE_ENV=production PGHOST=$TELLTALE_DIR/run PGUSER=postgres PGDATABASE=telltale \
	    node "$BUILD/peer/api.js" "$port" "$clients" >"$scratch/node.log" 2>&1 &
	node=$!
	at_end 'kill "$node"'
	within 20 answers "$node_url" "$1" || { cat "$scratch/node.log" >&2; return 1; }
}
