-- telltale.webhook_claim(integer, interval, bigint[])
--      returns table (delivery_id, event_id, account_id, job_id, url, style,
--                     body, secret, previous_secret, attempt)
--
--      Deliveries that are due, to be tried now: up to p_max of them (1 to
--      1000; 10), what has been due for longest first.  They are the caller's
--      until the lease runs out (1 second to 1 hour; 60 seconds): until then
--      nobody else gets them, then somebody does.  Each attempt is counted when
--      it is claimed; after a twelfth of which nobody said what became of it,
--      a delivery is dead.
--
--      p_not  accounts that get none now: they have their share under way, and
--             a receiver that hangs holds up nobody else's deliveries
--
--      secret is the job's own, else the account's as it is now, which is made
--      where there was none; previous_secret is what the account's was before,
--      for as long as it signs besides, or null.
--
-- Called by:   what sends webhooks
-- Reads:       telltale.webhook
-- Writes:      telltale.webhook_delivery, telltale.webhook

create or replace function telltale.webhook_claim(
    p_max integer default 10, p_lease interval default '60 seconds',
    p_not bigint[] default '{}')
returns table (
    delivery_id bigint, event_id uuid, account_id bigint, job_id text, url text,
    style text, body text, secret text, previous_secret text, attempt integer)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_max   integer := least(greatest(coalesce(p_max, 10), 1), 1000);
    v_lease interval := least(greatest(coalesce(p_lease, interval '60 seconds'),
                                       interval '1 second'), interval '1 hour');
    v_now   timestamptz := clock_timestamp();
    v_ids   bigint[];
begin
    with due as materialized (
        select d.delivery_id
          from telltale.webhook_delivery as d
         where d.state = 'waiting'
           and d.next_at <= v_now
           and d.account_id <> all (coalesce(p_not, '{}'))
         order by d.next_at
         limit v_max
           for no key update skip locked),
    tried as (
        update telltale.webhook_delivery as d
           set attempts    = least(d.attempts + 1, 12),
               lease_until = case when d.attempts < 12 then v_now + v_lease end,
               next_at     = case when d.attempts < 12 then v_now + v_lease else d.next_at end,
               state       = case when d.attempts < 12 then 'waiting' else 'dead' end,
               done_at     = case when d.attempts < 12 then null else v_now end,
               last_status = case when d.attempts < 12 then d.last_status end,
               last_error  = case when d.attempts < 12 then d.last_error
                                  else 'nobody said what became of the last attempt' end
          from due
         where d.delivery_id = due.delivery_id
        returning d.delivery_id, d.state)
    select array_agg(t.delivery_id)
      into v_ids
      from tried as t
     where t.state = 'waiting';

    -- In one order, so that two who do this do not wait for each other.
    insert into telltale.webhook (account_id, secret)
    select a.account_id, telltale.webhook_secret()
      from (select distinct d.account_id
              from telltale.webhook_delivery as d
             where d.delivery_id = any (v_ids)
               and d.secret is null
               and not exists (select from telltale.webhook as w
                                where w.account_id = d.account_id)
             order by d.account_id) as a
    on conflict do nothing;

    return query
    select d.delivery_id, d.event_id, d.account_id, d.job_id, d.url, d.style,
           d.body, coalesce(d.secret, w.secret),
           case when d.secret is null and w.previous_until > v_now
                then w.previous_secret end,
           d.attempts
      from telltale.webhook_delivery as d
      left join telltale.webhook as w on w.account_id = d.account_id
     where d.delivery_id = any (v_ids)
     order by d.delivery_id;
end
$$;

comment on function telltale.webhook_claim(integer, interval, bigint[]) is
    'Deliveries that are due, the caller''s until the lease runs out.';

revoke all on function telltale.webhook_claim(integer, interval, bigint[]) from public;
grant execute on function telltale.webhook_claim(integer, interval, bigint[])
    to telltale_webhook, telltale_admin;
