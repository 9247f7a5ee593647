-- telltale.tick_forget() returns bigint
--
--      Deletes idempotency keys of over 24 hours ago, webhook deliveries that
--      were done over 7 days ago, metrics that nobody has reported for a day, and
--      secrets that are valid no longer: up to 10,000 of each, passing over those
--      that somebody is at.  Returns how many.
--
-- Called by:   tick
-- Writes:      telltale.idempotency_key, telltale.webhook_delivery,
--              telltale.queue_metric, telltale.webhook

create or replace function telltale.tick_forget()
returns bigint
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_done bigint := 0;
    v_rows bigint;
begin
    delete from telltale.idempotency_key as k
     where k.ctid = any (array(
           select o.ctid
             from telltale.idempotency_key as o
            where o.created_at <= clock_timestamp() - interval '24 hours'
            limit 10000
              for update skip locked));
    get diagnostics v_rows = row_count;
    v_done := v_done + v_rows;

    delete from telltale.webhook_delivery as d
     where d.ctid = any (array(
           select o.ctid
             from telltale.webhook_delivery as o
            where o.done_at < clock_timestamp() - interval '7 days'
            limit 10000
              for update skip locked));
    get diagnostics v_rows = row_count;
    v_done := v_done + v_rows;

    delete from telltale.queue_metric as m
     where m.ctid = any (array(
           select o.ctid
             from telltale.queue_metric as o
            where o.collected_at < clock_timestamp() - interval '1 day'
            limit 10000
              for update skip locked));
    get diagnostics v_rows = row_count;
    v_done := v_done + v_rows;

    update telltale.webhook as w
       set previous_secret = null, previous_until = null
     where w.account_id in (
           select o.account_id
             from telltale.webhook as o
            where o.previous_until <= clock_timestamp()
            limit 10000
              for update skip locked);
    get diagnostics v_rows = row_count;
    return v_done + v_rows;
end
$$;

comment on function telltale.tick_forget() is
    'Deletes what need not be remembered any more.';

revoke all on function telltale.tick_forget() from public;
