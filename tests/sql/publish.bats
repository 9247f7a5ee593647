#!/usr/bin/env bats
# What an application says of itself: publish, and the words there are.
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

setup_file() { load helpers; fresh; }

setup() {
  load helpers
  reset
  sql "delete from telltale.opcode where opcode = 'ours'"
}

teardown_file() { drop; }

@test "publish: an event of the account's queue, with the opcode and the data as they are" {
  as telltale_worker "select telltale.publish('demo', 'file_failed',
    '{\"path\": \"/a b/é.txt\", \"filename\": \"é.txt\", \"error\": \"no\", \"more\": [1, null, {\"x\": 1.50}]}')"

  [ "$(sql "select a.name, e.job, e.job_id, e.type, e.seq, e.kind from telltale.job_event as e join telltale.account as a using (account_id)")" = 'demo|||||notice' ]
  prints sql 'select told()' <<<'notice {"data": {"more": [1, null, {"x": 1.50}], "path": "/a b/é.txt", "error": "no", "filename": "é.txt"}, "opcode": "file_failed"}'
}

@test "publish: without data there is none" {
  sql "select telltale.publish('demo', 'shutting_down'), telltale.publish('demo', 'status_update', null)" >/dev/null
  prints sql 'select told()' <<<'notice {"data": {}, "opcode": "shutting_down"}
notice {"data": {}, "opcode": "status_update"}'
}

# All that seed 004 lists, with the fields that it lists.
seed() {
  cat <<'END'
directory_deleted path
directory_moved src_path dest_path
directory_processing_completed path
directory_processing_started path
error message
file_complete path filename
file_created path
file_deleted path
file_embedded path filename
file_embedding path filename
file_failed path filename error
file_modified path
file_moved src_path dest_path
file_parsed path filename
file_parsing path filename
file_skipped path filename reason
file_summarized path filename
file_summarizing path filename
info message
queue_item_added id file_path action status
queue_item_completed id file_path action status
queue_item_failed id file_path action error
queue_item_processing id file_path action status
queue_item_removed id file_path action status
queue_item_updated id file_path action status
queue_paused source
queue_resumed source
scheduler_paused
scheduler_resumed
shutting_down
status_update
watch_added path
watch_removed path
watch_started path recursive
END
}

@test "publish: every opcode of the seed, with its fields; without one of them it is refused by its name" {
  diff <(seed | cut -d ' ' -f 1) <(sql 'select opcode from telltale.opcode order by 1')

  seed | while read -r opcode fields; do
    data=$(for field in $fields; do
      case $field in
      recursive) echo "$field" true ;;
      *) echo "$field" '"x"' ;;
      esac
    done | jq -nRc '[inputs | split(" ") | {(.[0]): .[1] | fromjson}] | add // {}')
    echo "select telltale.publish('demo', '$opcode', '$data');"
    for field in $fields; do
      # The file of a job may be unknown.
      [ "$field" != file_path ] || continue
      lacks=$(jq -c "del(.$field)" <<<"$data")
      echo "select 'taken: $opcode $lacks' from outcome(\$q\$select telltale.publish('demo', '$opcode', '$lacks')\$q\$)
             where state <> 'TT400' or message not like 'opcode $opcode: data.$field is missing: % wanted';"
    done
  done >"$BATS_TEST_TMPDIR/all.sql"
  psql -XqAt -v ON_ERROR_STOP=1 -f "$BATS_TEST_TMPDIR/all.sql" | { ! grep .; }

  diff <(seed | cut -d ' ' -f 1) <(sql "select data->>'opcode' from telltale.job_event order by event_id")
}

@test "publish: each type is judged; with ? a field may be null or missing" {
  sql "select telltale.opcode_add('ours', '{\"s\": \"string\", \"n\": \"number?\", \"b\": \"boolean?\", \"o\": \"object?\", \"a\": \"array?\", \"x\": \"any\"}')" >/dev/null
  while IFS='|' read -r data says; do
    run sql "select coalesce(nullif(state, '00000') || ' ' || message, 'ok') from outcome(\$q\$select telltale.publish('demo', 'ours', '$data')\$q\$)"
    [ "$output" = "${says/#data/TT400 opcode ours: data}" ] || { echo "$data: $output"; false; }
  done <<'END'
{"s": "", "x": 0}|ok
{"s": "a", "x": [], "n": 1.5, "b": false, "o": {}, "a": [1]}|ok
{"s": "a", "x": {}, "n": null, "b": null, "o": null, "a": null, "y": 1}|ok
{"x": 0}|data.s is missing: string wanted
{"s": null, "x": 0}|data.s is of type null: string wanted
{"s": 1, "x": 0}|data.s is of type number: string wanted
{"s": "a", "x": null}|data.x is of type null: any wanted
{"s": "a"}|data.x is missing: any wanted
{"s": "a", "x": 0, "n": "1"}|data.n is of type string: number? wanted
{"s": "a", "x": 0, "b": 1}|data.b is of type number: boolean? wanted
{"s": "a", "x": 0, "o": []}|data.o is of type array: object? wanted
{"s": "a", "x": 0, "a": {}}|data.a is of type object: array? wanted
END
}

@test "publish: what is malformed, unknown or not for others is refused" {
  sql "select telltale.account_set('other', p_terminated => true)" >/dev/null

  refused <<'END'
TT404 select telltale.publish(null, null, null)
TT404 select telltale.publish('nobody', 'info', '{"message": "x"}')
TT403 select telltale.publish('other', 'info', '{"message": "x"}')
TT400 select telltale.publish('demo', null, '{}')
TT400 select telltale.publish('demo', '', '{}')
TT400 select telltale.publish('demo', 'INFO', '{"message": "x"}')
TT400 select telltale.publish('demo', 'no_such_word')
TT400 select telltale.publish('demo', repeat('x', 10000000))
TT400 select telltale.publish('demo', 'status_update', 'null')
TT400 select telltale.publish('demo', 'status_update', '"x"')
TT400 select telltale.publish('demo', 'status_update', '1')
TT400 select telltale.publish('demo', 'status_update', '[]')
TT400 select telltale.publish('demo', 'info')
TT400 select telltale.publish('demo', 'info', '{"message": {"message": "x"}}')
TT400 select telltale.publish('demo', 'info', jsonb_build_object('message', repeat('x', 65536)))
TT400 select telltale.publish('demo', 'status_update', jsonb_build_object('x', array(select generate_series(1, 20000))))
TT400 select telltale.publish('demo', 'status_update', '{"x": 1e131000}')
TT400 select telltale.publish('demo', 'status_update', '{"x": [[-1e19]]}')
TT400 select telltale.publish('demo', 'status_update', (repeat('{"x": ', 33) || 1 || repeat('}', 33))::jsonb)
TT400 select telltale.publish('demo', 'status_update', ('{"x": ' || repeat('[', 3000) || repeat(']', 3000) || '}')::jsonb)
22P02 select telltale.publish('demo', 'info', '{"message": "x"')
22P05 select telltale.publish('demo', 'info', '{"message": "\u0000"}')
22P02 select telltale.publish('demo', 'info', '{"message": "\ud800"}')
54001 select telltale.publish('demo', 'status_update', ('{"x": ' || repeat('[', 1000000) || repeat(']', 1000000) || '}')::jsonb)
END
}

@test "publish: up to 64 KiB, 32 deep, and the whole range of 64 bits" {
  sql "select telltale.publish('demo', 'info', jsonb_build_object('message', repeat('x', 65536 - 15))),
              telltale.publish('demo', 'status_update', (repeat('{\"x\": ', 32) || 1 || repeat('}', 32))::jsonb),
              telltale.publish('demo', 'status_update', '{\"x\": [9223372036854775807, -9223372036854775808, 1e-300]}')" >/dev/null
  [ "$(sql "select octet_length((data->'data')::text) from telltale.job_event order by event_id limit 1")" = 65536 ]
  [ "$(sql "select count(*) from telltale.job_event")" = 3 ]
}

@test "publish: a refusal names the value and the remedy" {
  run ! as telltale_worker "select telltale.publish('demo', 'file_burnt', '{}')"
  [[ $output == *"there is no opcode 'file_burnt'"*'telltale opcode list'* ]]
}

@test "publish: a burst of 10,000 in one transaction is whole and in order; rolled back it is nothing" {
  sql "begin;
       select count(telltale.publish('demo', 'status_update', jsonb_build_object('n', n))) from generate_series(1, 10000) as n;
       rollback" >/dev/null
  sql "select count(telltale.publish('demo', 'status_update', jsonb_build_object('n', n))) from generate_series(1, 10000) as n" >/dev/null

  [ "$(sql "select count(*), count(distinct xid), bool_and((data #> '{data,n}')::integer = n)
              from (select *, row_number() over (order by event_id) as n from telltale.job_event) as e")" = '10000|1|t' ]
}

@test "publish: the doorbell is rung while a hub sleeps, and not otherwise" {
  session hub
  tell hub 'listen telltale;'
  sql "select telltale.publish('demo', 'status_update')" >/dev/null
  [ "$(tell hub 'select 1;')" = 1 ]
  sql "insert into telltale.listener_sleep values (1, true); select telltale.publish('demo', 'status_update')" >/dev/null
  [[ $(tell hub 'select 1;') == *'Asynchronous notification "telltale"'* ]]
  leave hub
}

# --- the words -------------------------------------------------------------------

@test "opcode_add: once and again, otherwise, and replaced only when asked" {
  add() { as telltale_admin "select telltale.opcode_add($1)"; }
  [ "$(add "'ours', '{\"a\": \"string\"}', 'What we do'")" = t ]
  [ "$(add "'ours', '{\"a\": \"string\"}', 'What we do'")" = f ]
  [ "$(add "'ours', '{\"a\": \"string\"}'")" = f ]
  [ "$(add "'ours', '{\"a\": \"string\"}', 'What we really do'")" = t ]

  run ! add "'ours', '{\"a\": \"string?\"}'"
  [[ $output == *'there is an opcode ours with the fields {"a": "string"}'*'--replace'* ]]
  [ "$(sql "select fields, description from telltale.opcode where opcode = 'ours'")" = '{"a": "string"}|What we really do' ]

  [ "$(add "'ours', '{\"a\": \"string?\"}', p_replace => true")" = t ]
  [ "$(add "'ours', '{\"a\": \"string?\"}', p_replace => true")" = f ]
  [ "$(sql "select fields, description from telltale.opcode where opcode = 'ours'")" = '{"a": "string?"}|What we really do' ]
  [ "$(add "'ours2'")$(sql "select fields from telltale.opcode where opcode = 'ours2'")" = 't{}' ]
  sql "delete from telltale.opcode where opcode = 'ours2'"
}

@test "opcode_add: what is malformed is refused" {
  sql "select telltale.opcode_add('ours')" >/dev/null

  refused <<'END'
TT400 select telltale.opcode_add(null)
TT400 select telltale.opcode_add('')
TT400 select telltale.opcode_add('Ours')
TT400 select telltale.opcode_add('2fast')
TT400 select telltale.opcode_add('a b')
TT400 select telltale.opcode_add(E'ours\n')
TT400 select telltale.opcode_add(repeat('x', 65))
TT400 select telltale.opcode_add('x', '[]')
TT400 select telltale.opcode_add('x', '"string"')
TT400 select telltale.opcode_add('x', '{"a": "text"}')
TT400 select telltale.opcode_add('x', '{"a": ""}')
TT400 select telltale.opcode_add('x', '{"a": "?"}')
TT400 select telltale.opcode_add('x', '{"a": "any??"}')
TT400 select telltale.opcode_add('x', '{"a": "string number"}')
TT400 select telltale.opcode_add('x', '{"a": null}')
TT400 select telltale.opcode_add('x', '{"a": ["string"]}')
TT400 select telltale.opcode_add('x', '{"": "string"}')
TT400 select telltale.opcode_add('x', '{"a\nb": "string"}')
TT400 select telltale.opcode_add('x', jsonb_build_object(repeat('x', 65), 'string'))
TT400 select telltale.opcode_add('x', (select jsonb_object_agg(n, 'string') from generate_series(1, 33) as n))
TT400 select telltale.opcode_add('x', '{}', repeat('x', 201))
TT400 select telltale.opcode_add('x', '{}', E'two\nlines')
TT409 select telltale.opcode_add('ours', '{"a": "string"}')
TT409 select telltale.opcode_add('ours', '{"a": "string"}', p_replace => null)
END
}

@test "opcode_add: two at once are as one" {
  session other
  tell other "begin; select telltale.opcode_add('ours', '{\"a\": \"string\"}');"
  sql "select telltale.opcode_add('ours', '{\"a\": \"string\"}')" >"$BATS_TEST_TMPDIR/said" 3>&- &
  until_blocked
  tell other 'commit;'
  leave other
  wait $!
  [ "$(cat "$BATS_TEST_TMPDIR/said")" = f ]
}
