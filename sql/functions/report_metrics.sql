-- telltale.report_metrics(jsonb, text) returns void
--
--      What a worker has measured, for the rules of schedules: it counts for
--      five minutes, and what is not named stays as it was.
--
--      metrics  a JSON object of 1 to 64 names, each a letter and up to 63 of
--               a-z 0-9 _, with a number, a string of up to 256 characters, or a
--               boolean.  Seed 004 knows battery_level, power_source, cpu_idle,
--               cpu_percent, cpu_temperature and fan_speed.
--      account  whose queue it is about; null for the machine, so for everybody
--               of whom the same was not measured
--
-- Raises:      TT400 malformed, TT403 account terminated, TT404 no such account
-- Called by:   workers
-- Writes:      telltale.queue_metric

create or replace function telltale.report_metrics(
    metrics jsonb, account text default null)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_account telltale.account;
    v_names   bigint;
    v_wrong   text;
begin
    if report_metrics.account is not null then
        v_account := telltale.account_find(report_metrics.account);
        if v_account.terminated_at is not null then
            raise exception using errcode = 'TT403', message =
                format('account %s is terminated', v_account.name);
        end if;
    end if;

    if jsonb_typeof(metrics) = 'object' is not true then
        v_wrong := format('metrics is of type %s: object wanted',
                          coalesce(jsonb_typeof(metrics), 'null'));
    else
        v_wrong := 'metrics ' || telltale.json_wrong(metrics, 65536);
    end if;
    if v_wrong is null then
        select count(*) over (), case
               when m.name !~ '^[a-z][a-z0-9_]{0,63}$' then
                   format('metric %L: a letter and up to 63 of a-z 0-9 _ wanted',
                          left(m.name, 80))
               when jsonb_typeof(m.value) not in ('number', 'string', 'boolean') then
                   format('metric %s is of type %s: number, string or boolean wanted',
                          m.name, jsonb_typeof(m.value))
               when length(m.value #>> '{}') > 256 then
                   format('metric %s of %s characters: up to 256 wanted',
                          m.name, length(m.value #>> '{}'))
               end as wrong
          into v_names, v_wrong
          from jsonb_each(metrics) as m (name, value)
         order by wrong nulls last
         limit 1;
        if v_names between 1 and 64 is not true then
            v_wrong := format('metrics with %s names: 1 to 64 wanted', coalesce(v_names, 0));
        end if;
    end if;
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;

    -- A jsonb has its keys in the same order always, so two workers do not wait
    -- for each other.
    insert into telltale.queue_metric as q (account_id, name, value, collected_at)
    select v_account.account_id, m.name, m.value, clock_timestamp()
      from jsonb_each(metrics) as m (name, value)
        on conflict (account_id, name) do update
       set value = excluded.value, collected_at = excluded.collected_at;
end
$$;

comment on function telltale.report_metrics(jsonb, text) is
    'What a worker has measured, for the rules of schedules.';

revoke all on function telltale.report_metrics(jsonb, text) from public;
grant execute on function telltale.report_metrics(jsonb, text)
    to telltale_worker, telltale_admin;
