-- telltale.webhook_next(bigint[]) returns interval
--
--      How long until a delivery is due, or a lease runs out: zero if one is
--      already, null if none waits.  What is new rings: LISTEN telltale_webhook.
--      Those of the accounts in p_not are left out, as webhook_claim() does.
--
-- Called by:   what sends webhooks
-- Reads:       telltale.webhook_delivery

create or replace function telltale.webhook_next(p_not bigint[] default '{}')
returns interval
language sql stable
security definer set search_path = pg_catalog, pg_temp
begin atomic
    select greatest(min(d.next_at) - clock_timestamp(), interval '0')
      from telltale.webhook_delivery as d
     where d.state = 'waiting'
       and d.account_id <> all (coalesce(p_not, '{}'))
    having min(d.next_at) is not null;
end;

comment on function telltale.webhook_next(bigint[]) is
    'How long until a delivery is due; null if none waits.';

revoke all on function telltale.webhook_next(bigint[]) from public;
grant execute on function telltale.webhook_next(bigint[])
    to telltale_webhook, telltale_admin;
