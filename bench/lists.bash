# A page of an account's jobs with their number: a hundred out of ten million.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # at_end's are for later; the words use and set the rest

# shellcheck source=bench/requests.bash
. bench/requests.bash

rounds=3
accounts=10
most=${BENCH_JOBS:-10000000}	# in all accounts; a tenth of that first
bulk='set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '\''512MB'\'';'

# --- ten million jobs ------------------------------------------------------------

# Accounts list0 to list9, their keys, and a request and a script for each.
make_accounts() {
	local i key
	: >"$scratch/first"
	scripts=()
	for ((i = 0; i < accounts; i++)); do
		TELLTALE_ADMIN_DSN=$TELLTALE_SUPER_DSN bin/telltale account add "list$i" --rate 6000000 >/dev/null
		key=$(TELLTALE_ADMIN_DSN=$TELLTALE_SUPER_DSN bin/telltale key add --account "list$i" --scope "$scope")
		echo "/api/v1/jobs?limit=100 $key" >>"$scratch/first"
		scripts+=("$scratch/list$i.sql")
		echo "select * from telltale.web_job_list('$(key_hash "$key")', :scope, 101, 0, null, null, null," \
		    "null, null, null, null, null);" >"$scratch/list$i.sql"
	done
}

# insert_jobs FROM TO: over the last year, in order of time as a table grows, the
# accounts in turn.  One in a thousand has not ended.
insert_jobs() {
	super -c "$bulk" -c "
	insert into telltale.job (account_id, type, status, progress, decision, reason, error_code, attempt,
	                          created_at, started_at, completed_at, lease_until)
	select a.ids[1 + n % $accounts],
	       (array['image', 'image', 'image', 'image', 'prompt', 'prompt', 'video', 'pre', 'post', 'index'])
	           [1 + h / 1000 % 10],
	       s.status, case when s.status = 'completed' then 100 when s.status = 'queued' then 0 else h % 99 end,
	       d.decision, case when d.decision = 'reject' then 'not for everybody' end,
	       case when s.status = 'failed' then 'TIMEOUT' end, case when s.status = 'queued' then 0 else 1 end,
	       t.at, case when s.status <> 'queued' then t.at + interval '1 s' end,
	       case when s.status not in ('queued', 'processing') then t.at + interval '9 s' end,
	       case when s.status = 'processing' then now() + interval '1 day' end
	  from (select array_agg(account_id order by name) as ids from telltale.account where name like 'list_') as a,
	       generate_series($1, $2) as n,
	       lateral (select hashint4(n) & 1048575 as h,
	                       now() - interval '365 days' * (1 - (n - $1 + 1) / ($2 - $1 + 2.0)) as at) as t,
	       lateral (select (case when h % 1000 = 0 then case when h / 1000 % 2 = 0 then 'queued' else 'processing' end
	                             when h % 100 < 90 then 'completed' when h % 100 < 97 then 'failed'
	                             else 'cancelled' end)::telltale.job_status as status) as s,
	       lateral (select case when s.status = 'completed'
	                            then case when h % 7 = 0 then 'reject' else 'pass' end end as decision) as d"
}

# add_jobs FROM TO: so many more.  The indexes but that of the primary key are
# made anew, two at a time, since that takes less time than to keep them; and who
# loads like this, past the triggers, has the sums set right by tally_check().
add_jobs() {
	local began=$SECONDS middle=$((($1 + $2) / 2)) first second
	super -c "select indexdef from pg_indexes where schemaname = 'telltale' and tablename = 'job'
	             and indexname <> 'job_pkey'" >"$scratch/indexes"
	super <<-END
	alter table telltale.job drop constraint job_job_id_key;
	alter table telltale.job set (autovacuum_enabled = off);
	select format('drop index telltale.%I', indexname) from pg_indexes
	 where schemaname = 'telltale' and tablename = 'job' and indexname <> 'job_pkey' \gexec
	END
	insert_jobs "$1" "$middle" & first=$!
	insert_jobs $((middle + 1)) "$2" & second=$!
	wait $first
	wait $second
	tr '\n' '\0' <"$scratch/indexes" | xargs -0 -n 1 -P 2 psql -XAtq -v ON_ERROR_STOP=1 \
	    -d "$TELLTALE_SUPER_DSN" -c "$bulk" -c
	super <<-END
	alter table telltale.job add constraint job_job_id_key unique using index job_job_id_key;
	alter table telltale.job reset (autovacuum_enabled);
	select from telltale.tally_check(true);
	vacuum analyze telltale.job;
	checkpoint;
	END
	echo "  $2 jobs: $((SECONDS - began)) s" >&2
}

# --- requests a second -----------------------------------------------------------

# measure_rates PEERS: in turn; sets ours and cpu, and with peers theirs as well.
measure_rates() {
	local round program before spent
	ours='' cpu='' pgbench='' theirs='' counted='' asking=''
	program=$(program_pid jobs)
	for ((round = 0; round < rounds; round++)); do
		before=$(cpu_ms "$program")
		load "$TELLTALE_URL" "$scratch/first"
		spent=$(($(cpu_ms "$program") - before))
		ours+=" $rate" asking+=" $busy" cpu+=" $(quotient "${spent}000" "$answered" 1)"
		[ "$1" = peers ] || continue
		load_sql "${scripts[@]}"
		pgbench+=" $rate"
		load "$node_url" "$scratch/first"
		theirs+=" $rate"
		load "$node_url" "$scratch/counted"
		counted+=" $rate"
	done
}

# --- the number of jobs, by each filter --------------------------------------------

# measure_totals HASH: every combination of filters thrice, of which the middle
# one counts.  How many there are; the worst and the middle one of the totals, in
# ms; of the whole call with a page of one, once each, the worst and its filters.
measure_totals() {
	super <<-END
	create function pg_temp.middle(p_ms numeric[]) returns numeric language sql as \$\$
	    select percentile_disc(0.5) within group (order by ms) from unnest(p_ms) as ms
	\$\$;
	create function pg_temp.took(
	    p_type text, p_decision text, p_statuses text[], p_from bigint, p_to bigint,
	    out total numeric, out page numeric)
	language plpgsql as \$\$
	declare
	    v_account bigint[] := array(select account_id from telltale.web_key('$1', '$scope'));
	    v_ms      numeric[];
	    v_began   timestamptz;
	begin
	    for i in 1 .. 3 loop
	        v_began := clock_timestamp();
	        perform from telltale.job_count(v_account, p_type, p_decision, p_statuses::telltale.job_status[],
	                                        telltale.time_from_us(p_from), telltale.time_from_us(p_to));
	        v_ms := v_ms || extract(epoch from clock_timestamp() - v_began) * 1000;
	    end loop;
	    total   := pg_temp.middle(v_ms);
	    v_began := clock_timestamp();
	    perform from telltale.web_job_list('$1', '$scope', 1, 0, null, null,
	                                       p_type, p_decision, p_statuses, null, p_from, p_to);
	    page    := extract(epoch from clock_timestamp() - v_began) * 1000;
	end \$\$;
	with every as materialized (
	    select concat_ws(' ', t.type, d.decision, s.statuses, f.days, u.days) as filters,
	           k.total, k.page
	      from (values (null), ('image'), ('video'), ('checksum')) as t (type),
	           (values (null), ('pass'), ('reject')) as d (decision),
	           (values (null), ('{queued}'), ('{processing}'), ('{completed}'), ('{failed,cancelled}'),
	                   ('{queued,processing,completed}')) as s (statuses),
	           (select n, (extract(epoch from date_trunc('day', now(), 'UTC') - n * interval '1 day') * 1000000)::bigint
	              from unnest(array[null, 1, 45, 300]) as n) as f (days, us),
	           (select n, (extract(epoch from date_trunc('day', now(), 'UTC') - n * interval '1 day') * 1000000)::bigint
	              from unnest(array[null, 0, 10]) as n) as u (days, us),
	           lateral pg_temp.took(t.type, d.decision, s.statuses::text[], f.us, u.us) as k
	     where coalesce(f.days > u.days, true))
	select count(*), round(max(total), 2), round(pg_temp.middle(array_agg(total)), 2),
	       round(max(page), 2), (array_agg(filters order by page desc))[1]
	  from every
	END
}

# --- page 5,000 ------------------------------------------------------------------

# The page after those before it, as who has come there would ask for it.
deep_request() {
	local path key cursor page=5000
	read -r path key <"$scratch/first"
	cursor=$(curl -sf -H "Authorization: Bearer $key" \
	    "$TELLTALE_URL$path&offset=$(((page - 2) * 100 * most / 10000000))" | jq -r .next_cursor)
	echo "$path&cursor=$cursor $key" >"$scratch/deep"
	echo "$path $key" >"$scratch/shallow"
}

measure_pages() {
	local round clients=1 seconds=2
	shallow='' deep=''
	for ((round = 0; round < rounds; round++)); do
		load "$TELLTALE_URL" "$scratch/shallow"
		shallow+=" $(quotient "$us" "$answered" 0)"
		load "$TELLTALE_URL" "$scratch/deep"
		deep+=" $(quotient "$us" "$answered" 0)"
	done
}

# --- in turn ---------------------------------------------------------------------

stack_up lighttpd
super -c "alter system set max_wal_size = '8GB'" -c "alter system set checkpoint_timeout = '30min'" \
    -c 'select pg_reload_conf()' >/dev/null
make_accounts
add_jobs 1 $((most / 10))
sed 's,^[^ ]*,/counted,' "$scratch/first" >"$scratch/counted"
node_up "$scratch/first"
measure_rates alone
small=$(middle "$ours")
add_jobs $((most / 10 + 1)) "$most"
measure_rates peers
many=$(middle "$ours")
what='a list of 100 with total'
ratio f "requests a second for $what, $most jobs in $accounts accounts, through lighttpd, against pgbench" \
    "$many" /s pgbench "$(middle "$pgbench")" least 0.3
ratio f 'the same, against Node by itself that calls the same function' \
    "$many" /s Node "$(middle "$theirs")" least 3
published 'f: Node by itself, with a key lookup, a page and a count(*) of its own' "$(middle "$counted") /s"
published 'f: the client, of one processor' "$(middle "$asking")"
ratio g "the same, of $((most / 10)) jobs against $most" "$small" /s "$most jobs" "$many" most 1.3
figure j2 "processor time in the program for $what" "$(middle "$cpu")" us most 60
IFS='|' read -r filters worst typical page which \
    < <(measure_totals "$(key_hash "$(sed -n '1s/.* //p' "$scratch/first")")")
figure h "total, $((most / accounts)) jobs in the account, the slowest of $filters combinations of filters" \
    "$worst" ms most 5
published 'h: the middle one of them' "$typical ms"
published "h: with a page of one, the slowest ($which)" "$page ms"
deep_request
measure_pages
ratio i 'page 5,000 by cursor, against page 1' "$(middle "$deep")" us 'page 1' "$(middle "$shallow")" most 1.2

note <<-TEXT
	**f, g.** $most jobs of $accounts accounts, over a year, of many types and statuses,
	one in a thousand not ended; one page of each account in turn, $clients connections
	that stay open, $seconds s each, $rounds rounds. pgbench and Node ask the same
	function by a prepared statement; what one would write oneself for Node is
	published as well. PostgreSQL runs without fsync, of which readers notice nothing.

	**h.** By \`telltale.job_count()\`, each combination thrice in one session, of which
	the middle one counts. Of the whole call, with a page of one, the slowest is where
	no or few jobs are as the filters have it, so that they are looked for through the
	account.

	**j2.** Before this was measured a list took 7.9 million instructions in the program:
	half of them were \`PQfnumber()\`, asked for each column of each row, the rest
	the search for what JSON must escape, \`snprintf()\` for times, and a tag by BLAKE2b
	(32 us). What is left, by callgrind: a half writes the JSON, a sixth is libpq's
	reading of the rows, an eighth fills the structs, a tenth is the tag (13 us).

	**i.** Page 5,000 begins after $(((5000 - 1) * 100 * most / 10000000)) jobs; one connection.
TEXT
