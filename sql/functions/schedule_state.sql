-- telltale.schedule_state(bigint) returns jsonb
--
--      An account's schedule, and what there is to say of it now: enabled,
--      combine_mode, check_interval_seconds, rules (each with rule, operator,
--      value, enabled), conditions_met, warnings and rule_results as
--      schedule_look() has them.  Who has none is shown the defaults.
--
-- Called by:   schedule, schedule_set, web functions
-- Reads:       telltale.schedule, telltale.schedule_rule; as schedule_look

create or replace function telltale.schedule_state(p_account_id bigint)
returns jsonb
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (select jsonb_build_object(
                'enabled',                coalesce(s.enabled, false),
                'combine_mode',           coalesce(s.combine_mode, 'ALL'),
                'check_interval_seconds', coalesce(s.check_interval_seconds, 30),
                'rules',                  coalesce(r.list, '[]'),
                'conditions_met',         l.met,
                'warnings',               l.warnings,
                'rule_results',           l.results)
              from telltale.schedule_look(p_account_id) as l
              left join telltale.schedule as s on s.account_id = p_account_id
              left join lateral (
                   select jsonb_agg(jsonb_build_object(
                              'rule',     r.rule,
                              'operator', r.operator,
                              'value',    r.value,
                              'enabled',  r.enabled) order by r.n)
                     from telltale.schedule_rule as r
                    where r.account_id = p_account_id) as r (list) on true);
end
$$;

comment on function telltale.schedule_state(bigint) is
    'An account''s schedule, and what there is to say of it now.';

revoke all on function telltale.schedule_state(bigint) from public;
