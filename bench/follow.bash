# follow - how long an update takes from the worker to who watches the job, many
# of them (c) and one (d).
# shellcheck shell=bash
# shellcheck disable=SC2154 # words.bash and the stack's env set what is used

. bench/jobs.bash

streams=2000
rate=2000
seconds=60

# A time stamp in the update says when.  It is made before progress() begins, so
# what is measured has the update itself in it and its commit.
stack_up lighttpd
count_reads
begin_jobs $streams

# --- c: many ------------------------------------------------------------------------

watch_jobs $streams
was=$(updates)
woken=$(counter wakes) read=$(reads)
hub=$(program_pid progress)
hub_ms=$(cpu_ms "$hub") all_ms=$(cpu_ms "$TELLTALE_SERVER_PID") client_ms=$(cpu_ms "$watcher")

a_second=$(bench progress -D jobs=$streams -c 8 -j 1 -R $rate -T $seconds)

hub_ms=$(($(cpu_ms "$hub") - hub_ms))
all_ms=$(($(cpu_ms "$TELLTALE_SERVER_PID") - all_ms))
client_ms=$(($(cpu_ms "$watcher") - client_ms))

# The last of them, and what the hub has counted.
sleep 3
said=$(($(updates) - was))
replaced=$(counter coalesced)
woken=$(($(counter wakes) - woken)) read=$(($(reads) - read))
unwatch

# What was passed over was replaced by a newer one, or is lost; and so is what is
# missing at the end.  connected is one event of each stream.
seen=$(($(came .events) - streams))
passed_over=$(came .gaps)
lost=$((said - seen - passed_over + (passed_over > replaced ? passed_over - replaced : 0)))

figure c "$streams streams, each of its job: updates in all" "$a_second" '/s' least $((rate * 95 / 100))
figure c 'from the update to the client, p99' "$(came .latency.p99)" ms most 100
figure c "of $said: lost, if no newer one came instead" "$lost" updates most 0
figure c 'twice, or not in order' "$(came '.duplicates + .disorder')" events most 0
figure c 'hub and lighttpd together' "$(quotient $all_ms $((seconds * 1000)))" processors most 1
published 'c: median, 90 %, last' "$(came '"\(.latency.p50), \(.latency.p90), \(.latency.p100) ms"')"
published 'c: of the hub alone, a delivered event' "$(quotient $((hub_ms * 1000)) $seen 1) us"
published 'c: reads of the log, and of them by the doorbell' "$read, $woken"

note <<-TEXT
	**c.** $streams jobs, claimed; \`pgbench\` calls \`telltale.progress()\` for one of
	them by chance, $rate times a second in all, 8 connections, ${seconds} s. The time
	stamp is made as the call's argument: so the update itself and its commit are in
	the figure. $said updates, of which $seen came and $replaced were replaced by a
	newer one in the hub. Lost is counted by the jobs' own numbers: what the streams
	have not shown and the hub has not replaced. The reading client took
	$(quotient $client_ms $((seconds * 1000))) of a processor, the hub
	$(quotient $hub_ms $((seconds * 1000))), lighttpd
	$(quotient $((all_ms - hub_ms)) $((seconds * 1000))).
TEXT

# --- d: one -------------------------------------------------------------------------

# one_by_one COUNT SECONDS: of one job, each in a transaction of its own, about so
# long after the one before.
one_by_one() {
	worker "do \$\$ begin
		for n in 1 .. $1 loop
			perform pg_sleep($2 * (0.75 + random() / 2));
			perform telltale.progress('bench-1', 1, 50,
			    't=' || extract(epoch from clock_timestamp()));
			commit;
		end loop; end \$\$"
	sleep 0.5
}

# What the same takes without anybody who would be told: the worker's part.
alone_ms() {
	worker "do \$\$ declare took float[]; began timestamptz; begin
		for n in 1 .. $1 loop
			perform pg_sleep(0.02);
			began := clock_timestamp();
			perform telltale.progress('bench-1', 1, 50, 'alone ' || n);
			commit;
			took := took || extract(epoch from clock_timestamp() - began)::float;
		end loop;
		raise notice '%', (select round((1000 * percentile_cont(0.5)
		    within group (order by t))::numeric, 2) from unnest(took) as t);
		end \$\$" 2>&1 | sed 's/^NOTICE: *//'
}

alone=$(alone_ms 100)

watch_jobs 1
sleep 3
woken=$(counter wakes) read=$(reads)
one_by_one 300 0.075
sleep 3
woken=$(($(counter wakes) - woken)) read=$(($(reads) - read))
unwatch
figure d 'quiet, one update: from the update to the client, p50' "$(came .latency.p50)" ms most 3
figure d 'p99' "$(came .latency.p99)" ms most 10
published 'd: last' "$(came .latency.p100) ms"
published 'd: for 300 updates: reads of the log, and of them by the doorbell' "$read, $woken"

watch_jobs 1
one_by_one 500 0.02
unwatch
published 'd: one every 20 ms: median, 99 %' "$(came '"\(.latency.p50), \(.latency.p99) ms"')"

note <<-TEXT

	**d.** One stream, one job, 300 updates, one every 56 to 94 ms. The time stamp is
	made as the argument of \`telltale.progress()\`, and the commit is the next statement:
	the figure has in it what the worker waits for, which is $alone ms when nobody is
	told. The hub sleeps and is woken by the doorbell. With one every 20 ms it stays
	awake, and an update waits for the next read, 12 ms after the last.
TEXT
