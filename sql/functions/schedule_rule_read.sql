-- telltale.schedule_rule_read(jsonb) returns (rule, operator, value, enabled, wrong)
--
--      A rule of a schedule, as telltale.schedule_rule keeps it; or what is
--      wrong with it: the place in it, a colon and what is wanted there.
--
--      rule      time_window, or the name of a metric: a letter and up to 63 of
--                a-z 0-9 _
--      operator  gte lte gt lt eq in, or as signs >= <= > < ==
--      value     a number; with eq also a string or boolean; with in a list of
--                1 to 32 of these.  Of a time_window, which has no operator but
--                in: {"start": "HH:MM", "end": "HH:MM"}, the end is outside, and
--                past midnight if it is not after the start; and "timezone", a
--                name like Europe/Berlin; UTC.
--      enabled   true, unless it says false
--
-- Called by:   schedule_set

create or replace function telltale.schedule_rule_read(
    p_rule jsonb,
    out rule     text,
    out operator text,
    out value    jsonb,
    out enabled  boolean,
    out wrong    text)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    c_signs constant jsonb :=
        '{">=": "gte", "<=": "lte", ">": "gt", "<": "lt", "==": "eq"}';
    v_type text;
begin
    if jsonb_typeof(p_rule) <> 'object' then
        wrong := ': an object wanted';
        return;
    end if;
    rule     := p_rule ->> 'rule';
    operator := coalesce(c_signs ->> (p_rule ->> 'operator'), p_rule ->> 'operator');
    value    := p_rule -> 'value';
    enabled  := coalesce(p_rule -> 'enabled', 'true') = 'true';
    v_type   := coalesce(jsonb_typeof(value), 'missing');

    wrong := case
        when p_rule - '{rule,operator,value,enabled}'::text[] <> '{}' then
            format('.%s: there are rule, operator, value and enabled, and no such key',
                   left((select min(k.name) from jsonb_object_keys(
                            p_rule - '{rule,operator,value,enabled}'::text[]) as k (name)), 80))
        when jsonb_typeof(p_rule -> 'rule') = 'string' is not true
          or rule !~ '^[a-z][a-z0-9_]{0,63}$' then
            '.rule: time_window wanted, or the name of a metric: a letter and up to 63 of a-z 0-9 _'
        when jsonb_typeof(p_rule -> 'operator') = 'string' is not true
          or operator not in ('gte', 'lte', 'gt', 'lt', 'eq', 'in') then
            '.operator: one of gte lte gt lt eq in or >= <= > < == wanted'
        when jsonb_typeof(p_rule -> 'enabled') <> 'boolean' then
            '.enabled: true or false wanted'
        when rule = 'time_window' and operator <> 'in' then
            '.operator: in wanted, of a time_window'
        when rule = 'time_window' and v_type <> 'object' then
            '.value: {"start": "HH:MM", "end": "HH:MM"} wanted, of a time_window'
        when rule = 'time_window' then null
        when operator = 'in' and v_type <> 'array' then
            '.value: a list of numbers, strings or booleans wanted, with in'
        when operator = 'in' and (
                jsonb_array_length(value) not between 1 and 32
             or jsonb_path_exists(value, 'strict $[*] ? (@.type() == "object"
                    || @.type() == "array" || @.type() == "null")')) then
            '.value: 1 to 32 numbers, strings or booleans wanted'
        when operator = 'in' then null
        when operator = 'eq' and v_type not in ('number', 'string', 'boolean') then
            '.value: a number, string or boolean wanted, with eq'
        when operator <> 'eq' and v_type <> 'number' then
            format('.value: a number wanted, with %s', operator)
        end;
    if wrong is null and rule = 'time_window' then
        value := jsonb_build_object('timezone', 'UTC') || value;
        wrong := telltale.time_window_wrong(value);
    end if;
end
$$;

comment on function telltale.schedule_rule_read(jsonb) is
    'A rule of a schedule as it is kept, or what is wrong with it.';

revoke all on function telltale.schedule_rule_read(jsonb) from public;
