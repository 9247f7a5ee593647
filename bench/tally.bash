# tally - what it costs those who work that the jobs which have ended are counted.
# shellcheck shell=bash
# shellcheck disable=SC2154 # words.bash and the stack's env set what is used

. bench/jobs.bash

rounds=5
seconds=4

stack_up lighttpd
# Some more than are taken, so that who looks finds one.
worker "select count(telltale.submit('demo', 'checksum')) from generate_series(1, 1000)" >/dev/null
super 'vacuum analyze'

# triggers enable|disable
triggers() {
	local name
	for name in insert update delete; do
		super "alter table telltale.job $1 trigger tally_$name"
	done
}

# As often as hubs do, and oftener.
fold() {
	while :; do
		super "select from telltale.tick('tally')"
		sleep 1
	done
}

counted() {
	local folder
	triggers enable
	fold &
	folder=$!
	counted+=("$(bench job -c "$1" -j 1 -T $seconds)")
	kill "$folder"
	wait "$folder" || true
}

uncounted() {
	triggers disable
	uncounted+=("$(bench job -c "$1" -j 1 -T $seconds)")
}

for clients in 1 8 32; do
	counted=() uncounted=()
	for ((round = 0; round < rounds; round++)); do
		counted "$clients"
		uncounted "$clients"
	done
	ratio tally "$clients who submit, claim and complete, and those that ended are counted" \
	    "$(median "${counted[@]}")" jobs/s 'not counted' "$(median "${uncounted[@]}")" least 0.9
done

note <<-TEXT
	**tally.** \`pgbench\` submits, claims and completes, $rounds rounds of $seconds s: in
	turn with the triggers that keep \`telltale.job_tally\`, while somebody folds it every
	second, and without them.
TEXT
