#!/usr/bin/env bats
# The operator's command, but for init and migrate: what it prints, what it
# refuses, and with which status.
# shellcheck disable=SC2030,SC2031,SC2154 # each test has an output of its own

setup_file() { load helpers; fresh fresh; }

setup() {
  load helpers
  sql "set client_min_messages = warning;
       truncate telltale.job, telltale.job_event, telltale.api_key, telltale.account, telltale.queue_control cascade;
       delete from telltale.job_type where name = 'zebra'; truncate telltale.tick_state"
  # The operator's own role, by the variable that is ours.
  export TELLTALE_ADMIN_DSN="host=$PGHOST dbname=$PGDATABASE user=telltale_admin"
  PATH=$PWD/bin:$PATH
}

teardown_file() { drop; }

commands() { sed -n 's/^\([a-z|]*\)) ;;$/\1/p' bin/telltale | tr '|\n' '  '; }

# --- usage ---------------------------------------------------------------------

@test "without a command: the usage, on stderr, and 2" {
  run -2 --separate-stderr telltale
  [ "$output" = '' ]
  [[ $stderr == 'usage: telltale COMMAND'* ]]
}

@test "--help, in front or behind, names every command, the variables and the exit codes" {
  run -0 telltale --help
  for word in $(commands) --json --version TELLTALE_ADMIN_DSN PGHOST 'Exit: 0' '; 1' '; 2' '; 3'; do
    grep -qF -- "$word" <<<"$output"
  done
  [ "$(telltale -h)" = "$output" ]
}

@test "every command has its --help, and needs no database for it" {
  [ "$(commands | wc -w)" -ge 19 ]
  for name in $(commands); do
    run -0 env TELLTALE_ADMIN_DSN='host=/nowhere' bin/telltale "$name" --help
    [[ $output == "usage: telltale $name"* ]]
  done
}

@test "--version" {
  [[ $(telltale --version) =~ ^telltale\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "wrong usage is 2, names what is wrong, and says where help is" {
  while IFS='|' read -r line says; do
    # shellcheck disable=SC2086 # words
    run -2 --separate-stderr telltale $line
    [ "$output" = '' ]
    grep -qF -- "$says" <<<"$stderr" || { echo "$line: $stderr"; false; }
    grep -qF -- '--help' <<<"$stderr"
  done <<'END'
frobnicate|frobnicate
init now|now
migrate now|now
status now|now
tick leases now|now
account|add, set or list
account burn x|burn
account add|a name
account add a b|a b
account add a --rate|--rate
account add a --rate many|--rate many
account add a --rate 9999999999|9999999999
account add a --rate=-|--rate -
account add a --colour|--colour
account add a --terminate|account set
account list a|nothing more
key|add, list or revoke
key add|--account
key add --account demo|--scope
key add --colour red|--colour
key list --colour red|--colour
key revoke|one key
key revoke two|two
type|add or list
type add|a name
submit|--account
submit --account demo|--type
submit --account demo --type video --priority low|low
submit now|now
list --limit 0|--limit 0
list --limit 1x|1x
list --status running|running
list now|now
show|one job
show a b|one job
cancel|a job
retry|a job
webhook|list, retry or dead
webhook list --state lost|lost
webhook list --limit 0|--limit 0
webhook list now|now
webhook dead --state dead|--state
webhook retry|a number or --dead
webhook retry 1 --dead|a number or --dead
webhook retry 1 2|one number
webhook retry one|one
webhook retry 1 --account demo|--account
webhook retry --account demo|a number or --dead
webhook retry --all|--all
watch|one job
watch a/b|a/b
pause demo|demo
pause --account|--account
pause --account=|a name
pause --source|--source
pause --colour red|--colour
resume demo|demo
resume --account=|a name
schedule|show or set
schedule look|look
schedule show|--account
schedule show {} --account demo|{}
schedule show --colour red|--colour
schedule set {}|--account
schedule set --account demo|JSON
schedule set {} {} --account demo|one JSON
schedule set --colour red|--colour
publish|an opcode
publish info|--account
publish info {} {} --account demo|one JSON
publish --colour red|--colour
opcode|add or list
opcode burn|burn
opcode list now|now
opcode add|a name
opcode add x y|x y
opcode add x y:any y:string|y:string
opcode add x --colour red|--colour
opcode add x --description|--description
END
}

@test "a schedule out of a program that failed is not taken for none" {
  run -2 telltale schedule set - --account demo </dev/null
  [[ $output == *'is empty'* ]]
  run -2 telltale schedule set ' ' --account demo
}

@test "no database there: 3, and what it was told" {
  run -3 env TELLTALE_ADMIN_DSN='host=/nowhere' bin/telltale list
  [[ $output == *'/nowhere'* ]]
}

@test "a database without telltale: 1, and the remedy" {
  run -1 env TELLTALE_ADMIN_DSN="host=$PGHOST dbname=template1 user=postgres" bin/telltale list
  [[ $output == *'run telltale init'* ]]
}

@test "without TELLTALE_ADMIN_DSN libpq's own variables are used" {
  unset TELLTALE_ADMIN_DSN
  telltale account add here
  [ "$(sql "select name from telltale.account")" = here ]
}

@test "a password in the connection string is handed over, and in nobody's arguments" {
  mkdir "$BATS_TEST_TMPDIR/bin"
  cat >"$BATS_TEST_TMPDIR/bin/psql" <<'END'
#!/bin/sh
printf '%s\n' "$@" "password: $PGPASSWORD" >&2
exit 2
END
  chmod +x "$BATS_TEST_TMPDIR/bin/psql"
  while IFS= read -r dsn; do
    run -3 env PATH="$BATS_TEST_TMPDIR/bin:$PATH" TELLTALE_ADMIN_DSN="$dsn" bin/telltale list
    [[ $output == *"password: se'c r@t"* ]]
    [ "$(grep -c "se[^a-z]*c" <<<"$output")" = 1 ]
    [[ $output == *db1* ]]
  done <<'END'
host=/h password='se\'c r@t' dbname=db1
password = se\'c\ r@t host=/h dbname=db1
dbname=db1 password='se\'c r@t'
postgresql://me:se'c%20r%40t@host/db1
postgres://me:se%27c%20r%40t@/db1?host=/h
END
}

# --- accounts, keys, types -----------------------------------------------------

@test "account add: once and again, and otherwise" {
  [ "$(telltale account add demo --public --rate 600 --stream-limit 7 --watch-limit 8)" = 'account demo added' ]
  [ "$(sql "select name, public_queue, rate_per_minute, stream_limit, watch_limit from telltale.account")" = 'demo|t|600|7|8' ]

  [ "$(telltale account add demo)" = 'account demo is there already' ]
  [ "$(telltale account add demo --rate=600 --json)" = '{"account":"demo","added":false}' ]

  run -1 telltale account add demo --private
  [[ $output == *'demo with other settings'*'account set demo'* ]]
}

@test "account add: the defaults are the table's" {
  telltale account add demo
  [ "$(sql "select public_queue, rate_per_minute, stream_limit, watch_limit from telltale.account")" = 'f|60|5|1000' ]
}

@test "account add: a name that no account can have" {
  for name in 'a b' "x'; drop table telltale.job; --" "$(printf '%065d' 1)" 'ü'; do
    run -1 telltale account add "$name"
    [[ $output == *'1 to 64 of'* ]]
  done
}

@test "account add: limits that make no sense leave no account" {
  run -1 telltale account add demo --rate 0
  [[ $output == *'rate 0'* ]]
  run -1 telltale account add demo --stream-limit -1
  [[ $output == *'stream limit -1'* ]]
  run -1 telltale account add demo --watch-limit -1
  [ "$(sql "select count(*) from telltale.account")" = 0 ]
}

@test "account set: changes what is said, and nothing else" {
  telltale account add demo --public --rate 600
  [ "$(telltale account set demo --private --watch-limit 5)" = 'account demo set' ]
  [ "$(sql "select public_queue, rate_per_minute, watch_limit, terminated_at from telltale.account")" = 'f|600|5|' ]

  telltale account set demo --terminate
  at=$(sql "select terminated_at from telltale.account where terminated_at <= now()")
  [ "$at" ]
  telltale account set demo --terminate
  [ "$(sql "select terminated_at from telltale.account")" = "$at" ]
  [ "$(telltale account set demo --reinstate --json)" = '{"account":"demo","set":true}' ]
  [ "$(sql "select terminated_at from telltale.account")" = '' ]
}

@test "account set: nobody of that name" {
  run -1 telltale account set nobody --public
  [[ $output == *"no account 'nobody'"*'account list'* ]]
}

@test "account list: for people, for programs, and empty" {
  [ "$(telltale account list)" = none ]
  [ "$(telltale account list --json)" = '[]' ]
  telltale account add b
  telltale account add a --public
  telltale key add --account a --scope job:read >/dev/null

  telltale account list | awk 'NR > 2 { print $1, $2, $3, $6 }' | diff - <(printf 'a t 60 1\nb f 60 0\n')
  [ "$(telltale account list --json | jq -c '.[0] | [.name, .public, .rate, .keys, .terminated_at]')" = '["a",true,60,1,null]' ]
}

@test "key add: the key alone, its hash in the database, itself nowhere" {
  telltale account add demo
  key=$(telltale key add --account demo --scope job:read,job:write --scope queue:read --name 'the site' 2>&1)

  [[ $key =~ ^tt_[A-Za-z0-9]{32}$ ]]
  [ "$(sql "select encode(hash, 'hex'), prefix, scopes, name, expires_at from telltale.api_key")" = \
    "$(printf %s "$key" | sha256sum | cut -d ' ' -f 1)|${key:0:9}|{job:read,job:write,queue:read}|the site|" ]
  run ! grep -q "${key:9}" "$PGHOST/log"
  run ! grep -q "${key:9}" <(pg_dump)
  [ "$(telltale key add --account demo --scope job:read)" != "$key" ]
}

@test "key add: as JSON, with its number" {
  telltale account add demo
  run -0 telltale --json key add --account demo --scope admin
  [ "$(jq -r '.key | length' <<<"$output")" = 35 ]
  [ "$(jq -r .key_id <<<"$output")" = "$(sql 'select key_id from telltale.api_key')" ]
}

@test "key add: every scope that --help names exists, and no other" {
  telltale account add demo
  telltale key add --help | grep -oE '\b[a-z]+:[a-z]+\b|\badmin\b' | sort |
    diff - <(sql 'select unnest(telltale.scope_list())' | sort)
  telltale key add --account demo --scope "$(sql "select array_to_string(telltale.scope_list(), ',')")" >/dev/null
  run -1 telltale key add --account demo --scope job:read,job:burn
  [[ $output == *"'job:burn'"*'job:read job:write'* ]]
}

@test "key add: expires at a time, or after a span" {
  telltale account add demo
  while IFS='|' read -r when at; do
    telltale key add --account demo --scope admin --expires "$when" >/dev/null
    [ "$(sql "select expires_at = $at from telltale.api_key order by key_id desc limit 1")" = t ] || { echo "$when"; false; }
  done <<'END'
2031-02-03|timestamptz '2031-02-03'
2031-02-03 04:05+00|timestamptz '2031-02-03 04:05Z'
2031-02-03T04:05:06Z|timestamptz '2031-02-03 04:05:06Z'
2031-02-03T04:05:06.5+01:00|timestamptz '2031-02-03 03:05:06.5Z'
30 days|created_at + interval '30 days'
1 day|created_at + interval '1 day'
90min|created_at + interval '90 minutes'
2 weeks 3 hours|created_at + interval '14 days 3 hours'
END
}

@test "key add: what is no time, or over, is refused, and makes no key" {
  telltale account add demo
  for when in '' ' ' someday never infinity now 30 -1\ day '1 day ago' '7 moons' 01/02/2031 20310203 P30D; do
    run -2 telltale key add --account demo --scope admin --expires "$when"
    [[ $output == *"--expires $when: a time ('20"*"or a span from now ('30 days') is wanted"* ]]
  done
  for when in 2001-01-01 2001-01-01T00:00:00Z '0 days'; do
    run -1 telltale key add --account demo --scope admin --expires "$when"
    [[ $output == *'expires at 20'*': that is over already'* ]]
  done
  for when in 2031-02-30 '2031-01-01 noonish'; do
    run -1 telltale key add --account demo --scope admin --expires "$when"
    [[ $output == *"\"$when\""* ]]
  done
  [ "$(sql "select count(*) from telltale.api_key")" = 0 ]
}

@test "key add: nobody of that name" {
  run -1 telltale key add --account nobody --scope admin
  [[ $output == *"no account 'nobody'"*'account add'* ]]
}

@test "key list and revoke" {
  [ "$(telltale key list)" = none ]
  telltale account add demo
  telltale account add other
  telltale key add --account demo --scope admin,job:read --name 'one two' >/dev/null
  telltale key add --account other --scope admin >/dev/null
  id=$(sql "select min(key_id) from telltale.api_key")

  [ "$(telltale key list --account demo --json | jq -c '.[] | [.key_id, .account, .name, .scopes, .revoked_at]')" = "[$id,\"demo\",\"one two\",\"admin job:read\",null]" ]
  [ "$(telltale key list | wc -l)" = 4 ]

  [ "$(telltale key revoke "$id")" = "key $id is refused from now on" ]
  [ "$(telltale key revoke "$id")" = "key $id was revoked before" ]
  [ "$(telltale key revoke "$id" --json)" = "{\"key_id\":\"$id\",\"revoked\":false}" ]
  [ "$(sql "select count(*) from telltale.api_key where revoked_at is not null")" = 1 ]
  for _ in once again; do
    run -1 telltale key revoke 999999
    [[ $output == *'no key 999999'*'key list'* ]]
  done
}

@test "key list: prefix, scopes, when it was last used, expires and was revoked" {
  telltale account add demo
  key=$(telltale key add --account demo --scope job:read,admin --expires 2031-02-03)
  other=$(telltale key add --account demo --scope admin)
  id=$(sql 'select min(key_id) from telltale.api_key')
  sql "select telltale.web_key_used(sha256('$key'))" >/dev/null
  telltale key revoke $((id + 1)) >/dev/null
  hour=$(sql 'select last_used_at from telltale.key_use')
  [[ $hour == *:00:00+00 ]]

  run -0 telltale key list
  grep -qE "^ *$id +demo +${key:0:9} +admin job:read +${hour/+/\\+} +20[^ ]+ [^ ]+ +2031-02-03 00:00:00\+00 +-" <<<"$output"
  grep -qE "^ *$((id + 1)) +demo +${other:0:9} +admin +never +20[^ ]+ [^ ]+ +- +20" <<<"$output"

  telltale key list --json | jq -e --arg prefix "${key:0:9}" '
    (.[0] | .prefix == $prefix and .scopes == "admin job:read" and (.last_used_at | test(":00:00\\+00:00$"))
        and (.expires_at | startswith("2031-02-03T")) and .revoked_at == null)
    and (.[1] | .last_used_at == null and .expires_at == null and .revoked_at != null)'
}

@test "type add and list" {
  [ "$(telltale type add zebra)" = 'type zebra added' ]
  [ "$(telltale type add zebra video)" = 'type zebra is there already
type video is there already' ]
  telltale type list --json | jq -e 'map(.name) | index("zebra") and length == 12' >/dev/null
  telltale type list | grep -qx zebra
  run -1 telltale type add Zebra
  [[ $output == *"'Zebra'"*'a-z'* ]]
}

# --- jobs ----------------------------------------------------------------------

@test "submit: prints the job's name; everything is optional" {
  telltale account add demo
  id=$(telltale submit --account demo --type video)
  [ "$(sql "select job_id from telltale.job")" = "$id" ]

  [ "$(telltale submit --account demo --type index --payload '{"action":"move"}' --file "/a 'b'.mp4" --priority -3 \
    --run-after '2031-01-01 00:00+00' --max-attempts 9 --webhook https://h/ --callback "c'1" --job-id mine --json)" = '{"job_id":"mine"}' ]
  [ "$(sql "select type, payload, file_path, priority, run_after, max_attempts, webhook_url, callback_id from telltale.job where job_id = 'mine'")" = \
    "index|{\"action\": \"move\"}|/a 'b'.mp4|-3|2031-01-01 00:00:00+00|9|https://h/|c'1" ]
}

@test "submit: a payload from the input may be large, and hold anything" {
  telltale account add demo
  { printf '{"a":"'; head -c 300000 /dev/zero | tr '\0' x; printf "\", \"b\": \"it's :'x' \\\\\\\\ \$(date) \`id\` é\"}"; } >"$BATS_TEST_TMPDIR/payload"

  telltale submit --account demo --type video --payload - <"$BATS_TEST_TMPDIR/payload" >/dev/null

  diff <(jq -S . "$BATS_TEST_TMPDIR/payload") <(sql "select payload from telltale.job" | jq -S .)
}

@test "submit: later, by a span" {
  telltale account add demo
  telltale submit --account demo --type video --run-after '2 hours' >/dev/null
  [ "$(sql "select round(extract(epoch from run_after - created_at)) from telltale.job")" = 7200 ]
}

@test "submit: what the database refuses is 1, by name" {
  telltale account add demo
  run -1 telltale submit --account nobody --type video
  [[ $output == *"no account 'nobody'"* ]]
  run -1 telltale submit --account demo --type bicycle
  [[ $output == *"no job type 'bicycle'"* ]]
  run -1 telltale submit --account demo --type video --payload '{'
  [[ $output == *'json'* ]]
  run -1 telltale submit --account demo --type video --job-id 'a b'
  run -1 telltale submit --account demo --type video --max-attempts 0
  [ "$(sql "select count(*) from telltale.job")" = 0 ]
}

@test "list: empty, newest first, narrowed, limited" {
  [ "$(telltale list)" = none ]
  [ "$(telltale list --json)" = '[]' ]
  telltale account add demo
  telltale account add other
  for id in a b c; do telltale submit --account demo --type video --job-id $id >/dev/null; done
  telltale submit --account other --type image --job-id d >/dev/null
  telltale cancel b

  ids() { telltale list --json "$@" | jq -r '[.[].job_id] | join("")'; }
  [ "$(ids)" = dcba ]
  [ "$(ids --limit 2)" = dc ]
  [ "$(ids --account demo)" = cba ]
  [ "$(ids --type image)" = d ]
  [ "$(ids --status cancelled)" = b ]
  [ "$(ids --status=queued --account=demo)" = ca ]
  telltale list | sed -n 3p | grep -qE '^d +queued +0 image other +20..-'
}

@test "list: a worker cannot write to the operator's terminal" {
  telltale account add demo
  telltale submit --account demo --type video --job-id j >/dev/null
  sql "select telltale.claim('w', '{video}'); select telltale.progress('j', 1, 5, E'\\e[2Jgone')" >/dev/null
  telltale list | grep -qF 'gone'
  run ! grep -q "$(printf '\033')" <(telltale list; telltale show j)
}

@test "show: all of a job and its events, for people and programs" {
  telltale account add demo
  telltale submit --account demo --type video --job-id j --payload '{"a":1}' >/dev/null
  sql "select telltale.claim('w', '{video}'); select telltale.progress('j', 1, 47.5, 'cutting', 2, 5)" >/dev/null

  run -0 telltale show j
  for line in '^status +processing$' '^progress +47.5$' '^frames +2 of 5$' '^attempt +1 of 3$' ' 3 job.progress '; do
    grep -qE "$line" <<<"$output"
  done
  [ "$(telltale show j --json | jq -c '[.job_id, .status, .progress, .payload.a, .error, [.events[].kind]]')" = \
    '["j","processing",47.5,1,null,["job.created","job.started","job.progress"]]' ]
}

@test "show: no such job" {
  for job in j "x' or 'x' = 'x"; do
    run -1 telltale show "$job"
    [ "$output" = "telltale: there is no job $job" ]
    run -1 telltale show "$job" --json
    [ "$output" = "telltale: there is no job $job" ]
  done
}

@test "cancel and retry: each job, and 1 if one of them was refused" {
  telltale account add demo
  for id in a b c; do telltale submit --account demo --type video --job-id $id >/dev/null; done

  run -1 --separate-stderr telltale cancel a nope b
  [ "$output" = 'job a is cancelled
job b is cancelled' ]
  [[ $stderr == *'no job nope'* ]]
  [ "$(telltale cancel a --json)" = '{"job_id":"a","status":"cancelled"}' ]
  [ "$(telltale retry a)" = 'job a is queued' ]
  sql "select telltale.claim('w', '{video}', 9); select telltale.complete('c', 1)" >/dev/null
  run -1 telltale cancel c
  [[ $output == *'job c is completed'* ]]
  run -1 telltale retry c
  [[ $output == *'job c is completed'* ]]
}

@test "submit: the same key again is the same job, with anything else it is refused" {
  telltale account add demo
  id=$(telltale submit --account demo --type video --idempotency-key "w'1")
  [ "$(telltale submit --account demo --type video --idempotency-key "w'1")" = "$id" ]
  run -1 telltale submit --account demo --type image --idempotency-key "w'1"
  [[ $output == *"with other arguments"* ]]
  [ "$(sql "select count(*) from telltale.job")" = 1 ]
}

# --- webhooks ------------------------------------------------------------------

@test "webhook: what is told and what became of it; the dead are tried again" {
  telltale account add demo
  telltale account add other
  [ "$(telltale webhook list)" = none ]
  [ "$(telltale webhook list --json)" = '[]' ]
  for account in demo other; do
    for id in 1 2; do
      telltale submit --account $account --type video --job-id $account-$id --webhook https://h/ >/dev/null
      sql "select telltale.claim('w', '{video}'); select telltale.complete('$account-$id', 1)" >/dev/null
    done
  done
  sql "update telltale.webhook_delivery set state = 'dead', attempts = 12, last_status = 500, last_error = 'no', done_at = now() where job_id <> 'demo-1'"

  ids() { telltale webhook "$@" --json | jq -r '[.[].job_id] | join(" ")'; }
  [ "$(ids list)" = 'other-2 other-1 demo-2 demo-1' ]
  [ "$(ids list --state waiting)" = demo-1 ]
  [ "$(ids list --account demo --limit 1)" = demo-2 ]
  [ "$(ids dead --account=other)" = 'other-2 other-1' ]
  telltale webhook dead | grep -qE '^ +[0-9]+ dead +other +other-2 +12 +500 .* https://h/ +no *$'
  [ "$(telltale webhook list --json | jq -c '.[3] | [.state, .attempts, .status, .done_at, .url]')" = '["waiting",0,null,null,"https://h/"]' ]

  id=$(telltale webhook dead --account demo --json | jq '.[0].delivery_id')
  [ "$(telltale webhook retry "$id")" = "delivery $id is due" ]
  [ "$(telltale webhook retry --dead --account demo --json)" = '{"due":0}' ]
  [ "$(telltale webhook retry --dead)" = 'deliveries due: 2' ]
  [ "$(ids dead)" = '' ]

  sql "update telltale.webhook_delivery set state = 'delivered', done_at = now()"
  run -1 telltale webhook retry "$id"
  [ "$output" = "telltale: delivery $id was delivered" ]
  run -1 telltale webhook retry 999999
  [[ $output == *'no delivery 999999'*'webhook list'* ]]
  run -1 telltale webhook retry --dead --account nobody
  [[ $output == *"no account 'nobody'"* ]]
}

# --- the queue -----------------------------------------------------------------

# What the queue of an account was told, by kind.
told() { sql "select e.kind || ' ' || e.data from telltale.job_event as e join telltale.account as a using (account_id) where a.name = '$1' and e.job is null order by e.event_id"; }

@test "pause and resume: an account, once and again" {
  telltale account add demo
  [ "$(telltale pause --account demo)" = 'account demo is paused' ]
  [ "$(telltale pause --account demo)" = 'account demo was paused before' ]
  [ "$(telltale pause --account=demo --json)" = '{"account":"demo","paused":true,"changed":false}' ]
  [ "$(telltale resume --account demo --source "it's me" --json)" = '{"account":"demo","paused":false,"changed":true}' ]
  [ "$(telltale resume --account demo)" = 'account demo was not paused' ]
  prints told demo <<<$'queue.paused {"source": "manual"}\nqueue.resumed {"source": "it\'s me"}'
}

@test "pause and resume: the whole server, and what an account has paused stays so" {
  telltale account add demo
  telltale account add other
  telltale pause --account other >/dev/null
  [ "$(telltale pause --source disks)" = 'the whole server is paused' ]
  [ "$(telltale pause)" = 'the whole server was paused before' ]
  [ "$(telltale resume --json)" = '{"account":null,"paused":false,"changed":true}' ]
  [ "$(telltale resume)" = 'the whole server was not paused' ]
  prints told demo <<<$'queue.paused {"source": "operator"}\nqueue.resumed {"source": "operator"}'
  [ "$(telltale status --json | jq -c '[.paused[].account]')" = '["other"]' ]
}

@test "pause and resume: nobody of that name, and no source like that" {
  telltale account add demo
  for verb in pause resume; do
    run -1 telltale $verb --account nobody
    [[ $output == *"no account 'nobody'"* ]]
    run -1 telltale $verb --account demo --source "$(printf 'a\nb')"
    [[ $output == *'1 to 64 characters'* ]]
  done
  [ "$(sql 'select count(*) from telltale.queue_control')" = 0 ]
}

@test "schedule: shown and set, for people and programs" {
  telltale account add demo
  prints telltale schedule show --account demo <<'END'
schedule    off, looks every 30 s
conditions  met, of ALL rules
none
END
  sql "select telltale.report_metrics('{\"cpu_percent\": 80}')" >/dev/null

  run -0 telltale schedule set --account demo '{"enabled": true, "check_interval_seconds": 60, "rules": [
    {"rule": "fan_speed", "operator": ">", "value": 9, "enabled": false}, {"rule": "cpu_percent", "operator": "<", "value": 50}, {"rule": "it", "operator": "in", "value": ["x"]}]}'
  for line in '^schedule +on, looks every 60 s$' '^conditions +not met, of ALL rules$' '^queue +paused by scheduler, since 20' '^passed over it: it was never reported; ' \
    '^1 fan_speed +gt +9 +false +- +-' '^2 cpu_percent +lt +50 +true +80 +false' '^3 it +in +\["x"\] +true +- +-'; do
    grep -qE "$line" <<<"$output" || { echo "$line: $output"; false; }
  done
  [ "$(telltale schedule show --account demo)" = "$output" ]
  [ "$(telltale schedule show --account demo --json | jq -c '[.enabled, .conditions_met, .rules[1].operator, (.warnings | length)]')" = '[true,false,"lt",1]' ]
  [ "$(telltale schedule set --account demo --json '{"enabled": false}' | jq -c '[.enabled, (.rules | length)]')" = '[false,3]' ]
  telltale pause >/dev/null
  telltale schedule show --account demo | grep -qE '^server +paused by manual, since 20'
}

@test "schedule: large, and from the input" {
  telltale account add demo
  jq -nc '{rules: [range(32) | {rule: "a\(.)", operator: "==", value: ("x" * 1950)}]}' >"$BATS_TEST_TMPDIR/json"
  telltale schedule set --account demo --json - <"$BATS_TEST_TMPDIR/json" | jq -e '.rules[31].value | length == 1950' >/dev/null
  telltale schedule show --account demo | grep -qE '^32 a31 +eq +x+ +true'
}

@test "schedule: what is refused is 1, and names the place" {
  telltale account add demo
  run -1 telltale schedule show --account nobody
  [[ $output == *"no account 'nobody'"* ]]
  run -1 telltale schedule set --account demo '{"rules": [{"rule": "a", "operator": "~", "value": 1}]}'
  [[ $output == *'rules[0].operator: one of gte'* ]]
  run -1 telltale schedule set --account demo '{'
  [[ $output == *json* ]]
  [ "$(sql 'select count(*) from telltale.schedule')" = 0 ]
}

@test "publish: told as it was given, once each time" {
  telltale account add demo
  [ "$(telltale publish shutting_down --account demo)" = 'shutting_down is published' ]
  [ "$(telltale publish --account demo file_parsed "{\"path\": \"it's :'x' \\\\ \$(date)\", \"filename\": \"é\"}" --json)" = '{"opcode":"file_parsed","published":true}' ]
  jq -nc '{message: ("x" * 65000)}' | telltale publish info --account demo - >/dev/null

  told demo | head -n 2 | sed 's/^notice //' | jq -c '[.opcode, .data]' | diff - <(cat <<'END'
["shutting_down",{}]
["file_parsed",{"path":"it's :'x' \\ $(date)","filename":"é"}]
END
)
  [ "$(sql "select length(data #>> '{data,message}') from telltale.job_event where data->>'opcode' = 'info'")" = 65000 ]
}

@test "publish: what is refused is 1, by name, and nothing is told" {
  telltale account add demo
  run -1 telltale publish info --account nobody
  [[ $output == *"no account 'nobody'"* ]]
  run -1 telltale publish burnt --account demo
  [[ $output == *"no opcode 'burnt'"*'telltale opcode list'* ]]
  run -1 telltale publish info '{"message": 1}' --account demo
  [[ $output == *'opcode info: data.message is of type number: string wanted'* ]]
  run -1 telltale publish info '{' --account demo
  [[ $output == *json* ]]
  [ "$(sql 'select count(*) from telltale.job_event')" = 0 ]
}

@test "opcode: added, listed, and with other fields only replaced" {
  [ "$(telltale opcode add ours path:string 'a b:number?' --description "What we're up to")" = 'opcode ours added' ]
  [ "$(telltale opcode add ours path:string 'a b:number?')" = 'opcode ours is there already' ]
  run -1 telltale opcode add ours path:string
  [[ $output == *'there is an opcode ours with the fields'*'--replace'* ]]
  [ "$(telltale opcode add ours path:string 'x:y:any' --replace --json)" = '{"opcode":"ours","added":true}' ]

  telltale opcode list | grep -qE "^ours +path:string x:y:any +What we're up to *$"
  [ "$(telltale opcode list --json | jq -c '.[] | select(.opcode == "ours") | .fields == {path: "string", "x:y": "any"}')" = true ]
  telltale opcode list --json | jq -e 'length == 35 and all(.[]; .description != "")' >/dev/null
  [ "$(telltale opcode add plain)" = 'opcode plain added' ]
  [ "$(sql "select fields from telltale.opcode where opcode = 'plain'")" = '{}' ]

  run -1 telltale opcode add Ours
  [[ $output == *"'Ours'"*'a-z'* ]]
  run -1 telltale opcode add x path:text
  [[ $output == *'field path: type text'*'string number boolean'* ]]
  sql "delete from telltale.opcode where opcode in ('ours', 'plain')"
}

# --- tick, status --------------------------------------------------------------

@test "tick: all duties, or one; the command knows those there are" {
  telltale tick | awk '{ print $1 }' | diff - <(sql 'select duty from telltale.tick_duty()')
  [ "$(telltale tick leases)" = 'leases     0' ]
  [ "$(telltale tick leases --json)" = '[{"duty":"leases","done":0,"note":""}]' ]
  [ "$(telltale tick --json | jq length)" = 7 ]
  run -1 telltale tick lunch
  [[ $output == *"'lunch'"*'leases listeners'* ]]
}

@test "tick: a duty that failed is 1, and says why" {
  sql 'alter table telltale.listener rename to hidden'
  run -1 telltale tick
  sql 'alter table telltale.hidden rename to listener'
  [[ $output == *'listeners  failed'*'does not exist'*'retention  0'* ]]
}

@test "status: what is there" {
  telltale account add demo
  telltale submit --account demo --type video >/dev/null
  telltale tick leases
  telltale pause
  telltale pause --account demo --source 'the site'

  run -0 telltale status
  for line in "^database +$PGDATABASE on " '^schema +current$' '^accounts +1, with 0 keys$' '^jobs +1 queued, 0 processing' '^paused +all, by manual, since 20.*' '^paused +demo, by the site, since 20.*' '^webhooks +0 waiting, 0 dead$' '^tick +leases '; do
    grep -qE "$line" <<<"$output"
  done
  [ "$(telltale status --json | jq -c '[.pending, .jobs.queued, [.paused[] | .account, .source], .webhooks, .duties[0].duty]')" = '[[],1,[null,"manual","demo","the site"],{"waiting":0,"dead":0},"leases"]' ]
  telltale status --json | jq -e 'all(.paused[]; .since | startswith("20"))'
}
