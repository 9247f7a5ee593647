-- telltale.schedule_look(bigint) returns (met, results, warnings)
--
--      May an account's queue run now, as its schedule says, if that counts?
--      met is true if all of its enabled rules are met, or any one of them, by
--      its combine_mode; or if there is no rule to judge by.
--
--      results   a JSON array, an object for each enabled rule: rule, operator,
--                value, actual (what was measured, or the time there) and met
--      warnings  a JSON array of sentences, of rules that are passed over: a
--                metric that was never reported, or not lately, or is of another
--                type, must not stop a queue for ever.  Their met is null.
--
-- Called by:   schedule_check, schedule_state
-- Reads:       telltale.schedule, telltale.schedule_rule; metric_list

create or replace function telltale.schedule_look(
    p_account_id bigint,
    out met      boolean,
    out results  jsonb,
    out warnings jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now   timestamptz := clock_timestamp();
    v_rule  record;
    v_time  time;
    v_met   boolean;
    v_wrong text;
begin
    results  := '[]';
    warnings := '[]';
    for v_rule in
        select r.rule, r.operator, r.value, m.value as actual, m.stale,
               s.combine_mode = 'ALL' as all_of
          from telltale.schedule as s
          join telltale.schedule_rule as r on r.account_id = s.account_id
          left join telltale.metric_list(p_account_id) as m on m.name = r.rule
         where s.account_id = p_account_id
           and r.enabled
         order by r.n
    loop
        v_wrong := null;
        if v_rule.rule = 'time_window' then
            begin
                v_time := v_now at time zone (v_rule.value ->> 'timezone');
                v_rule.actual := to_jsonb(to_char(v_time, 'HH24:MI'));
                v_met := case when (v_rule.value ->> 'start')::time < (v_rule.value ->> 'end')::time
                    then v_time >= (v_rule.value ->> 'start')::time
                     and v_time <  (v_rule.value ->> 'end')::time
                    else v_time >= (v_rule.value ->> 'start')::time
                      or v_time <  (v_rule.value ->> 'end')::time end;
            exception when invalid_parameter_value then
                v_wrong := format('PostgreSQL does not know the time zone %L any more',
                                  v_rule.value ->> 'timezone');
            end;
        elsif v_rule.actual is null then
            v_wrong := 'it was never reported';
        elsif v_rule.stale then
            v_wrong := 'it was not reported for five minutes';
        elsif not jsonb_path_query_array(v_rule.value, '$[*].type()')
                  ? jsonb_typeof(v_rule.actual) then
            v_wrong := format('a %s was reported', jsonb_typeof(v_rule.actual));
        else
            v_met := case v_rule.operator
                when 'eq'  then v_rule.actual =  v_rule.value
                when 'gte' then v_rule.actual >= v_rule.value
                when 'lte' then v_rule.actual <= v_rule.value
                when 'gt'  then v_rule.actual >  v_rule.value
                when 'lt'  then v_rule.actual <  v_rule.value
                when 'in'  then v_rule.value @> jsonb_build_array(v_rule.actual)
                end;
        end if;

        if v_wrong is not null then
            v_met    := null;
            warnings := warnings || to_jsonb(format('%s: %s; its rule is passed over',
                                                    v_rule.rule, v_wrong));
        end if;
        met := case when v_met is null then met
                    when met is null   then v_met
                    when v_rule.all_of then met and v_met
                    else met or v_met end;
        results := results || jsonb_build_object(
            'rule',     v_rule.rule,
            'operator', v_rule.operator,
            'value',    v_rule.value,
            'actual',   v_rule.actual,
            'met',      v_met);
    end loop;
    met := coalesce(met, true);
end
$$;

comment on function telltale.schedule_look(bigint) is
    'May an account''s queue run now, as its schedule says?';

revoke all on function telltale.schedule_look(bigint) from public;
