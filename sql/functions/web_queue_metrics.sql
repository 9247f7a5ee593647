-- telltale.web_queue_metrics(key, scope)
--      returns (verdict, rate_per_minute, unused, document)
--
--      What workers last measured, as the rules of the schedule of the key's
--      account see it; what is too old for them is left out.  One row always;
--      verdict is one of telltale.web_key(), and document is null unless 'ok':
--
--      {"metrics": {NAME: VALUE, ..., "collected_at": SECONDS}}
--
--      with the time of the newest of them, in seconds since the epoch, or null
--      if there is none.
--
-- Called by:   cgi-bin/control, by lib/job/control
-- Reads:       as metric_list does

create or replace function telltale.web_queue_metrics(
    p_key   bytea,
    p_scope text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out document        jsonb)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_who record;
begin
    select k.* into v_who
      from telltale.web_key(p_key, p_scope) as k;
    verdict         := v_who.verdict;
    rate_per_minute := v_who.rate_per_minute;
    unused          := v_who.unused;
    if verdict <> 'ok' then
        return;
    end if;

    select jsonb_build_object('metrics',
               coalesce(jsonb_object_agg(m.name, m.value), '{}')
               || jsonb_build_object('collected_at', extract(epoch from max(m.collected_at))))
      into document
      from telltale.metric_list(v_who.account_id) as m
     where not m.stale;
end
$$;

comment on function telltale.web_queue_metrics(bytea, text) is
    'Judges the key, and shows what workers last measured.';

revoke all on function telltale.web_queue_metrics(bytea, text) from public;
grant execute on function telltale.web_queue_metrics(bytea, text) to telltale_web;
