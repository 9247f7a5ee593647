#!/usr/bin/env bats
# Whatever workers and operators pass to the functions of the queue: the answer is
# one of ours, and what was refused has changed nothing.

setup_file() { load helpers; fresh; }

setup() { load helpers; reset; }

teardown_file() { drop; }

# Arguments, by type, as SQL.
pool() {
  cat <<'END'
text null
text ''
text ' '
text 'demo'
text 'other'
text 'gone'
text 'info'
text 'file_moved'
text 'ours'
text 'Robert''); drop table telltale.job; --'
text '\'
text E'\x01\x1b[2J'
text E'two\nlines'
text 'NULL'
text '%s%n%1$s'
text '../../etc/passwd'
text '{"message": "x"}'
text U&'\202Etxet'
text repeat('x', 65)
text repeat('ü', 300)
text repeat('x', 1000000)
jsonb null
jsonb 'null'
jsonb 'true'
jsonb '0'
jsonb '-1e131000'
jsonb '1e-16000'
jsonb '""'
jsonb '[]'
jsonb '[null, {}, [[]]]'
jsonb '{}'
jsonb '{"": null}'
jsonb '{"message": "x"}'
jsonb '{"message": null, "message ": 1}'
jsonb '{"message": {"message": []}}'
jsonb '{"a": "string", "b": "any?", "c": "number"}'
jsonb '{"a": "string", "b": ["any"]}'
jsonb '{"cpu_percent": 5, "power_source": "ac", "on": true}'
jsonb '{"cpu_percent": {"x": 1}}'
jsonb '{"__proto__": {"x": 1}, "constructor": null}'
jsonb '{"enabled": true, "rules": [{"rule": "m", "operator": "<", "value": 1}]}'
jsonb '{"enabled": [], "rules": [{"rule": {}, "operator": [], "value": {}}]}'
jsonb '{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "00:00", "end": "24:00", "timezone": "\\u0000"}}]}'
jsonb '{"rules": [{"rule": "time_window", "operator": "in", "value": {"start": "'' or 1=1", "end": "infinity", "timezone": "-infinity"}}]}'
jsonb '{"rules": [{"rule": "m", "operator": "in", "value": [1e300, -1e300, "1"]}], "combine_mode": "ANY"}'
jsonb '{"check_interval_seconds": 1e300}'
jsonb '{"check_interval_seconds": 3599.999999999999999999999999999999}'
jsonb (repeat('[', 3000) || repeat(']', 3000))::jsonb
jsonb ('{"rules": ' || repeat('[', 3000) || repeat(']', 3000) || '}')::jsonb
jsonb (repeat('{"message": ', 3000) || '"x"' || repeat('}', 3000))::jsonb
jsonb jsonb_build_object('message', repeat('x', 1000000))
jsonb jsonb_build_object(repeat('k', 1000000), 'string')
jsonb jsonb_build_object('rules', array(select '{}'::jsonb from generate_series(1, 10000)))
jsonb (select jsonb_object_agg('m' || n, n) from generate_series(1, 10000) as n)
boolean null
boolean true
boolean false
END
}

@test "any argument with any other: an answer of ours, or nothing was wrong with it" {
  sql "select telltale.account_add('gone'), telltale.account_set('gone', p_terminated => true), telltale.opcode_add('ours')" >/dev/null
  sql "create table pool (type text, value text);
       create table answer (call text, state text, message text, kept boolean)"
  pool | sed 's/ /\t/' | psql -Xq -c "copy pool from stdin (format csv, delimiter E'\t', quote E'\x02')"

  # Of two arguments each with each; of more, a choice that is always the same.
  psql -XqAt -v ON_ERROR_STOP=1 >/dev/null <<'END'
select setseed(0.5);
create table call as
select p.proname as name, format('select telltale.%I(%s)', p.proname, string_agg(v.value, ', ' order by a.n)) as text
  from pg_proc as p
 cross join generate_series(1, 600) as call (n)
 cross join lateral unnest(p.proargtypes) with ordinality as a (type, n)
 cross join lateral (
       select o.value from pool as o
        where o.type = format_type(a.type, null) and call.n > 0 and a.n > 0
        order by random() limit 1) as v
 where p.pronamespace = 'telltale'::regnamespace
   and p.proname in ('publish', 'opcode_add', 'pause', 'resume', 'report_metrics', 'schedule')
 group by p.oid, p.proname, call.n;
do $$
declare
    v_call   record;
    v_answer record;
    v_before text;
begin
    for v_call in select distinct name, text from call order by 1, 2 loop
        v_before := fingerprint();
        v_answer := outcome(v_call.text);
        insert into answer values (v_call.text, v_answer.state, v_answer.message, v_before = fingerprint());
    end loop;
end
$$;
END

  # Both kinds of answer were given, by each; and no other.
  [ "$(sql "select count(*) from answer")" -gt 1000 ]
  prints sql "select left(call, 30), state from answer
               where state not in ('00000', 'TT400', 'TT403', 'TT404', 'TT409') group by 1, 2" </dev/null
  [ "$(sql "select count(distinct c.name || (a.state = '00000')) from answer as a join call as c on c.text = a.call")" = 12 ]

  # What was refused is as if it had not been said, and who said it is told why.
  prints sql "select call, message from answer where state <> '00000' and not kept" </dev/null
  prints sql "select call from answer where state <> '00000' and (message = '' or length(message) > 500)" </dev/null
}

@test "all of it null" {
  refused <<'END'
TT404 select telltale.publish(null, null, null)
TT400 select telltale.opcode_add(null, null, null, null)
TT400 select telltale.report_metrics(null, null)
TT404 select telltale.schedule(null, null)
END
  # Null is the whole server, and that is what the operator says by it.
  [ "$(sql 'select telltale.resume(null, null), telltale.pause(null, null), telltale.resume(null, null)')" = 'f|t|t' ]
}
