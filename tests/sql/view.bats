#!/usr/bin/env bats
# What streams of whole accounts ask of the database: to begin, and for what
# they missed.
# shellcheck disable=SC2030,SC2031 # snapshots are of one test

setup_file() { load helpers; fresh; }

setup() { load helpers; reset; }

teardown_file() { drop; }

account() { sql "select account_id from telltale.account where name = '$1'"; }

# A key of that account for queue:read, as SQL knows it.
key_of() {
  sql "select telltale.key_add('$1', sha256('$1'), 'tt_view', '{queue:read}')" >/dev/null
  printf "sha256('%s')" "$1"
}

# A hub that is registered; its number.
hub() { sql "select listener_id from telltale.feed_open('h', 'p', 1, false, null, null, null, null)"; }

# --- to begin --------------------------------------------------------------------

@test "open: the key's account; its place is counted against watch_limit" {
  sql "select telltale.account_add('view', p_watch_limit => 1)" >/dev/null
  key=$(key_of view)
  hub=$(hub)
  open="select verdict, accounts = array[account_id], key_id is not null, leased
          from telltale.web_queue_open($key, 'queue:read', null, null, null, null, $hub)"

  [ "$(sql "$open")" = 'ok|t|t|t' ]
  [ "$(sql "$open")" = 'limited|t|t|f' ]
  [ "$(sql "select sum(n) from telltale.stream_lease")" = 1 ]
}

@test "open: HEAD takes no place; a hub that is not known is told so" {
  sql "select telltale.account_add('view', p_watch_limit => 1)" >/dev/null
  key=$(key_of view)

  [ "$(sql "select verdict, leased from telltale.web_queue_open($key, 'queue:read', null, null, null, null, null)")" = 'ok|f' ]
  [ "$(sql "select verdict, leased from telltale.web_queue_open($key, 'queue:read', null, null, null, null, 4711)")" = 'unregistered|f' ]
}

@test "open: the public has what is public, and none is nobody's" {
  [ "$(sql "select verdict, accounts is null from telltale.web_queue_open(null, 'queue:read', null, null, null, null, null)")" = 'unauthorized|t' ]
  sql "select telltale.account_add('one', p_public_queue => true), telltale.account_add('two', p_public_queue => true),
              telltale.account_add('gone', p_public_queue => true), telltale.account_add('shut');
       select telltale.account_set('gone', p_terminated => true)" >/dev/null

  [ "$(sql "select verdict, account_id is null, leased from telltale.web_queue_open(null, 'queue:read', null, null, null, null, $(hub))")" = 'ok|t|f' ]
  [ "$(sql "select accounts = array[$(account one), $(account two)]::bigint[]
              from telltale.web_queue_open(null, 'queue:read', null, null, null, null, null)")" = t ]
}

@test "open: types are words of job_type" {
  sql "select telltale.account_add('one', p_public_queue => true)" >/dev/null
  [ "$(sql "select verdict from telltale.web_queue_open(null, 'queue:read', 'video', null, null, null, null)")" = ok ]
  [ "$(sql "select verdict from telltale.web_queue_open(null, 'queue:read', 'lunch', null, null, null, null)")" = unknown_type ]
}

@test "open: what can be resumed is of this cluster, has been, and is kept" {
  sql "select telltale.account_add('one', p_public_queue => true)" >/dev/null
  hub >/dev/null
  sql "create or replace function pg_temp.x() returns int as 'select 1' language sql" >/dev/null
  resumable() {
    sql "select resumable is true
           from (select max(generation) as g from telltale.log_generation) as l,
                lateral telltale.web_queue_open(null, 'queue:read', null, $1, $2, $3, null)"
  }
  now='(extract(epoch from clock_timestamp()) * 1000000)::bigint'
  xmax='pg_snapshot_xmax(pg_current_snapshot())'

  [ "$(resumable g "$xmax" "$now")" = t ]
  [ "$(resumable g+1 "$xmax" "$now")" = f ]
  [ "$(resumable g "(($xmax)::text::bigint + 1000)::text::xid8" "$now")" = f ]
  [ "$(resumable null null null)" = f ]
  sql "update telltale.log_kept set since = clock_timestamp()"
  [ "$(resumable g "$xmax" "$now - 3600000000")" = f ]
  [ "$(resumable g "$xmax" "$now")" = t ]

  # Another cluster's, and another timeline's, mean nothing; another life's do,
  # though a crash may have taken back that xmax.
  sql "insert into telltale.log_generation (cluster, timeline, life, floor_event_id)
       select cluster, timeline, gen_random_uuid(), 0 from telltale.log_generation"
  [ "$(resumable g-1 "(($xmax)::text::bigint + 1000)::text::xid8" "$now")" = t ]
  sql "insert into telltale.log_generation (cluster, timeline, life, floor_event_id)
       select cluster, timeline + 1, gen_random_uuid(), 0 from telltale.log_generation limit 1"
  [ "$(resumable g-1 "$xmax" "$now")" = f ]
}

# --- for what was missed -----------------------------------------------------------

# view ACCOUNTS LAST UPTO BEGINS AFTER [PAGE [PUBLIC]]: the events' numbers, and
# + where there may be more.
view() {
  sql "select string_agg(case when kind is null then '+' else data->>'n' end, ' ' order by event_id, kind is null)
         from telltale.feed_view($1, ${7:-false}, $2, (extract(epoch from clock_timestamp()) * 1000000)::bigint,
                                 $3, 9e15::bigint, $4, $5, 0, ${6:-500})"
}

say() { sql "select telltale.event_append($(account "$1"), null, null, null, null, 'notice', '{\"n\": $2}')" >/dev/null; }
snapshot() { sql "select quote_literal(pg_current_snapshot())"; }
newest() { sql 'select coalesce(max(event_id), 0) from telltale.job_event'; }

@test "view: what a snapshot does not see, of that account, page by page" {
  sql "select telltale.account_add('one'), telltale.account_add('two')" >/dev/null
  say one 1
  last=$(snapshot) low=$(newest)
  for n in 2 3 4 5; do say one $n; say two 9; done
  upto=$(snapshot)
  say one 6
  one="array[$(account one)]"

  [ "$(view "$one" "$last" "$upto" true "$low")" = '2 3 4 5' ]
  [ "$(view "$one" "$last" "$upto" true "$low" 2)" = '2 3 +' ]
  [ "$(view "$one" "$last" "$upto" false "$(sql "select event_id from telltale.job_event where data->>'n' = '3'")")" = '4 5' ]
  [ "$(view "$one" "$last" "$(snapshot)" true "$low")" = '2 3 4 5 6' ]
  [ "$(view "array[$(account two), $(account one)]" "$last" "$upto" true "$low")" = '2 9 3 9 4 9 5 9' ]
}

@test "view: what was open then is found, though its numbers are lower" {
  sql "select telltale.account_add('one')" >/dev/null
  session late
  tell late "begin; select telltale.event_append($(account one), null, null, null, null, 'notice', '{\"n\": 1}');" >/dev/null
  say one 2
  last=$(snapshot) low=$(newest)
  tell late 'commit;' >/dev/null
  leave late
  say one 3

  [ "$(view "array[$(account one)]" "$last" "$(snapshot)" true "$low")" = '1 3' ]
}

@test "view: of the public's accounts, those that are public now" {
  sql "select telltale.account_add('pub', p_public_queue => true), telltale.account_add('priv')" >/dev/null
  last=$(snapshot) low=$(newest)
  say pub 1
  say priv 2
  both="array[$(account pub), $(account priv)]"
  [ "$(view "$both" "$last" "$(snapshot)" true "$low" 500 true)" = 1 ]
  sql "select telltale.account_set('priv', p_public_queue => true)" >/dev/null
  [ "$(view "$both" "$last" "$(snapshot)" true "$low" 500 true)" = '1 2' ]
  [ "$(view "array[$(account priv)]" "$last" "$(snapshot)" true "$low" 500 true)" = 2 ]
}

@test "view: what was written after the snapshot was taken is news, whatever its transaction" {
  sql "select telltale.account_add('one')" >/dev/null
  low=$(newest)
  say one 1
  at=$(sql 'select (extract(epoch from clock_timestamp()) * 1000000)::bigint')
  say one 2
  seen=$(snapshot)
  [ "$(sql "select string_agg(data->>'n', ' ' order by event_id)
              from telltale.feed_view(array[$(account one)], false, $seen, $at, $seen, 9e15::bigint, true, $low, 0, 500)")" = 2 ]
}

@test "view: a page costs what is on it, not what is in the log" {
  sql "select telltale.account_add('a' || n) from generate_series(1, 100) as n" >/dev/null
  last=$(snapshot) low=$(newest) before=$last
  sql "insert into telltale.job_event (account_id, kind, data)
       select a.account_id, 'notice', jsonb_build_object('n', n)
         from generate_series(1, 2000) as n, telltale.account as a where a.name ~ '^a[0-9]+$'"
  upto=$(snapshot)
  # The second time in a session, when the plan is there.
  buffers() {
    local ask
    ask="explain (analyze, buffers, costs off, timing off, summary off)
      select * from telltale.feed_view(array[$(account a50)], false, $last, 9e15::bigint, $upto, 9e15::bigint, $1, $2, 0, 100)"
    psql -XqAt -c "$ask" -c "$ask" | sed -n 's/.*shared hit=\([0-9]*\).*/\1/p' | tail -n 1
  }

  [ "$(buffers true "$low")" -lt 300 ]
  [ "$(buffers false "$((low + 100000))")" -lt 300 ]
  # Nothing new, and all that was written before.
  last=$upto
  [ "$(buffers true "$(newest)")" -lt 300 ]
  [ "$(sql "select count(*) from telltale.feed_view(array[$(account a50)], false, $before, 9e15::bigint, $upto, 9e15::bigint, true, $low, 0, 5000)")" = 2000 ]

  # What it has had long ago is looked at in parts, too.
  sql "insert into telltale.job_event (account_id, kind, data)
       select $(account a50), 'notice', jsonb_build_object('n', n) from generate_series(1, 30000) as n"
  last=$(snapshot) upto=$last
  [ "$(buffers true "$low")" -lt 1000 ]
  [ "$(sql "select count(*), min(event_id) between $low + 1 and $(newest) - 1, count(kind)
              from telltale.feed_view(array[$(account a50)], false, $last, 9e15::bigint, $upto, 9e15::bigint, true, $low, 0, 100)")" = '1|t|0' ]
}
