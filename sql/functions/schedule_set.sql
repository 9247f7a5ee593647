-- telltale.schedule_set(bigint, jsonb) returns jsonb
--
--      Changes an account's schedule, looks at it at once, and returns it as
--      schedule_state() does.
--
--      A JSON object of up to 64 KiB.  What is missing keeps its value:
--
--      enabled                 does it count?  false
--      combine_mode            ALL, or ANY of the rules must be met; ALL
--      check_interval_seconds  5 to 3600; 30
--      rules                   a list of up to 32, in the place of those there
--                              were; schedule_rule_read() says what a rule is
--
--      What schedule_state() shows besides may be there, and is passed over: so
--      what was read can be changed and sent back.
--
-- Raises:      TT400 malformed, naming the place, such as rules[2].operator
-- Called by:   schedule, web functions
-- Writes:      telltale.schedule, telltale.schedule_rule; telltale.queue_control
--              and telltale.job_event, by schedule_check

create or replace function telltale.schedule_set(p_account_id bigint, p_schedule jsonb)
returns jsonb
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    c_keys constant text[] := '{enabled,combine_mode,check_interval_seconds,rules,
                                conditions_met,warnings,rule_results}';
    v_interval jsonb := p_schedule -> 'check_interval_seconds';
    v_rules    jsonb := p_schedule -> 'rules';
    v_wrong    text;
begin
    v_wrong := case
        when jsonb_typeof(p_schedule) = 'object' is not true then
            'a JSON object wanted'
        when p_schedule - c_keys <> '{}' then
            format('%s: there are %s and rules, and no such key',
                   left((select min(k.name) from jsonb_object_keys(p_schedule - c_keys) as k (name)), 80),
                   array_to_string(c_keys[1:3], ', '))
        when telltale.json_wrong(p_schedule, 65536) is not null then
            'JSON ' || telltale.json_wrong(p_schedule, 65536)
        when jsonb_typeof(p_schedule -> 'enabled') <> 'boolean' then
            'enabled: true or false wanted'
        when p_schedule -> 'combine_mode' not in ('"ALL"', '"ANY"') then
            'combine_mode: ALL or ANY wanted'
        when jsonb_typeof(v_interval) <> 'number'
          or v_interval not between '5' and '3600'
          or v_interval::numeric % 1 <> 0 then
            'check_interval_seconds: a whole number from 5 to 3600 wanted'
        when jsonb_typeof(v_rules) <> 'array' then
            'rules: a list wanted'
        when jsonb_array_length(v_rules) > 32 then
            format('rules: %s of them, up to 32 wanted', jsonb_array_length(v_rules))
        end;
    if v_wrong is null and v_rules is not null then
        select format('rules[%s]%s', r.n - 1, t.wrong)
          into v_wrong
          from jsonb_array_elements(v_rules) with ordinality as r (value, n)
         cross join telltale.schedule_rule_read(r.value) as t
         where t.wrong is not null
         order by r.n
         limit 1;
    end if;
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;

    perform telltale.queue_lock(p_account_id);
    insert into telltale.schedule (account_id)
    values (p_account_id)
        on conflict do nothing;
    update telltale.schedule as s
       set enabled      = coalesce((p_schedule -> 'enabled')::boolean, s.enabled),
           combine_mode = coalesce(p_schedule ->> 'combine_mode', s.combine_mode),
           check_interval_seconds = coalesce(v_interval::integer, s.check_interval_seconds),
           changed_at   = clock_timestamp()
     where s.account_id = p_account_id;
    if v_rules is not null then
        delete from telltale.schedule_rule as r where r.account_id = p_account_id;
        insert into telltale.schedule_rule (account_id, n, rule, operator, value, enabled)
        select p_account_id, r.n, t.rule, t.operator, t.value, t.enabled
          from jsonb_array_elements(v_rules) with ordinality as r (value, n)
         cross join telltale.schedule_rule_read(r.value) as t;
    end if;
    perform telltale.schedule_check(p_account_id);
    return telltale.schedule_state(p_account_id);
end
$$;

comment on function telltale.schedule_set(bigint, jsonb) is
    'Changes an account''s schedule, and looks at it at once.';

revoke all on function telltale.schedule_set(bigint, jsonb) from public;
