#!/usr/bin/env bats
# Leases: how many streams an account has open, whatever becomes of the hubs.
# shellcheck disable=SC2154 # hub_in sets hub and pid; session, a descriptor

setup_file() {
  load helpers
  fresh
  # What became of those who raced, and how many streams they saw.
  sql 'create table verdict (verdict text); create table seen (n bigint)'
}

setup() {
  load helpers
  reset
  sql "truncate verdict, seen;
       select telltale.account_set('demo', p_watch_limit => 5, p_stream_limit => 2),
              telltale.key_add('demo', sha256('k'), 'tt_k', '{job:read}'),
              telltale.submit('demo', 'video', job_id => 'j'),
              telltale.submit('demo', 'video', job_id => 'i'),
              telltale.submit('other', 'video', job_id => 'theirs')" >/dev/null
  demo=$(account demo)
  other=$(account other)
}

teardown_file() { drop; }

account() { sql "select account_id from telltale.account where name = '$1'"; }

# A hub that polls, and so needs no session that stays; the streams that it has
# may follow: ACCOUNTS CLASSES COUNTS.  However long a test takes, it is seen.
hub() {
  sql "set role telltale_web;
       select listener_id from telltale.feed_open('h', 'p', 1, false, null,
         string_to_array('${1-}', ',')::bigint[], string_to_array('${2-}', ','), string_to_array('${3-}', ',')::int[]);
       reset role;
       update telltale.listener set seen_at = clock_timestamp() + interval '1 hour'
        where listener_id = (select max(listener_id) from telltale.listener)"
}

# A hub that listens, in the session NAME; its number is $hub, its backend $pid.
hub_in() {
  session "$1"
  tell "$1" 'set role telltale_web;'
  hub=$(tell "$1" "select listener_id from telltale.feed_open('h', 'p', 1, true, null, null, null, null);")
  pid=$(sql "select backend_pid from telltale.listener where listener_id = $hub")
}

# What becomes of N streams that begin at a hub.
open() {
  as telltale_web "select string_agg(o.verdict, ' ') from generate_series(1, ${2-1}) as n,
    lateral (select verdict from telltale.web_progress_open(sha256('k'), 'job:read', '{j}', null, $1 + n * 0, 'watch', null)) as o"
}

# The same, of an account and class.
take() { sql "select telltale.lease_take($1, '$2', $3)"; }

leases() { sql 'select account_id, class, listener_id, n from telltale.stream_lease order by 1, 2, 3'; }

# As if a hub had not been seen for so long.
silent() { sql "update telltale.listener set seen_at = clock_timestamp() - interval '$2' where listener_id = $1"; }

# after SPAN HUB LISTENER: what becomes of a stream that begins at the listener
# when the hub has been silent for so long: in one session, or it would be longer.
after() {
  sql "update telltale.listener set seen_at = clock_timestamp() - interval '$1' where listener_id = $2;
       set role telltale_web;
       select verdict from telltale.web_progress_open(sha256('k'), 'job:read', '{j}', null, $3, 'watch', null)"
}

# A hub has more or fewer: ACCOUNTS CLASSES DELTAS.
lease() { as telltale_web "select telltale.feed_lease($1, '{$2}', '{$3}', '{$4}')"; }

# The session of a hub ends, whether it wants or not.
kill_hub() {
  sql "select pg_terminate_backend($pid, 5000)" >/dev/null
  leave "$1"
}

race() {
  timeout 300 pgbench -n -j 2 "$@" -f - >"$BATS_TEST_TMPDIR/race" 2>&1 ||
    { cat "$BATS_TEST_TMPDIR/race"; false; }
}

# --- taking --------------------------------------------------------------------

@test "as many as the limit says, over all hubs, and no more" {
  a=$(hub) b=$(hub)
  [ "$(open "$a" 3)" = 'ok ok ok' ]
  [ "$(open "$b" 3)" = 'ok ok limited' ]
  [ "$(open "$a")" = limited ]
  prints leases <<<"$demo|watch|$a|3
$demo|watch|$b|2"
}

@test "watch and stream are counted apart, and each account for itself" {
  a=$(hub "$demo" watch 5)
  [ "$(take "$demo" watch "$a")" = limited ]
  [ "$(take "$demo" stream "$a")" = ok ]
  [ "$(take "$demo" stream "$a")" = ok ]
  [ "$(take "$demo" stream "$a")" = limited ]
  [ "$(take "$other" watch "$a")" = ok ]
}

@test "a limit of 0 is none, and a higher one counts at once" {
  a=$(hub)
  sql "select telltale.account_set('demo', p_watch_limit => 0)"
  [ "$(open "$a")" = limited ]
  sql "select telltale.account_set('demo', p_watch_limit => 1)"
  [ "$(open "$a" 2)" = 'ok limited' ]
}

@test "a hub that is not known is told so, and nothing is counted" {
  a=$(hub)
  [ "$(open "$a")" = ok ]
  [ "$(open 999999)" = unregistered ]
  as telltale_web "select telltale.feed_close($a)"
  [ "$(open "$a")" = unregistered ]
  [ "$(leases)" = '' ]
}

@test "who is not let in costs no place; who only looks does not either" {
  a=$(hub)
  while read -r verdict key scope jobs at; do
    [ "$(as telltale_web "select max(verdict) filter (where verdict <> 'ok'), count(*)
           from telltale.web_progress_open(sha256('$key'), '$scope', '$jobs', null, $at, 'watch', null)")" = "$verdict" ]
  done <<END
unauthorized|1 nobody job:read {j} $a
forbidden|1 k queue:read {j} $a
not_found|2 k job:read {j,gone} $a
not_found|3 k job:read {j,theirs,i} $a
|2 k job:read {j,i} null
END
  [ "$(leases)" = '' ]
}

@test "two jobs on one stream are one place, and the stream learns whose it is" {
  a=$(hub)
  key=$(sql 'select key_id from telltale.api_key')
  prints as telltale_web "select verdict, rate_per_minute, unused, account_id, key_id, job_id, resumable
         from telltale.web_progress_open(sha256('k'), 'job:read', '{j,i}', '{0,1}', $a, 'watch', null)" <<<"ok|60|t|$demo|$key|j|t
ok|60|t|$demo|$key|i|t"
  prints leases <<<"$demo|watch|$a|1"
}

@test "a verdict on the lease comes alone, with the key's rate" {
  a=$(hub "$demo" watch 5)
  look="select verdict, rate_per_minute, unused, job_id from telltale.web_progress_open(sha256('k'), 'job:read', '{j,i}', null"
  prints as telltale_web "$look, $a, 'watch', null)" <<<'limited|60|t|'
  sql "select telltale.account_set('demo', p_watch_limit => 6)"
  prints as telltale_web "$look, 999999, 'watch', null)" <<<'unregistered|60|t|'
}

# --- racing --------------------------------------------------------------------

@test "a hundred at once for five places: five get one" {
  a=$(hub) b=$(hub) c=$(hub)

  race -c 50 -t 2 <<END
\\set h random($a, $c)
insert into verdict select verdict from telltale.web_progress_open(sha256('k'), 'job:read', '{j}', null, :h, 'watch', null);
END

  prints sql 'select verdict, count(*) from verdict group by 1 order by 1' <<<'limited|95
ok|5'
  [ "$(sql 'select sum(n) from telltale.stream_lease')" = 5 ]
  [ "$b" ]
}

@test "a hundred at once, and the places are a killed hub's: five get one" {
  hub_in dead
  open "$hub" 5
  kill_hub dead
  silent "$hub" '4 seconds'
  a=$(hub)

  race -c 50 -t 2 <<END
insert into verdict select verdict from telltale.web_progress_open(sha256('k'), 'job:read', '{j}', null, $a, 'watch', null);
END

  prints sql 'select verdict, count(*) from verdict group by 1 order by 1' <<<'limited|95
ok|5'
  prints leases <<<"$demo|watch|$a|5"
}

@test "while streams come and go there are never more than the limit, and none is lost" {
  a=$(hub) b=$(hub)

  race -c 20 -t 25 <<END
\\set h random($a, $b)
begin;
select verdict = 'ok' as got from telltale.web_progress_open(sha256('k'), 'job:read', '{j}', null, :h, 'watch', null) \\gset
insert into seen select sum(n) from telltale.stream_lease;
commit;
\\if :got
\\sleep 20 ms
select telltale.feed_lease(:h, '{$demo}', '{watch}', '{-1}');
\\endif
END

  [ "$(sql 'select count(*), max(n) from seen')" = '500|5' ]
  [ "$(leases)" = '' ]
}

@test "hubs come, go, begin anew and are taken for dead all at once, and nobody waits in a circle" {
  from=$(stat -c %s "$PGHOST/log")
  for _ in {1..8}; do hub "$demo,$other" watch,watch 2,2; done

  race -c 20 -t 40 <<END
\\set r random(1, 1000000)
\\set what random(1, 9)
select coalesce(min(listener_id), 0) as h from (select listener_id from telltale.listener order by md5((listener_id * :r)::text) limit 1) as l \\gset
\\if :what < 3
select telltale.lease_take($demo, 'watch', :h);
\\elif :what < 5
select telltale.lease_take($other, 'watch', :h);
\\elif :what = 5
select telltale.feed_lease(:h, '{$other,$demo,$other}', '{watch,watch,stream}', '{-1,1,1}');
\\elif :what = 6
select telltale.feed_lease(:h, '{$other,$demo,$other}', '{watch,watch,stream}', '{1,-1,-1}');
\\elif :what = 7
update telltale.listener set seen_at = now() - interval '20 seconds' where listener_id = :h;
select telltale.tick_listeners();
\\elif :what = 8
select telltale.feed_open('h', 'p', 1, false, :h, '{$other,$demo}', '{watch,watch}', '{1,2}');
\\else
update telltale.listener set seen_at = now() - interval '6 seconds' where listener_id = :h;
select telltale.feed_sleep(:h, true);
select telltale.feed_close(:h);
select telltale.feed_open('h', 'p', 1, false, null, '{$other,$demo}', '{watch,watch}', '{1,2}');
\\endif
END

  tail -c "+$((from + 1))" "$PGHOST/log" | { ! grep -E 'ERROR|DETAIL|CONTEXT'; }
  [ "$(sql "select count(*) from telltale.stream_lease as s
             where s.n <= 0 or not exists (select from telltale.listener as l where l.listener_id = s.listener_id)")" = 0 ]
}

# --- giving back ---------------------------------------------------------------

@test "what a hub gives back is free at once, and a row with nothing left goes" {
  a=$(hub)
  open "$a" 5
  [ "$(lease "$a" "$demo" watch -2)" = t ]
  [ "$(open "$a" 3)" = 'ok ok limited' ]
  lease "$a" "$demo,$demo" watch,watch -2,-3
  [ "$(leases)" = '' ]
  [ "$(open "$a")" = ok ]
}

@test "deltas of several accounts and classes, up and down, in any order and twice" {
  a=$(hub "$demo,$other" watch,watch 3,3)
  lease "$a" "$other,$demo,$demo,$other,$demo" watch,stream,watch,watch,watch -3,2,-1,1,1
  prints leases <<<"$demo|stream|$a|2
$demo|watch|$a|3
$other|watch|$a|1"
}

@test "more given back than there is leaves nothing, and takes nothing from another hub" {
  a=$(hub) b=$(hub)
  open "$a"
  open "$b" 2
  lease "$a" "$demo,$other" watch,watch -9,-1
  prints leases <<<"$demo|watch|$b|2"
}

@test "who gives back and is not known is told so, and nothing is done" {
  [ "$(lease 999999 "$demo" watch 1)" = f ]
  [ "$(lease null "$demo" watch 1)" = f ]
  [ "$(leases)" = '' ]
}

@test "nothing to give back is nothing; a class that is none is refused" {
  a=$(hub)
  [ "$(lease "$a" '' '' '')" = t ]
  [ "$(as telltale_web "select telltale.feed_lease($a, null, null, null)")" = t ]
  refused <<<"23514 select telltale.feed_lease($a, '{$demo}', '{peek}', '{1}')"
  [ "$(leases)" = '' ]
}

# --- hubs begin, begin anew, and end -------------------------------------------

@test "a hub that begins anew brings its streams along, and its old leases go" {
  a=$(hub)
  open "$a" 4
  b=$(as telltale_web "select listener_id from telltale.feed_open('h', 'p', 1, false, $a,
        '{$demo,$other,999}', '{watch,stream,watch}', '{3,2,7}')")

  prints leases <<<"$demo|watch|$b|3
$other|stream|$b|2"
  [ "$(sql 'select array_agg(listener_id) from telltale.listener')" = "{$b}" ]
  [ "$(sql 'select array_agg(listener_id) from telltale.listener_sleep')" = "{$b}" ]
  [ "$(open "$a")" = unregistered ]
  lease "$b" "$demo" watch 1
  [ "$(open "$b" 2)" = 'ok limited' ]
}

@test "while it begins anew its old leases count, and then its new ones" {
  a=$(hub "$demo" watch 5) b=$(hub)
  session anew
  tell anew 'begin;'
  tell anew "select from telltale.feed_open('h', 'p', 1, false, $a, '{$demo}', '{watch}', '{4}');"
  [ "$(open "$b")" = limited ]
  tell anew 'commit;'
  leave anew
  [ "$(open "$b" 2)" = 'ok limited' ]
}

@test "it has what it has: more than the limit is counted, and nobody else let in" {
  a=$(hub "$demo" watch 8)
  [ "$(open "$a")" = limited ]
  lease "$a" "$demo" watch -3
  [ "$(open "$a")" = limited ]
  lease "$a" "$demo" watch -1
  [ "$(open "$a")" = ok ]
}

@test "what it brings along twice is added up, and what is no stream is left out" {
  a=$(hub "$demo,$demo,$other,$other" watch,watch,watch,stream 1,2,0,-1)
  prints leases <<<"$demo|watch|$a|3"
}

@test "whether it listens or polls is written down" {
  hub_in one
  a=$(hub)
  prints sql 'select listener_id, listening from telltale.listener order by 1' <<<"$hub|t
$a|f"
  leave one
}

@test "a hub that goes off leaves no lease and no lock" {
  hub_in one
  open "$hub" 2
  [ "$(tell one "select telltale.feed_close($hub);")" = t ]
  [ "$(leases)" = '' ]
  [ "$(sql "select count(*) from pg_locks where locktype = 'advisory' and pid = $pid")" = 0 ]
  leave one
}

@test "a hub that tick takes off the lists leaves no lease" {
  a=$(hub) b=$(hub)
  open "$a" 2
  open "$b"
  silent "$a" '16 seconds'
  [ "$(sql "select done from telltale.tick('listeners')")" = 1 ]
  prints leases <<<"$demo|watch|$b|1"
}

# --- the dead ------------------------------------------------------------------

@test "a killed hub's places are free when it was not seen for 3 s, and it is off the lists" {
  hub_in one
  open "$hub" 5
  a=$(hub)
  kill_hub one

  [ "$(after '0 seconds' "$hub" "$a")" = limited ]
  [ "$(after '2 seconds' "$hub" "$a")" = limited ]
  [ "$(after '3 seconds' "$hub" "$a")" = ok ]

  prints leases <<<"$demo|watch|$a|1"
  [ "$(sql 'select array_agg(listener_id) from telltale.listener')" = "{$a}" ]
}

@test "a hub that is silent but holds its lock keeps its places" {
  hub_in one
  open "$hub" 5
  a=$(hub)
  silent "$hub" '10 seconds'
  [ "$(open "$a")" = limited ]
  kill_hub one
  [ "$(open "$a")" = ok ]
}

@test "a hub that polls keeps its places for 5 s" {
  a=$(hub) b=$(hub)
  open "$a" 5
  [ "$(after '4 seconds' "$a" "$b")" = limited ]
  [ "$(after '5 seconds' "$a" "$b")" = ok ]
  prints leases <<<"$demo|watch|$b|1"
}

@test "the dead go with all they have; who is only silent elsewhere stays" {
  a=$(hub "$demo,$other" watch,stream 5,1) b=$(hub "$other" watch 1) c=$(hub)
  silent "$a" '6 seconds'
  silent "$b" '6 seconds'
  [ "$(open "$c")" = ok ]
  prints leases <<<"$demo|watch|$c|1
$other|watch|$b|1"
}

@test "below the limit nobody is looked for" {
  a=$(hub "$demo" watch 3) b=$(hub)
  silent "$a" '1 hour'
  [ "$(open "$b" 2)" = 'ok ok' ]
  prints leases <<<"$demo|watch|$a|3
$demo|watch|$b|2"
}

@test "when tick is at the dead just now, their places are waited for" {
  hub_in one
  open "$hub" 5
  kill_hub one
  silent "$hub" '6 seconds'
  a=$(hub)
  session other
  tell other 'begin;'
  [ "$(tell other 'select telltale.tick_listeners();')" = 1 ]

  open "$a" >"$BATS_TEST_TMPDIR/open" 3>&- &
  until_blocked
  [ "$(sql 'select telltale.tick_listeners()')" = 0 ]
  tell other 'commit;'
  wait $!
  leave other

  [ "$(cat "$BATS_TEST_TMPDIR/open")" = ok ]
}

# --- the keys of open streams --------------------------------------------------

# What a beat says is dead of these keys.
beat() { as telltale_web "select dead from telltale.feed_beat(1, 1, 1, 1, 1, 1, 1, 1, 1, $1)"; }

new_key() { sql "select telltale.key_add('$1', sha256('$2'), 'tt_x', '{job:read}')"; }

@test "a beat says which keys are dead: gone, revoked, expired, of a terminated account" {
  good=$(new_key demo a) revoked=$(new_key demo b) expired=$(new_key demo c)
  theirs=$(new_key other d) gone=$(new_key demo e)
  [ "$(beat "'{$good,$revoked,$expired,$theirs,$gone}'")" = '{}' ]

  sql "select telltale.key_revoke($revoked), telltale.account_set('other', p_terminated => true);
       update telltale.api_key set expires_at = now() where key_id = $expired;
       update telltale.api_key set expires_at = now() + interval '1 hour' where key_id = $good;
       delete from telltale.api_key where key_id = $gone" >/dev/null

  [ "$(beat "'{$gone,$theirs,$good,$expired,$revoked}'")" = "{$revoked,$expired,$theirs,$gone}" ]
  [ "$(beat "'{$good}'")" = '{}' ]
}

@test "a beat without keys says that none is dead, and one of an unknown hub judges them too" {
  [ "$(beat null)" = '{}' ]
  [ "$(beat "'{}'")" = '{}' ]
  [ "$(as telltale_web "select known, dead from telltale.feed_beat(999999, 1, 1, 1, 1, 1, 1, 1, 1, '{999999}')")" = 'f|{999999}' ]
}

@test "a beat looks two thousand keys up, and reads no key but those" {
  sql "insert into telltale.api_key (account_id, prefix, hash, scopes)
       select $demo, 'tt_x', sha256(n::text::bytea), '{admin}' from generate_series(1, 100000) as n;
       analyze telltale.api_key, telltale.account"

  plan=$(psql -Xq -v ON_ERROR_STOP=1 2>&1 >/dev/null <<'END'
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
select array_agg(k.key_id) as keys from (select key_id from telltale.api_key limit 2000) as k \gset
set client_min_messages = log;
prepare beat as select dead from telltale.feed_beat(1, 1, 1, 1, 1, 1, 1, 1, 1, :'keys');
execute beat \; execute beat \; execute beat \; execute beat \; execute beat \; execute beat \; execute beat;
END
  )
  [ "$(grep -c 'Function Scan on unnest u' <<<"$plan")" = 7 ]
  [ "$(grep -c 'Index Scan using api_key_pkey' <<<"$plan")" = 7 ]
}
