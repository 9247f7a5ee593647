-- telltale.metric_list(bigint) returns table (name, value, collected_at, stale)
--
--      What workers last measured, as the rules of an account's schedule see it:
--      its own goes before the machine's, unless it is stale, and the other is
--      not.  Stale is what was reported over five minutes ago.
--
-- Called by:   schedule_look
-- Reads:       telltale.queue_metric

create or replace function telltale.metric_list(p_account_id bigint)
returns table (name text, value jsonb, collected_at timestamptz, stale boolean)
language plpgsql stable rows 10
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select distinct on (m.name) m.name, m.value, m.collected_at, s.stale
      from telltale.queue_metric as m
     cross join lateral (
           select m.collected_at < clock_timestamp() - interval '5 minutes') as s (stale)
     where m.account_id = p_account_id
        or m.account_id is null
     order by m.name, s.stale, m.account_id nulls last;
end
$$;

comment on function telltale.metric_list(bigint) is
    'What workers last measured, as an account''s rules see it.';

revoke all on function telltale.metric_list(bigint) from public;
