#!/usr/bin/env bats
# What /api/queue answers, and what comes of it: how the queue stands, what is in
# it, pause and resume, and the schedule.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # setup_file and request() set what is used

setup() {
  bats_require_minimum_version 1.5.0
  load ../helpers
  account=$(new_account)
  key=$(new_key "$account" queue:read,queue:write)
}

# What is paused by a test is not paused for the next.
teardown() {
  sql "select telltale.resume(null) where exists (select from telltale.queue_control where account_id is null and paused)" >/dev/null
}

# control METHOD PATH [CURL ARGUMENT...]: below /api/queue.  lighttpd wants a
# length also of an empty body, which browsers send.
control() {
  local method=$1 path=$2
  shift 2
  [ "$method" != POST ] || [ $# -gt 0 ] || set -- -d ''
  request "$method" "/api/queue/$path" "$@"
}

put() { control PUT scheduler -H 'Content-Type: application/json' -d "$1"; }

# The answer: 200 and its message; or this error of the surface.
says() { [ "$http_status $(jq -c . <<<"$body")" = "200 {\"success\":true,\"message\":\"$1\"}" ]; }

denied() {
  [ "$http_status" = "$1" ] && [ "$(field 'keys_unsorted | join(" ")')" = 'success message' ] &&
    [ "$(field .success)" = false ] && [[ $(field .message) == *"$2"* ]] && [ "$(header Cache-Control)" = no-store ]
}

# The numbers of the status, and the ids of the items.
numbers() { control GET status >&2 && field '[.total_items, .cooling_down, .waiting, .processing] | join(" ")'; }

ids() { field '[.items[].id] | join(" ")'; }

# queue_job ID [ARGUMENT...]: a job to move a file; the arguments are submit()'s.
queue_job() {
  local id=$1
  shift
  worker "select telltale.submit('$account', 'move', job_id => '$id-$account'$(printf ', %s' "$@" | sed 's/^, $//'))" >/dev/null
}

# What happened to the queue itself, a line each: kind and data.
told() {
  sql "select e.kind || ' ' || e.data from telltale.job_event as e join telltale.account as a using (account_id)
        where a.name = '$account' and e.job is null order by e.event_id"
}

# --- how it stands -----------------------------------------------------------------

@test "an empty queue" {
  control GET status

  [ "$http_status" = 200 ]
  [[ $(header Content-Type) == application/json* ]]
  [ "$(jq -c . <<<"$body")" = '{"paused":false,"manually_paused":false,"scheduler_paused":false,"server_paused":false,"user_override":null,"failing_rules":[],"total_items":0,"cooling_down":0,"waiting":0,"ready":0,"processing":0}' ]
  control GET items
  [ "$(jq -c . <<<"$body")" = '{"items":[],"total_count":0,"offset":0,"limit":100}' ]
}

# bats test_tags=any-server
@test "what is in it is counted by what it waits for" {
  queue_job a && queue_job b && queue_job c && queue_job later "run_after => now() + interval '1 hour'"
  claim_job "$account" move >/dev/null

  [ "$(numbers)" = '4 1 2 1' ]
  control GET status
  [ "$(field .ready)" = 2 ]
  sql "select telltale.cancel('b-$account')"
  [ "$(numbers)" = '3 1 1 1' ]
}

@test "an item is shown with all that belongs to it" {
  queue_job a "file_path => '/in/a b.txt'" "payload => '{\"action\": \"delete\", \"dest_path\": \"/out/\\u00fc\"}'"
  control GET items

  [ "$http_status" = 200 ]
  [ "$(field '.items[0] | keys_unsorted | join(" ")')" = \
    'id file_path action status enqueued_at cooldown_expires_at dest_path retry_count' ]
  [ "$(field '.items[0] | [.id, .file_path, .action, .status, .cooldown_expires_at, .dest_path, .retry_count] | tojson')" = \
    "[\"a-$account\",\"/in/a b.txt\",\"delete\",\"waiting\",null,\"/out/ü\",0]" ]
  grep -qF "\"enqueued_at\":$(sql "select extract(epoch from created_at) from telltale.job where job_id = 'a-$account'")," <<<"$body"
}

# bats test_tags=any-server
@test "what a job has not is null, and its action is its type" {
  queue_job a
  control GET items
  [ "$(field '.items[0] | [.file_path, .action, .dest_path] | tojson')" = '[null,"move",null]' ]
}

# bats test_tags=any-server
@test "one that failed cools down, and says how often and until when" {
  queue_job a
  worker "select telltale.fail('a-$account', $(claim_job "$account" move | cut -d '|' -f 2), 'broken')" >/dev/null
  # It would be cool after two seconds: sooner than it is looked at, perhaps.
  psql -XAtq -d "$TELLTALE_SUPER_DSN" -c "update telltale.job set run_after = run_after + interval '1 hour'
    where job_id = 'a-$account'"
  control GET items

  [ "$(field '.items[0] | [.status, .retry_count] | tojson')" = '["cooling_down",1]' ]
  grep -qF "\"cooldown_expires_at\":$(sql "select extract(epoch from run_after) from telltale.job where job_id = 'a-$account'")," <<<"$body"
  [ "$(numbers)" = '1 1 0 0' ]
}

# bats test_tags=any-server
@test "the order is that of claim(), what a worker has first" {
  queue_job late 'priority => 5' && queue_job second 'priority => 2' && queue_job first 'priority => 1'
  queue_job cool "run_after => now() + interval '1 hour'" 'priority => 0'
  claim_job "$account" move >/dev/null
  control GET items

  [ "$(ids)" = "first-$account second-$account late-$account cool-$account" ]
  [ "$(field '[.items[].status] | join(" ")')" = 'processing waiting waiting cooling_down' ]
}

# bats test_tags=any-server
@test "a page at a time, each with how much there is" {
  worker "select telltale.submit('$account', 'move', job_id => '$account-' || n, priority => n) from generate_series(1, 120) as n" >/dev/null

  control GET items
  [ "$(field '[.total_count, .offset, .limit, (.items | length)] | tojson')" = '[120,0,100,100]' ]
  control GET 'items?limit=50&offset=100'
  [ "$(field '[.total_count, .offset, .limit, (.items | length)] | tojson')" = '[120,100,50,20]' ]
  [ "$(field '.items[0].id')" = "$account-101" ]
  control GET 'items?limit=1000'
  [ "$(field '.items | length')" = 120 ]
  control GET 'items?offset=2147483647'
  [ "$(field '[.total_count, (.items | length)] | tojson')" = '[120,0]' ]
}

# bats test_tags=any-server
@test "what cannot be asked for is 400, and named" {
  local query
  for query in limit=0 limit=1001 limit= limit=ten limit=-1 limit=1e2; do
    control GET "items?$query"
    denied 400 'limit must be a whole number from 1 to 1000'
  done
  control GET 'items?offset=-1'
  denied 400 'offset must be a whole number from 0 to 2147483647'
  control GET 'items?status=waiting'
  denied 400 'Unknown parameter: status'
  control GET 'items?limit=1&limit=1'
  denied 400 'Parameter limit was given more than once'
  control GET 'status?a=b'
  denied 400 'Unknown parameter: a'
  control GET 'scheduler?a=b'
  denied 400 'Unknown parameter: a'
}

@test "who has it already is told so" {
  local path etag
  queue_job a
  for path in status items scheduler metrics; do
    control GET $path
    [ "$(header Cache-Control)" = 'private, no-cache' ]
    etag=$(header ETag)
    control GET $path -H "If-None-Match: $etag"
    [ "$http_status" = 304 ]
    [ -z "$body" ]
  done
  queue_job b
  control GET status -H "If-None-Match: $etag"
  [ "$http_status" = 200 ]
}

# --- items go ----------------------------------------------------------------------

@test "DELETE takes an item out of the queue; the job stays, cancelled" {
  queue_job a && queue_job b
  control DELETE "items/a-$account"
  says 'Item removed'

  control GET items
  [ "$(ids)" = "b-$account" ]
  [ "$(sql "select status from telltale.job where job_id = 'a-$account'")" = cancelled ]
  [ "$(claim_job "$account" move | cut -d '|' -f 1)" = "b-$account" ]
  worker "select telltale.retry('a-$account')" >/dev/null
  [ "$(numbers)" = '2 0 1 1' ]
}

# bats test_tags=any-server
@test "asked twice it is the same, and happens once" {
  queue_job a
  control DELETE "items/a-$account"
  control DELETE "items/a-$account/"
  says 'Item removed'
  [ "$(sql "select count(*) from telltale.job_event where job_id = 'a-$account' and kind = 'job.cancelled'")" = 1 ]
}

# bats test_tags=any-server
@test "of an item that a worker has, the worker learns" {
  local attempt
  queue_job a
  attempt=$(claim_job "$account" move | cut -d '|' -f 2)
  control DELETE "items/a-$account"
  says 'Item removed'
  [ "$(worker "select telltale.progress('a-$account', $attempt, 50)")" = f ]
}

# bats test_tags=any-server
@test "what is not in the queue is 404: ended, another's, or never there" {
  local account_of_key=$account
  queue_job a
  worker "select telltale.complete('a-$account', $(claim_job "$account" move | cut -d '|' -f 2))" >/dev/null
  control DELETE "items/a-$account"
  denied 404 'Item not found'
  [ "$(field .message)" = 'Item not found' ]
  control DELETE items/nothing-of-that-name
  denied 404 'Item not found'
  account=$(new_account)
  queue_job b
  control DELETE "items/b-$account"
  denied 404 'Item not found'
  [ "$(sql "select status from telltale.job where job_id = 'b-$account'")" = queued ]
}

@test "an id that cannot be one is 400" {
  control DELETE items/a%20b
  denied 400 "An item's id is 1 to 64 of A-Z a-z 0-9 _ -"
  control DELETE "items/$(printf 'x%.0s' {1..65})"
  denied 400 "An item's id"
  control DELETE "items/a?force=1"
  denied 400 'Unknown parameter: force'
}

# bats test_tags=any-server
@test "an item in a body is not passed over" {
  control DELETE "items/a-$account" -H 'Content-Type: application/json' -d '{"id": "b"}'
  denied 400
}

# --- pause and resume ----------------------------------------------------------------

# bats test_tags=any-server
@test "a paused queue hands out no jobs, and goes on where it was" {
  queue_job a
  control POST pause
  says 'Queue paused'
  [ "$(header Cache-Control)" = no-store ]

  [ -z "$(claim_job "$account" move)" ]
  control GET status
  [ "$(field '[.paused, .manually_paused, .scheduler_paused, .server_paused, .user_override] | tojson')" = '[true,true,false,false,false]' ]
  [ "$(field .waiting)" = 1 ]

  control POST resume
  says 'Queue resumed'
  control GET status
  [ "$(field '[.paused, .manually_paused, .user_override] | tojson')" = '[false,false,true]' ]
  [ "$(claim_job "$account" move | cut -d '|' -f 1)" = "a-$account" ]
}

# bats test_tags=any-server
@test "a running job finishes while the queue is paused" {
  local attempt
  queue_job a
  attempt=$(claim_job "$account" move | cut -d '|' -f 2)
  control POST pause

  [ "$(worker "select telltale.progress('a-$account', $attempt, 50)")" = t ]
  worker "select telltale.complete('a-$account', $attempt)" >/dev/null
  [ "$(sql "select status from telltale.job where job_id = 'a-$account'")" = completed ]
}

@test "twice is the same, and told once, as by hand" {
  control POST pause
  control POST pause
  says 'Queue paused'
  control POST resume
  control POST resume/
  says 'Queue resumed'
  [ "$(told)" = $'queue.paused {"source": "manual"}\nqueue.resumed {"source": "manual"}' ]
}

# at_once N METHOD PATH [CURL ARGUMENT...]: what they are answered, each once.
at_once() {
  local n=$1 method=$2 path=$3
  shift 3
  seq "$n" | xargs -P "$n" -I @ curl -sS --max-time 30 -X "$method" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
    -o /dev/null -w '%{http_code}\n' "$@" "$TELLTALE_URL/api/queue/$path" | sort | uniq -c | xargs
}

# bats test_tags=any-server
@test "ten at once: it is paused, and told once; a schedule is changed by each" {
  [ "$(at_once 10 POST pause -d '{}')" = '10 200' ]
  [ "$(told)" = 'queue.paused {"source": "manual"}' ]
  [ "$(at_once 10 PUT scheduler -d '{"enabled": true, "check_interval_seconds": 10, "rules": [{"rule": "a", "operator": "lt", "value": @}]}')" = '10 200' ]
  control GET scheduler
  [ "$(field '[.enabled, .check_interval_seconds, (.rules | length)] | tojson')" = '[true,10,1]' ]
}

# bats test_tags=any-server
@test "one account's pause stops nobody else" {
  local mine=$account
  queue_job a
  control POST pause
  account=$(new_account)
  queue_job b

  [ "$(worker "select string_agg(job_id, ' ') from telltale.claim('bats', '{move}', 10, accounts => '{$mine,$account}')")" = "b-$account" ]
  key=$(new_key "$account" queue:read) control GET status
  [ "$(field .paused)" = false ]
  [ -z "$(told)" ]
}

# bats test_tags=any-server
@test "where the operator has paused all, nobody's resume beats it, and the status says so" {
  queue_job a
  sql "select telltale.pause(null, 'new disks')" >/dev/null
  control GET status
  [ "$(field '[.paused, .manually_paused, .server_paused, .user_override] | tojson')" = '[true,true,true,null]' ]

  control POST resume
  says 'Queue resumed'
  control GET status
  [ "$(field '[.paused, .server_paused] | tojson')" = '[true,true]' ]
  [ -z "$(claim_job "$account" move)" ]

  sql "select telltale.resume(null)" >/dev/null
  control GET status
  [ "$(field .paused)" = false ]
}

@test "a body may be empty, or a form without fields; what says more is refused" {
  control POST pause -H 'Content-Type: application/json' -d '{}'
  says 'Queue paused'
  control POST resume -H 'Content-Type: application/json' -d '{"until": "tomorrow"}'
  denied 400 'Unknown field: until'
  control POST resume -H 'Content-Type: text/plain' -d 'please'
  denied 415 application/json
  control POST resume -H 'Content-Type: application/json' -d "$(head -c 20000 /dev/zero | tr '\0' ' ')"
  denied 413 4096
  control POST 'resume?now=1'
  denied 400 'Unknown parameter: now'
  [ "$(told)" = 'queue.paused {"source": "manual"}' ]
}

# --- the schedule --------------------------------------------------------------------

# measured JSON: a worker has measured that.
measured() { worker "select telltale.report_metrics('$1', '$account')" >/dev/null; }

# What GET status says of who has stopped the queue.
stopped() {
  control GET status >&2
  field '[.paused, .manually_paused, .scheduler_paused, .user_override, .failing_rules] | tojson'
}

# An account's queue that runs while the battery is half full; it is not.
empty_battery() {
  measured '{"battery_level": 20}'
  put '{"enabled": true, "rules": [{"rule": "battery_level", "operator": ">=", "value": 50}]}'
  [ "$http_status" = 200 ]
}

# Its schedule is looked at now, and not at its next turn.
battery() {
  measured "{\"battery_level\": $1}"
  put '{}'
}

# bats test_tags=any-server
@test "who has no schedule is shown what it would begin with" {
  control GET scheduler
  [ "$http_status" = 200 ]
  [ "$(jq -cS . <<<"$body")" = '{"check_interval_seconds":30,"combine_mode":"ALL","conditions_met":true,"enabled":false,"rule_results":[],"rules":[],"warnings":[]}' ]
}

@test "PUT changes what it names, and answers with all of it" {
  local first
  put '{"enabled": true, "combine_mode": "ANY", "check_interval_seconds": 60, "rules": [
         {"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "24:00", "timezone": "Europe/Berlin"}},
         {"rule": "cpu_percent", "operator": "<", "value": 79.9, "enabled": false}]}'
  [ "$http_status" = 200 ]
  [ "$(header Cache-Control)" = no-store ]
  [ -z "$(header ETag)" ]
  [ "$(field '[.enabled, .combine_mode, .check_interval_seconds, .conditions_met] | tojson')" = '[true,"ANY",60,true]' ]
  [ "$(field '.rules[1] | [.rule, .operator, .value, .enabled] | tojson')" = '["cpu_percent","lt",79.9,false]' ]
  [ "$(field '.rules[0].value.timezone')" = Europe/Berlin ]
  first=$(jq -cS 'del(.rule_results)' <<<"$body")

  control GET scheduler
  [ "$(jq -cS 'del(.rule_results)' <<<"$body")" = "$first" ]
  put "$body"
  [ "$(jq -cS 'del(.rule_results)' <<<"$body")" = "$first" ]
  put '{"enabled": false}'
  [ "$(field '[.enabled, .combine_mode, (.rules | length)] | tojson')" = '[false,"ANY",2]' ]
  put '{"rules": []}'
  [ "$(field '[.combine_mode, (.rules | length)] | tojson')" = '["ANY",0]' ]
}

# bats test_tags=any-server
@test "each account has a schedule of its own" {
  put '{"enabled": true}'
  key=$(new_key "$(new_account)" queue:read) control GET scheduler
  [ "$(field .enabled)" = false ]
}

# bats test_tags=any-server
@test "what is wrong in it is 400, with its place, and nothing is changed" {
  local json place before
  put '{"combine_mode": "ANY", "rules": [{"rule": "fan_speed", "operator": "lte", "value": 2000}]}'
  before=$(jq -cS . <<<"$body")
  while IFS='|' read -r place json; do
    put "$json"
    denied 400 "$place" || { echo "$json"; return 1; }
  done <<'END'
enabled:|{"enabled": 1}
enabled:|{"enabled": null}
combine_mode:|{"combine_mode": "all"}
combine_mode:|{"combine_mode": ["ALL"]}
check_interval_seconds:|{"check_interval_seconds": 4}
check_interval_seconds:|{"check_interval_seconds": 3601}
check_interval_seconds:|{"check_interval_seconds": 5.5}
check_interval_seconds:|{"check_interval_seconds": "30"}
rules:|{"rules": {}}
rules:|{"rules": null}
rule:|{"rule": []}
rules[0]:|{"rules": [7]}
rules[1]:|{"rules": [{"rule": "a", "operator": "gt", "value": 1}, []]}
rules[0].rule:|{"rules": [{"operator": "gt", "value": 1}]}
rules[0].rule:|{"rules": [{"rule": "Battery level", "operator": "gt", "value": 1}]}
rules[0].operator:|{"rules": [{"rule": "a", "value": 1}]}
rules[0].operator:|{"rules": [{"rule": "a", "operator": "is", "value": 1}]}
rules[0].value:|{"rules": [{"rule": "a", "operator": "gt"}]}
rules[0].value:|{"rules": [{"rule": "a", "operator": "gt", "value": "1"}]}
rules[0].value:|{"rules": [{"rule": "a", "operator": "in", "value": 1}]}
rules[0].value:|{"rules": [{"rule": "a", "operator": "in", "value": []}]}
rules[0].value:|{"rules": [{"rule": "a", "operator": "eq", "value": {}}]}
rules[0].enabled:|{"rules": [{"rule": "a", "operator": "gt", "value": 1, "enabled": "yes"}]}
rules[0].unit:|{"rules": [{"rule": "a", "operator": "gt", "value": 1, "unit": "%"}]}
rules[0].operator:|{"rules": [{"rule": "time_window", "operator": "gt", "value": {"start": "08:00", "end": "09:00"}}]}
rules[0].value:|{"rules": [{"rule": "time_window", "operator": "in", "value": "08:00-09:00"}]}
rules[0].value.start:|{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "8", "end": "09:00"}}]}
rules[0].value.end:|{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "08:00", "end": "25:00"}}]}
rules[0].value.end:|{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "08:00", "end": "08:00"}}]}
rules[0].value.timezone:|{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "08:00", "end": "09:00", "timezone": "Mars/Crater"}}]}
rules[0].value.zone:|{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "08:00", "end": "09:00", "zone": "UTC"}}]}
numbers that fit 64 bits|{"rules": [{"rule": "a", "operator": "gt", "value": 1e-20000}]}
Too large a number|{"rules": [{"rule": "a", "operator": "gt", "value": 1e400}]}
one object|[]
one object|"ALL"
given twice|{"enabled": true, "enabled": false}
ends too early|{"enabled": true
Malformed JSON|enabled=true
A NUL|{"rules": [{"rule": "a", "operator": "eq", "value": "\u0000"}]}
END
  put "$(jq -cn '{rules: [range(33) | {rule: "a", operator: "gt", value: 1}]}')"
  denied 400 'rules:'
  put "{\"rules\": $(printf '[%.0s' {1..40})$(printf ']%.0s' {1..40})}"
  denied 400 levels
  control GET scheduler
  [ "$(jq -cS . <<<"$body")" = "$before" ]
}

@test "a schedule comes as JSON, and not without end" {
  control PUT scheduler -d enabled=true
  denied 415 application/json
  control PUT scheduler -H 'Content-Type: application/json' -d ''
  denied 400 'Send the schedule as JSON'
  put "$(jq -cn '{rules: [range(32) | {rule: "a", operator: "eq", value: ("x" * 600)}]}')"
  denied 413 16384
  control PUT 'scheduler?enabled=true' -H 'Content-Type: application/json' -d '{}'
  denied 400 'Unknown parameter: enabled'
}

# bats test_tags=any-server
@test "who sends what is wrong pays for it" {
  local before
  sql "select telltale.account_set('$account', p_rate_per_minute => 4)" >/dev/null
  put '{}'
  put '{}'
  before=$(header X-RateLimit-Remaining)
  put '{"enabled": 1}'
  denied 400 enabled
  [ "$(header X-RateLimit-Remaining)" -lt "$before" ]
}

# bats test_tags=any-server
@test "a schedule whose conditions are not met pauses the queue, and resumes it" {
  queue_job a
  empty_battery
  [ "$(field '[.conditions_met, .rule_results[0].rule, .rule_results[0].actual] | tojson')" = '[false,"battery_level",20]' ]
  [ "$(stopped)" = '[true,false,true,null,["battery_level"]]' ]
  [ -z "$(claim_job "$account" move)" ]

  battery 80
  [ "$(field .conditions_met)" = true ]
  [ "$(stopped)" = '[false,false,false,null,[]]' ]
  [ "$(claim_job "$account" move | cut -d '|' -f 1)" = "a-$account" ]
  [ "$(told)" = $'scheduler.paused {}\nscheduler.resumed {}' ]
}

# bats test_tags=any-server
@test "resumed by hand it runs against its schedule, until that changes its mind" {
  queue_job a
  empty_battery
  control POST resume
  says 'Queue resumed'
  [ "$(stopped)" = '[false,false,true,true,["battery_level"]]' ]
  battery 30
  [ "$(stopped)" = '[false,false,true,true,["battery_level"]]' ]
  [ "$(claim_job "$account" move | cut -d '|' -f 1)" = "a-$account" ]

  battery 90
  [ "$(stopped)" = '[false,false,false,null,[]]' ]
  battery 10
  [ "$(stopped)" = '[true,false,true,null,["battery_level"]]' ]
  [ "$(told)" = $'scheduler.paused {}\nqueue.resumed {"source": "manual"}\nscheduler.paused {}' ]
}

# bats test_tags=any-server
@test "paused by hand it rests against its schedule, until that changes its mind" {
  queue_job a
  empty_battery
  battery 90
  control POST pause
  [ "$(stopped)" = '[true,true,false,false,[]]' ]
  battery 95
  [ -z "$(claim_job "$account" move)" ]

  battery 10
  [ "$(stopped)" = '[true,false,true,null,["battery_level"]]' ]
  battery 90
  [ "$(stopped)" = '[false,false,false,null,[]]' ]
}

# bats test_tags=any-server
@test "a schedule that is switched off lets the queue run" {
  queue_job a
  empty_battery
  put '{"enabled": false}'
  [ "$(stopped)" = '[false,false,false,null,[]]' ]
  [ "$(claim_job "$account" move | cut -d '|' -f 1)" = "a-$account" ]
}

# bats test_tags=any-server
@test "what workers measured is shown, each account's its own" {
  local name
  name=m_$(unique 8)
  measured "{\"$name\": 12.5, \"${name}_on\": true}"
  control GET metrics
  [ "$http_status" = 200 ]
  [ "$(field "[.metrics.$name, .metrics.${name}_on, (.metrics.collected_at | type)] | tojson")" = '[12.5,true,"number"]' ]
  [ "$(sql "select abs($(field .metrics.collected_at) - extract(epoch from max(collected_at))) < 0.001
              from telltale.queue_metric where name like '$name%'")" = t ]

  key=$(new_key "$(new_account)" queue:read) control GET metrics
  [ "$(field ".metrics | has(\"$name\")")" = false ]
}

# --- who may -------------------------------------------------------------------------

# bats test_tags=any-server
@test "without a key it is what is public, and nothing else" {
  local public private=$account
  queue_job hidden
  public=$(new_account)
  sql "select telltale.account_set('$public', p_public_queue => true)" >/dev/null
  account=$public queue_job seen 'priority => -1000'
  key=

  control GET 'items?limit=1000'
  [ "$http_status" = 200 ]
  [[ " $(ids) " == *" seen-$public "* ]]
  [[ $body != *"$private"* ]]
  control GET status
  [ "$(field .waiting)" -ge 1 ]

  sql "select telltale.account_set('$public', p_public_queue => false)" >/dev/null
  control GET 'items?limit=1000'
  [[ $body != *"$public"* ]]
}

@test "without a key nothing else is answered, public or not" {
  local method path
  sql "select telltale.account_set('$account', p_public_queue => true)" >/dev/null
  queue_job a
  key=
  while read -r method path; do
    control "$method" "$path"
    denied 401 'API key'
    [ "$(header WWW-Authenticate)" = Bearer ]
  done <<END
GET scheduler
GET metrics
PUT scheduler
POST pause
POST resume
DELETE items/a-$account
END
  [ -z "$(told)" ]
  [ "$(sql "select status from telltale.job where job_id = 'a-$account'")" = queued ]
}

# bats test_tags=any-server
@test "a key that is none is refused, where the public would be let in" {
  key=tt_$(unique 32) control GET status
  denied 401 'Invalid API key'
  key=x control GET items
  denied 401 ''
}

# bats test_tags=any-server
@test "what reads wants queue:read, what writes queue:write" {
  local path reader writer
  reader=$(new_key "$account" queue:read)
  writer=$(new_key "$account" queue:write)
  for path in status items scheduler metrics; do
    key=$writer control GET $path
    denied 403 scope
    key=$reader control GET $path
    [ "$http_status" = 200 ]
  done
  for path in pause resume; do
    key=$reader control POST $path
    denied 403 scope
  done
  queue_job a
  key=$reader control DELETE "items/a-$account"
  denied 403 scope
  key=$reader put '{"enabled": true}'
  denied 403 scope
  [ -z "$(told)" ]
  key=$writer control DELETE "items/a-$account"
  says 'Item removed'
}

# bats test_tags=any-server
@test "a terminated account is 403" {
  sql "select telltale.account_set('$account', p_terminated => true)" >/dev/null
  control GET status
  denied 403 terminated
  control POST pause
  denied 403 terminated
}

# bake SCOPE [JOB]: sets cookie, a ticket in one.
bake() {
  request POST /api/v1/ticket -H 'Content-Type: application/json' -d "{\"cookie\": true, \"scope\": \"$1\"${2:+, \"job_id\": \"$2\"}}"
  cookie=$(header Set-Cookie | sed 's/^telltale_ticket=//; s/;.*//')
  [[ $cookie == tk_* ]]
}

@test "the ticket cookie reads; it writes for a page of ours only" {
  local page=(-H 'Sec-Fetch-Site: same-origin' -H 'X-Telltale: 1') sent=(-H 'Content-Type: application/json' -d '{}') cookie
  queue_job a
  bake queue:read,queue:write
  key=
  sent+=(-H "Cookie: telltale_ticket=$cookie")
  control GET items -H "Cookie: telltale_ticket=$cookie"
  [ "$(ids)" = "a-$account" ]

  control POST pause "${sent[@]}"
  denied 403 X-Telltale
  control POST pause "${sent[@]}" -H 'Sec-Fetch-Site: cross-site' -H 'X-Telltale: 1'
  denied 403 X-Telltale
  control PUT scheduler "${sent[@]}"
  denied 403 X-Telltale
  control DELETE "items/a-$account" -H "Cookie: telltale_ticket=$cookie" -H 'X-Telltale: 1'
  denied 403 X-Telltale
  [ -z "$(told)" ]
  [ "$(sql "select status from telltale.job where job_id = 'a-$account'")" = queued ]

  control POST pause "${sent[@]}" "${page[@]}"
  says 'Queue paused'
  control DELETE "items/a-$account" -H "Cookie: telltale_ticket=$cookie" "${page[@]}"
  says 'Item removed'
}

# bats test_tags=any-server
@test "a ticket for one job takes that item out, and no more" {
  local page=(-H 'Sec-Fetch-Site: same-origin' -H 'X-Telltale: 1') cookie
  queue_job a && queue_job b
  bake queue:read,queue:write "a-$account"
  key=
  control GET status -H "Cookie: telltale_ticket=$cookie"
  denied 403 'one job'
  control POST pause -d '' -H "Cookie: telltale_ticket=$cookie" "${page[@]}"
  denied 403 'one job'
  control DELETE "items/b-$account" -H "Cookie: telltale_ticket=$cookie" "${page[@]}"
  denied 403 'one job'
  control DELETE "items/a-$account" -H "Cookie: telltale_ticket=$cookie" "${page[@]}"
  says 'Item removed'
}

# bats test_tags=any-server
@test "every request is counted, and the answer says how many are left" {
  local before
  sql "select telltale.account_set('$account', p_rate_per_minute => 4)" >/dev/null
  control GET status
  control GET status
  [ "$(header X-RateLimit-Limit)" = 4 ]
  before=$(header X-RateLimit-Remaining)
  control POST pause
  [ "$(header X-RateLimit-Remaining)" -lt "$before" ]
}

# --- the rest of HTTP ------------------------------------------------------------------

@test "HEAD is GET without its body" {
  local path length
  queue_job a
  for path in status items scheduler metrics; do
    control GET $path
    length=${#body}
    control HEAD $path
    [ "$http_status" = 200 ]
    length_is "$length"
    [[ $(header Content-Type) == application/json* ]]
  done
}

@test "another method is 405, and says which would do" {
  local path allow method
  queue_job a
  while read -r path allow; do
    for method in GET HEAD POST PUT DELETE PATCH; do
      [[ ", $allow," != *", $method,"* ]] || continue
      if [ $method = HEAD ]; then control HEAD "$path"; else control $method "$path" -d ''; fi
      [ "$http_status" = 405 ]
      [ "$(header Allow)" = "$allow" ]
      [ $method = HEAD ] || denied 405 "Use $allow here"
    done
  done <<END
status GET, HEAD
items GET, HEAD
items/a-$account DELETE
pause POST
resume POST
scheduler GET, HEAD, PUT
metrics GET, HEAD
END
  [ -z "$(told)" ]
}

@test "a trailing slash is no other path; what is below or beside is 404" {
  local path
  for path in status/ items/ scheduler/ metrics/; do
    control GET $path
    [ "$http_status" = 200 ]
  done
  for path in '' status/x items/a/b scheduler/rules nothing; do
    control GET "$path"
    denied 404 'No such path'
  done
}

@test "OPTIONS is answered without a key, and changes nothing" {
  local path
  key=
  for path in status items items/a pause resume scheduler metrics; do
    control OPTIONS $path -H 'Origin: https://front.example' -H 'Access-Control-Request-Method: PUT'
    [ "$http_status" = 204 ]
    [[ $(header Access-Control-Allow-Methods) == *PUT*DELETE* ]]
  done
}

# bats test_tags=any-server
@test "without a database it is 503" {
  local path
  for path in status items scheduler metrics; do
    cgi control GET /api/queue/$path TELLTALE_DSN='host=/nowhere dbname=telltale'
    denied 503 unavailable
  done
  cgi control DELETE /api/queue/items/a TELLTALE_DSN='host=/nowhere dbname=telltale'
  denied 503 unavailable
}
