#!/usr/bin/env bats
# When a queue may run: rules over the time and over what workers measure, and
# what comes of them together with what is said by hand.
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

setup_file() { load helpers; fresh; }

setup() { load helpers; reset; }

teardown_file() { drop; }

# Change demo's schedule, and show it.
schedule() { as telltale_admin "select telltale.schedule('demo', \$j\$$1\$j\$)"; }

# A metric of the machine, or of an account.
report() { as telltale_worker "select telltale.report_metrics(\$j\$$1\$j\$, nullif('${2-}', ''))" >/dev/null; }

# The schedules are due, and looked at: how many queues changed.
look() {
  sql 'update telltale.schedule set checked_at = null'
  sql "select done from telltale.tick('schedule')"
}

# As if it had been reported so long ago.
aged() { sql "update telltale.queue_metric set collected_at = clock_timestamp() - interval '$1'"; }

# SQL with what psql adds to it.
script() { psql -XqAt -v ON_ERROR_STOP=1 -f -; }

state() { sql "select concat_ws(' ', q.paused, q.scheduler_paused, coalesce(q.user_override::text, '-'), q.source)
                 from telltale.queue_control as q join telltale.account as a using (account_id) where a.name = 'demo'"; }

# --- what it is --------------------------------------------------------------------

@test "without a schedule: the defaults, and the queue runs" {
  [ "$(as telltale_admin "select telltale.schedule('demo')")" = \
    '{"rules": [], "enabled": false, "warnings": [], "combine_mode": "ALL", "rule_results": [], "conditions_met": true, "check_interval_seconds": 30}' ]
  [ "$(sql 'select count(*) from telltale.schedule')" = 0 ]
}

@test "what is not named keeps its value; rules take the place of those there were" {
  schedule '{"enabled": true, "combine_mode": "ANY", "check_interval_seconds": 60, "rules": [{"rule": "a", "operator": "eq", "value": 1}, {"rule": "b", "operator": "gt", "value": 2, "enabled": false}]}' >/dev/null
  kept() { jq -c '[.enabled, .combine_mode, .check_interval_seconds, [.rules[] | .rule + .operator]]'; }

  [ "$(schedule '{}' | kept)" = '[true,"ANY",60,["aeq","bgt"]]' ]
  [ "$(schedule '{"enabled": false}' | kept)" = '[false,"ANY",60,["aeq","bgt"]]' ]
  [ "$(schedule '{"combine_mode": "ALL"}' | kept)" = '[false,"ALL",60,["aeq","bgt"]]' ]
  [ "$(schedule '{"check_interval_seconds": 5}' | kept)" = '[false,"ALL",5,["aeq","bgt"]]' ]
  [ "$(schedule '{"rules": [{"rule": "c", "operator": "lt", "value": 0}]}' | kept)" = '[false,"ALL",5,["clt"]]' ]
  [ "$(schedule '{"rules": []}' | kept)" = '[false,"ALL",5,[]]' ]
  [ "$(as telltale_admin "select telltale.schedule('other')" | kept)" = '[false,"ALL",30,[]]' ]
}

@test "what was read can be changed and sent back" {
  was=$(schedule '{"enabled": true, "rules": [{"rule": "a", "operator": "eq", "value": 1}]}')
  [ "$(schedule "$was")" = "$was" ]
}

@test "operators in signs are kept as words; a time zone that is not named is UTC" {
  schedule '{"rules": [{"rule": "a", "operator": ">=", "value": 1}, {"rule": "a", "operator": "<=", "value": 1.5},
    {"rule": "a", "operator": ">", "value": -1}, {"rule": "a", "operator": "<", "value": 1}, {"rule": "a", "operator": "==", "value": "x"},
    {"rule": "a", "operator": "in", "value": [1, "x", true]}, {"rule": "time_window", "operator": "in", "value": {"start": "22:00", "end": "24:00"}}]}' |
    jq -c '.rules[] | [.operator, .value, .enabled]' | diff - <(cat <<'END'
["gte",1,true]
["lte",1.5,true]
["gt",-1,true]
["lt",1,true]
["eq","x",true]
["in",[1,"x",true],true]
["in",{"end":"24:00","start":"22:00","timezone":"UTC"},true]
END
)
}

@test "what is wrong is refused, naming the place, and nothing of it is kept" {
  schedule '{"rules": [{"rule": "a", "operator": "eq", "value": 1}]}' >/dev/null
  before=$(sql 'select fingerprint()')
  ok='{"rule": "a", "operator": "eq", "value": 1}'
  while IFS='|' read -r json says; do
    json=${json//OK/$ok}
    run sql "select state || ' ' || message from outcome(\$q\$select telltale.schedule('demo', \$j\$$json\$j\$)\$q\$)"
    [[ $output == "TT400 $says"* ]] || { echo "$json: $output"; false; }
  done <<'END'
null|a JSON object wanted
[]|a JSON object wanted
"enabled"|a JSON object wanted
{"colour": 1}|colour: there are enabled, combine_mode, check_interval_seconds and rules
{"enabled": 1}|enabled: true or false wanted
{"enabled": null}|enabled: true or false
{"enabled": "true"}|enabled: true or false
{"combine_mode": "all"}|combine_mode: ALL or ANY
{"combine_mode": null}|combine_mode: ALL or ANY
{"combine_mode": ["ALL"]}|combine_mode: ALL or ANY
{"check_interval_seconds": "30"}|check_interval_seconds: a whole number from 5 to 3600
{"check_interval_seconds": 4}|check_interval_seconds
{"check_interval_seconds": 3601}|check_interval_seconds
{"check_interval_seconds": 30.5}|check_interval_seconds
{"check_interval_seconds": -1e15}|check_interval_seconds
{"check_interval_seconds": null}|check_interval_seconds
{"check_interval_seconds": {}}|check_interval_seconds
{"check_interval_seconds": 1e30}|JSON with a number that does not fit 64 bits
{"rules": {}}|rules: a list wanted
{"rules": null}|rules: a list wanted
{"rules": ["a"]}|rules[0]: an object wanted
{"rules": [null]}|rules[0]: an object wanted
{"rules": [OK, OK, {"rule": "a", "operator": "eq", "value": 1, "weight": 2}]}|rules[2].weight: there are rule, operator, value and enabled
{"rules": [OK, {}]}|rules[1].rule: time_window wanted, or the name of a metric
{"rules": [{"rule": "", "operator": "eq", "value": 1}]}|rules[0].rule
{"rules": [{"rule": "A", "operator": "eq", "value": 1}]}|rules[0].rule
{"rules": [{"rule": 7, "operator": "eq", "value": 1}]}|rules[0].rule
{"rules": [{"rule": "a\nb", "operator": "eq", "value": 1}]}|rules[0].rule
{"rules": [OK, OK, {"rule": "a", "operator": "=>", "value": 1}, {}]}|rules[2].operator: one of gte lte gt lt eq in or >= <= > < == wanted
{"rules": [{"rule": "a", "value": 1}]}|rules[0].operator
{"rules": [{"rule": "a", "operator": null, "value": 1}]}|rules[0].operator
{"rules": [{"rule": "a", "operator": ["eq"], "value": 1}]}|rules[0].operator
{"rules": [{"rule": "a", "operator": "eq", "value": 1, "enabled": 1}]}|rules[0].enabled: true or false
{"rules": [{"rule": "a", "operator": "eq", "value": 1, "enabled": null}]}|rules[0].enabled
{"rules": [{"rule": "a", "operator": "eq"}]}|rules[0].value: a number, string or boolean wanted, with eq
{"rules": [{"rule": "a", "operator": "eq", "value": null}]}|rules[0].value
{"rules": [{"rule": "a", "operator": "eq", "value": [1]}]}|rules[0].value
{"rules": [{"rule": "a", "operator": "gte", "value": "5"}]}|rules[0].value: a number wanted, with gte
{"rules": [{"rule": "a", "operator": "<", "value": true}]}|rules[0].value: a number wanted, with lt
{"rules": [{"rule": "a", "operator": "gt"}]}|rules[0].value: a number wanted, with gt
{"rules": [{"rule": "a", "operator": "in", "value": 1}]}|rules[0].value: a list
{"rules": [{"rule": "a", "operator": "in", "value": []}]}|rules[0].value: 1 to 32
{"rules": [{"rule": "a", "operator": "in", "value": [1, null]}]}|rules[0].value: 1 to 32
{"rules": [{"rule": "a", "operator": "in", "value": [[1]]}]}|rules[0].value: 1 to 32
{"rules": [{"rule": "a", "operator": "in", "value": {"start": "00:00", "end": "01:00"}}]}|rules[0].value: a list
{"rules": [{"rule": "time_window", "operator": "eq", "value": {"start": "00:00", "end": "01:00"}}]}|rules[0].operator: in wanted, of a time_window
{"rules": [{"rule": "time_window", "operator": "in", "value": "00:00-01:00"}]}|rules[0].value: {"start": "HH:MM", "end": "HH:MM"} wanted
{"rules": [{"rule": "time_window", "operator": "in", "value": ["00:00", "01:00"]}]}|rules[0].value: {"start"
{"rules": [{"rule": "time_window", "operator": "in"}]}|rules[0].value: {"start"
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "01:00", "days": [1]}}]}|rules[0].value.days: there are start, end and timezone
{"rules": [{"rule": "time_window", "operator": "in", "value": {"end": "01:00"}}]}|rules[0].value.start: a time wanted
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "0:00", "end": "01:00"}}]}|rules[0].value.start
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:60", "end": "01:00"}}]}|rules[0].value.start
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "25:00"}}]}|rules[0].value.end: a time wanted
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "24:01"}}]}|rules[0].value.end
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": 100}}]}|rules[0].value.end
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "now"}}]}|rules[0].value.end
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "08:00", "end": "08:00"}}]}|rules[0].value.end: another time than start
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "24:00", "end": "08:00"}}]}|rules[0].value.end: another time than start
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "08:00", "timezone": "Europe/Nowhere"}}]}|rules[0].value.timezone: the name of a time zone wanted
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "08:00", "timezone": "XYZ5"}}]}|rules[0].value.timezone
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "08:00", "timezone": "../../../etc/passwd"}}]}|rules[0].value.timezone
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "08:00", "timezone": ""}}]}|rules[0].value.timezone
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "08:00", "timezone": null}}]}|rules[0].value.timezone
{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "08:00", "timezone": 1}}]}|rules[0].value.timezone
END
  [ "$(sql 'select fingerprint()')" = "$before" ]
}

@test "what is too much is refused, and up to there it is not" {
  refused <<'END'
TT400 select telltale.schedule('demo', jsonb_build_object('rules', array(select jsonb_build_object('rule', 'a', 'operator', 'eq', 'value', 1) from generate_series(1, 33))))
TT400 select telltale.schedule('demo', jsonb_build_object('rules', array(select jsonb_build_object('rule', 'a', 'operator', 'in', 'value', array(select generate_series(1, 33))) from generate_series(1, 1))))
TT400 select telltale.schedule('demo', jsonb_build_object('rules', array(select jsonb_build_object('rule', 'a', 'operator', 'eq', 'value', repeat('x', 66000)))))
TT400 select telltale.schedule('demo', jsonb_build_object('rules', array(select jsonb_build_object('rule', repeat('a', 65), 'operator', 'eq', 'value', 1))))
TT400 select telltale.schedule('demo', (repeat('{"rules": [', 4000) || repeat(']}', 4000))::jsonb)
TT400 select telltale.schedule('demo', jsonb_build_object(repeat('x', 10000000), 1))
TT404 select telltale.schedule('nobody')
TT404 select telltale.schedule(null, '{}')
TT404 select telltale.schedule(repeat('x', 10000000), '{"enabled": true}')
23503 select telltale.schedule_set(999999, '{}')
TT400 select telltale.schedule_set(1, null)
END
  sql "select telltale.schedule('demo', jsonb_build_object('rules', array(
         select jsonb_build_object('rule', repeat('a', 64), 'operator', 'in', 'value', array(select generate_series(1, 32))) from generate_series(1, 32))))" >/dev/null
  [ "$(sql 'select count(*) from telltale.schedule_rule')" = 32 ]
}

# --- the rules -----------------------------------------------------------------------

@test "time windows: the start is inside, the end is not, and they may go past midnight" {
  # Those around what is now the minute, by the clock of the rule itself.
  window='{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "24:00"}}'
  for try in 1 2 3; do
    minute=$(schedule "{\"rules\": [$window]}" | jq -r '.rule_results[0].actual')
    at() { date -u -d "2020-01-02 $minute UTC ${1} minutes" +%H:%M; }
    rules=$(while read -r from to; do
      jq -nc --arg from "$(at "$from")" --arg to "$(at "$to")" '{rule: "time_window", operator: "in", value: {start: $from, end: $to}}'
    done <<'END' | jq -sc .
+0 +1
-1 +0
+1 +0
+0 -1
-1 +1
+1 -1
-1 -2
+1 +2
-700 +700
+700 -700
END
)
    got=$(schedule "{\"rules\": $rules}")
    [ "$(jq -r '.rule_results[0].actual' <<<"$got")" != "$minute" ] || break
  done
  [ "$try" ]
  [ "$(jq -c '[.rule_results[].met]' <<<"$got")" = '[true,false,false,true,true,false,true,false,true,false]' ]
  # shellcheck disable=SC2016 # jq's
  [ "$(jq -c '[.rule_results[] | .actual] | unique' <<<"$got")" = "[\"$minute\"]" ]
}

@test "time windows: whatever the hour, one of two that make up the day holds it" {
  rules=$(jq -nc '[range(0; 16) | ((. * 7 + 3) % 24) as $a | (($a + 1 + .) % 24) as $b | select($a != $b) | [[$a, $b], [$b, $a]][]
    | {rule: "time_window", operator: "in", value: {start: "\(.[0] + 100 | tostring[1:]):30", end: "\(.[1] + 100 | tostring[1:]):30"}}]')
  got=$(schedule "{\"rules\": $rules}")
  [ "$(jq '.rule_results | length' <<<"$got")" = 32 ]
  [ "$(jq -c '[.rule_results | to_entries | group_by(.key / 2 | floor)[] | map(.value.met) | sort] | unique' <<<"$got")" = '[[false,true]]' ]
}

@test "time windows: the clock is that of their zone" {
  rules=$(for zone in UTC Etc/GMT-5 Etc/GMT+7 Asia/Kolkata; do
    jq -nc --arg zone "$zone" '{rule: "time_window", operator: "in", value: {start: "00:00", end: "12:00", timezone: $zone}}'
  done | jq -sc .)
  schedule "{\"rules\": $rules}" | jq -e '
    [.rule_results[] | .actual | split(":") | (.[0] | tonumber) * 60 + (.[1] | tonumber)] as $t
    | [$t[] | (. - $t[0] + 1440) % 1440] == [0, 300, 1020, 330]
      and [.rule_results[].met] == [$t[] | . < 720]'
}

@test "metrics: each operator, below, at and above" {
  report '{"m": 50, "power_source": "ac", "on": true}'
  while read -r operator value met; do
    got=$(schedule "{\"rules\": [{\"rule\": \"m\", \"operator\": \"$operator\", \"value\": $value}]}" | jq -c '[.conditions_met, .rule_results[0].met, .rule_results[0].actual, .warnings]')
    [ "$got" = "[$met,$met,50,[]]" ] || { echo "$operator $value: $got"; false; }
  done <<'END'
gte 49.9 true
gte 50 true
gte 50.0 true
gte 50.1 false
lte 49 false
lte 50 true
lte 51 true
gt 49 true
gt 50 false
gt 51 false
lt 49 false
lt 50 false
lt 51 true
== 50 true
== 50.00 true
== 5 false
in [1,50] true
in [1,5] false
in ["x",50] true
END
  met() { schedule "{\"rules\": [$1]}" | jq .conditions_met; }
  [ "$(met '{"rule": "power_source", "operator": "eq", "value": "ac"}')" = true ]
  [ "$(met '{"rule": "power_source", "operator": "eq", "value": "AC"}')" = false ]
  [ "$(met '{"rule": "power_source", "operator": "in", "value": ["battery", "ac"]}')" = true ]
  [ "$(met '{"rule": "on", "operator": "eq", "value": true}')" = true ]
  [ "$(met '{"rule": "on", "operator": "eq", "value": false}')" = false ]
}

@test "ALL and ANY of the enabled rules; of none, the queue may run" {
  report '{"yes": 1, "no": 0}'
  rules() { for name in "$@"; do
    case $name in
    -*) echo "{\"rule\": \"${name#-}\", \"operator\": \"eq\", \"value\": 1, \"enabled\": false}" ;;
    *)  echo "{\"rule\": \"$name\", \"operator\": \"eq\", \"value\": 1}" ;;
    esac
  done | jq -sc .; }
  while IFS='|' read -r mode names met; do
    # shellcheck disable=SC2086 # words
    got=$(schedule "{\"combine_mode\": \"$mode\", \"rules\": $(rules $names)}" | jq .conditions_met)
    [ "$got" = "$met" ] || { echo "$mode of $names: $got"; false; }
  done <<'END'
ALL||true
ALL|yes|true
ALL|no|false
ALL|yes yes|true
ALL|yes no|false
ALL|no yes|false
ALL|yes -no|true
ALL|-no|true
ANY||true
ANY|yes no|true
ANY|no yes|true
ANY|no no|false
ANY|no -yes|false
ANY|-no|true
ALL|unknown|true
ALL|yes unknown|true
ALL|no unknown|false
ANY|unknown|true
ANY|no unknown|false
ANY|unknown yes|true
END
}

@test "a metric that was never reported, not lately, or is of another type is passed over, and named" {
  report '{"old": 0, "word": "x"}'
  aged '5 minutes 1 second'
  report '{"word": "x"}'

  got=$(schedule '{"enabled": true, "rules": [{"rule": "old", "operator": "gt", "value": 1}, {"rule": "never", "operator": "gt", "value": 1},
    {"rule": "word", "operator": "gt", "value": 1}, {"rule": "word", "operator": "eq", "value": true}, {"rule": "word", "operator": "in", "value": [1, false]}]}')

  [ "$(jq .conditions_met <<<"$got")" = true ]
  [ "$(jq -c '[.rule_results[].met] | unique' <<<"$got")" = '[null]' ]
  jq -r '.warnings[]' <<<"$got" | diff - <(cat <<'END'
old: it was not reported for five minutes; its rule is passed over
never: it was never reported; its rule is passed over
word: a string was reported; its rule is passed over
word: a string was reported; its rule is passed over
word: a string was reported; its rule is passed over
END
)
  aged '4 minutes 50 seconds'
  [ "$(schedule '{}' | jq -c '[.conditions_met, .rule_results[0].met]')" = '[false,false]' ]
}

@test "a time zone that PostgreSQL has no more does not stop a queue" {
  schedule '{"enabled": true, "rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "24:00", "timezone": "Europe/Berlin"}}]}' >/dev/null
  sql "update telltale.schedule_rule set value = value || '{\"timezone\": \"Europe/Atlantis\"}'"
  [ "$(look)" = 0 ]
  [ "$(as telltale_admin "select telltale.schedule('demo')" | jq -r '.conditions_met, .warnings[]')" = \
    $'true\ntime_window: PostgreSQL does not know the time zone \'Europe/Atlantis\' any more; its rule is passed over' ]
}

@test "metrics: an account's own goes before the machine's, unless it is stale and the other is not" {
  actual() { schedule '{"rules": [{"rule": "m", "operator": "gt", "value": 0}]}' | jq -c '[.rule_results[0] | .actual, .met]'; }
  report '{"m": 1}'
  [ "$(actual)" = '[1,true]' ]
  report '{"m": 3}' other
  [ "$(actual)" = '[1,true]' ]
  report '{"m": 2}' demo
  [ "$(actual)" = '[2,true]' ]
  aged '6 minutes'
  [ "$(actual)" = '[2,null]' ]
  report '{"m": 4}'
  [ "$(actual)" = '[4,true]' ]
  report '{"m": 5}' demo
  [ "$(actual)" = '[5,true]' ]
}

# --- what workers measure --------------------------------------------------------------

@test "report_metrics: what is named is set, and the rest stays as it was" {
  report '{"cpu_percent": 12.5, "power_source": "ac", "lid_open": false}'
  report '{"cpu_percent": 80}'
  report '{"cpu_percent": 7}' demo
  prints sql 'select m.account_id is null, m.name, m.value from telltale.queue_metric as m order by 1, 2' <<'END'
f|cpu_percent|7
t|cpu_percent|80
t|lid_open|false
t|power_source|"ac"
END
}

@test "report_metrics: what is malformed or unknown is refused" {
  sql "select telltale.account_set('other', p_terminated => true)" >/dev/null
  report '{"m": 1}'

  refused <<'END'
TT400 select telltale.report_metrics(null)
TT400 select telltale.report_metrics(null, null)
TT400 select telltale.report_metrics('null')
TT400 select telltale.report_metrics('[]')
TT400 select telltale.report_metrics('"m"')
TT400 select telltale.report_metrics('{}')
TT400 select telltale.report_metrics('{"M": 1}')
TT400 select telltale.report_metrics('{"": 1}')
TT400 select telltale.report_metrics('{"m\n": 1}')
TT400 select telltale.report_metrics(jsonb_build_object(repeat('m', 65), 1))
TT400 select telltale.report_metrics('{"a": 1, "m": null}')
TT400 select telltale.report_metrics('{"a": 1, "m": []}')
TT400 select telltale.report_metrics('{"m": {"m": 1}}')
TT400 select telltale.report_metrics('{"m": 1e30}')
TT400 select telltale.report_metrics('{"m": 1e131000}')
TT400 select telltale.report_metrics(jsonb_build_object('m', repeat('x', 257)))
TT400 select telltale.report_metrics(jsonb_build_object('m', repeat('x', 10000000)))
TT400 select telltale.report_metrics((select jsonb_object_agg('m' || n, n) from generate_series(1, 65) as n))
TT400 select telltale.report_metrics(('{"m": ' || repeat('[', 3000) || repeat(']', 3000) || '}')::jsonb)
TT404 select telltale.report_metrics('{"m": 2}', 'nobody')
TT404 select telltale.report_metrics('{"m": 2}', '')
TT403 select telltale.report_metrics('{"m": 2}', 'other')
22P02 select telltale.report_metrics('{"m": NaN}')
END
  sql "select telltale.report_metrics((select jsonb_object_agg('m' || n, repeat('x', 256)) from generate_series(1, 64) as n))" >/dev/null
  [ "$(sql 'select count(*) from telltale.queue_metric')" = 65 ]
}

@test "report_metrics: two workers with the same names do not fall over each other" {
  pids=()
  for _ in 1 2 3 4; do
    sql "do 'begin for i in 1..50 loop perform telltale.report_metrics((select jsonb_object_agg(name, i) from
           (select chr(96 + k) as name from generate_series(1, 20) as k order by random()) as s), case when i % 2 = 0 then ''demo'' end); commit; end loop; end'" 3>&- &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  [ "$(sql 'select count(*) from telltale.queue_metric')" = 40 ]
}

@test "metrics that nobody has reported for a day are forgotten" {
  report '{"m": 1, "n": 2}'
  sql "update telltale.queue_metric set collected_at = clock_timestamp() - interval '25 hours' where name = 'm'"
  [ "$(sql "select done from telltale.tick('forget')")" = 1 ]
  [ "$(sql 'select name from telltale.queue_metric')" = n ]
}

# --- what comes of it --------------------------------------------------------------------

go='{"rule": "go", "operator": "eq", "value": true}'

@test "it is looked at as soon as it is set: paused, told, nothing handed out, and resumed again" {
  sql "select telltale.submit('demo', 'video', job_id => 'd'), telltale.submit('other', 'video', job_id => 'o')" >/dev/null
  claimed() { sql "select string_agg(job_id, ' ') from telltale.claim('w', '{video}', 9)"; }
  report '{"go": false}'

  schedule "{\"rules\": [$go]}" >/dev/null
  [ "$(state)" = 'f f -' ]
  schedule '{"enabled": true}' >/dev/null
  [ "$(state)" = 't t - scheduler' ]
  [ "$(claimed)" = o ]

  report '{"go": true}'
  [ "$(claimed)" = '' ]
  [ "$(look)" = 1 ]
  [ "$(look)" = 0 ]
  [ "$(state)" = 'f f - scheduler' ]
  [ "$(claimed)" = d ]
  prints sql 'select told()' <<<'scheduler.paused {}
scheduler.resumed {}'
  prints sql "select told('other')" </dev/null
}

@test "disabled, or without the rule that was not met, it wants no pause any more" {
  for change in '{"enabled": false}' '{"rules": []}' '{"combine_mode": "ANY"}' "{\"rules\": [{\"rule\": \"go\", \"operator\": \"eq\", \"value\": true, \"enabled\": false}]}"; do
    report '{"go": false, "yes": true}'
    schedule "{\"enabled\": true, \"combine_mode\": \"ALL\", \"rules\": [$go, {\"rule\": \"yes\", \"operator\": \"eq\", \"value\": true}]}" >/dev/null
    [ "$(state)" = 't t - scheduler' ]
    schedule "$change" >/dev/null
    [ "$(state)" = 'f f - scheduler' ]
  done
}

@test "what the schedule wanted, what the hand said, and what the schedule wants now" {
  schedule "{\"enabled\": true, \"rules\": [$go]}" >/dev/null
  while read -r was hand now before after override told; do
    case $hand in
    -) by_hand='select 1' ;;
    *) by_hand="select telltale.$hand('demo')" ;;
    esac
    want() { [ "$1" = run ] && echo true || echo false; }
    got=$(script <<END | tr '\n|' '  '
      update telltale.queue_control set paused = false, scheduler_paused = false, user_override = null;
      select telltale.report_metrics('{"go": $(want "$was")}') \\g /dev/null
      update telltale.schedule set checked_at = null;
      select from telltale.tick('schedule') \\g /dev/null
      $by_hand \\g /dev/null
      select case when paused then 'rests' else 'runs' end from telltale.queue_control;
      truncate telltale.job_event;
      select telltale.report_metrics('{"go": $(want "$now")}') \\g /dev/null
      update telltale.schedule set checked_at = null;
      select from telltale.tick('schedule') \\g /dev/null
      select case when paused then 'rests' else 'runs' end, coalesce(user_override::text, '-') from telltale.queue_control;
      select kind from telltale.job_event;
END
)
    [ "$got" = "$before $after $override ${told:+$told }" ] || { echo "$was $hand $now: $got"; false; }
  done <<'CASES'
run - run runs runs -
run - pause runs rests - scheduler.paused
run pause run rests rests true
run pause pause rests rests -
run resume run runs runs false
run resume pause runs rests - scheduler.paused
pause - pause rests rests -
pause - run rests runs - scheduler.resumed
pause pause pause rests rests true
pause pause run rests runs - scheduler.resumed
pause resume pause runs runs false
pause resume run runs runs -
CASES
}

@test "by hand over a schedule: told as the hand's, until the schedule changes its mind" {
  report '{"go": false}'
  schedule "{\"enabled\": true, \"rules\": [$go]}" >/dev/null

  [ "$(sql "select telltale.resume('demo')")" = t ]
  [ "$(state)" = 'f t false manual' ]
  [ "$(look)" = 0 ]
  [ "$(state)" = 'f t false manual' ]
  report '{"go": true}'
  [ "$(look)" = 0 ]
  [ "$(state)" = 'f f - scheduler' ]
  report '{"go": false}'
  [ "$(look)" = 1 ]
  prints sql 'select told()' <<<'scheduler.paused {}
queue.resumed {"source": "manual"}
scheduler.paused {}'
}

@test "while the whole server is paused a schedule changes nothing for those who watch" {
  report '{"go": true}'
  schedule "{\"enabled\": true, \"rules\": [$go]}" >/dev/null
  sql "select telltale.pause(null)" >/dev/null
  report '{"go": false}'
  [ "$(look)" = 1 ]
  sql "select telltale.resume(null)" >/dev/null
  prints sql 'select told()' <<<'queue.paused {"source": "operator"}'
  report '{"go": true}'
  [ "$(look)" = 1 ]
  prints sql 'select told()' <<<'queue.paused {"source": "operator"}
scheduler.resumed {}'
}

# --- tick --------------------------------------------------------------------------------

@test "tick: each by its interval, the half of a tick early; what is off, or terminated, not at all" {
  sql "select telltale.schedule(a.name, '{\"enabled\": true}') from (select telltale.account_add(n), n as name from unnest('{five,hour,new,off,gone}'::text[]) as n) as a" >/dev/null
  sql "select telltale.schedule('five', '{\"check_interval_seconds\": 5}'), telltale.schedule('hour', '{\"check_interval_seconds\": 3600}'),
              telltale.schedule('off', '{\"enabled\": false}'), telltale.account_set('gone', p_terminated => true)" >/dev/null
  looked() {
    script <<END
         update telltale.schedule set checked_at = clock_timestamp() - interval '$1';
         create temp table was as select * from telltale.schedule;
         update telltale.schedule set checked_at = null where account_id = (select account_id from telltale.account where name = 'new');
         select from telltale.tick('schedule') \\g /dev/null
         select string_agg(a.name, ' ' order by a.name) from telltale.schedule as s join was as w using (account_id) join telltale.account as a using (account_id)
          where s.checked_at > w.checked_at;
END
  }
  [ "$(looked '1 second')" = new ]
  [ "$(looked '3 seconds')" = 'five new' ]
  [ "$(looked '59 minutes')" = 'five new' ]
  [ "$(looked '1 hour')" = 'five hour new' ]
}

@test "tick: a queue that somebody is just pausing waits for the next time, and no other" {
  report '{"go": false}'
  sql "select telltale.schedule(name, '{\"enabled\": true, \"rules\": []}') from telltale.account where name in ('demo', 'other')" >/dev/null
  sql "insert into telltale.schedule_rule (account_id, n, rule, operator, value) select account_id, 1, 'go', 'eq', 'true' from telltale.schedule"
  session hand
  tell hand "begin; select telltale.pause('demo') \\g /dev/null"

  [ "$(PGOPTIONS='-c lock_timeout=1s' look)" = 1 ]
  prints sql "select told('other')" <<<'scheduler.paused {}'
  tell hand 'rollback;'
  [ "$(look)" = 1 ]
  prints sql "select told('demo')" <<<'scheduler.paused {}'

  report '{"go": true}'
  tell hand 'begin; select telltale.pause(null) \g /dev/null'
  sql 'update telltale.schedule set checked_at = null'
  [ "$(sql "select * from telltale.tick('schedule')")" = 'schedule|0|the whole server is just being paused or resumed, later' ]
  tell hand 'rollback;'
  leave hand
  [ "$(look)" = 2 ]
}

@test "hands, schedules and ticks at once: what is told by turns is what is so at the end" {
  report '{"go": true}'
  schedule "{\"enabled\": true, \"rules\": [$go]}" >/dev/null
  run_in_loop() { sql "do 'begin for i in 1..40 loop ${1//\'/\'\'}; commit; end loop; end'" 3>&- & pids+=($!); }
  pids=()
  run_in_loop "perform telltale.pause('demo')"
  run_in_loop "perform telltale.resume('demo')"
  run_in_loop "if i % 4 = 0 then perform telltale.pause(null); elsif i % 4 = 2 then perform telltale.resume(null); end if"
  run_in_loop "perform telltale.report_metrics(jsonb_build_object('go', i % 2 = 0))"
  run_in_loop "perform telltale.schedule('demo', jsonb_build_object('enabled', i % 7 > 0))"
  run_in_loop "update telltale.schedule set checked_at = null; perform telltale.tick('schedule')"
  for pid in "${pids[@]}"; do wait "$pid"; done

  [ "$(sql "select count(*) from (select split_part(kind, '.', 2) as now, lag(split_part(kind, '.', 2), 1, 'resumed') over (order by event_id) as before
              from telltale.job_event join telltale.account as a using (account_id) where a.name = 'demo') as e where now = before")" = 0 ]
  [ "$(sql "select coalesce((select split_part(kind, '.', 2) from telltale.job_event join telltale.account as a using (account_id) where a.name = 'demo' order by event_id desc limit 1), 'resumed')
              = case when exists (select from telltale.queue_control as q left join telltale.account as a using (account_id) where q.paused and coalesce(a.name, 'demo') = 'demo') then 'paused' else 'resumed' end")" = t ]
  [ "$(sql "select q.paused = coalesce(q.user_override, q.scheduler_paused) from telltale.queue_control as q join telltale.account as a using (account_id) where a.name = 'demo'")" = t ]
}
