-- telltale.webhook_retry(bigint, text) returns bigint
--
--      That delivery is due at once: a dead one with twelve attempts again, a
--      waiting one with those it has.  Without a number: all that are dead, of
--      that account or of all.  Returns how many.
--
-- Raises:      TT404 no such delivery or account, TT409 delivered already, or
--              on its way
-- Called by:   bin/telltale
-- Reads:       telltale.account
-- Writes:      telltale.webhook_delivery; NOTIFY telltale_webhook

create or replace function telltale.webhook_retry(
    p_delivery_id bigint default null, p_account text default null)
returns bigint
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now      timestamptz := clock_timestamp();
    v_account  bigint;
    v_delivery telltale.webhook_delivery;
    v_done     bigint;
begin
    if p_account is not null then
        select a.account_id
          into v_account
          from telltale.account as a
         where a.name = p_account;
        if not found then
            raise exception using errcode = 'TT404', message =
                format('there is no account %L', left(p_account, 80));
        end if;
    end if;
    if p_delivery_id is not null then
        select d.*
          into v_delivery
          from telltale.webhook_delivery as d
         where d.delivery_id = p_delivery_id
           and (v_account is null or d.account_id = v_account)
           for no key update;
        if not found then
            raise exception using errcode = 'TT404',
                message = format('there is no delivery %s', p_delivery_id),
                hint = 'telltale webhook list names them.';
        elsif v_delivery.state = 'delivered' then
            raise exception using errcode = 'TT409', message =
                format('delivery %s was delivered', p_delivery_id);
        elsif v_delivery.lease_until > v_now then
            raise exception using errcode = 'TT409', message =
                format('delivery %s is on its way', p_delivery_id);
        end if;
    end if;

    update telltale.webhook_delivery as d
       set attempts    = case d.state when 'dead' then 0 else d.attempts end,
           state       = 'waiting',
           next_at     = v_now,
           lease_until = null,
           done_at     = null
     where case when p_delivery_id is not null
                then d.delivery_id = p_delivery_id
                else d.state = 'dead' and (v_account is null or d.account_id = v_account) end;
    get diagnostics v_done = row_count;
    if v_done > 0 then
        perform pg_notify('telltale_webhook', '');
    end if;
    return v_done;
end
$$;

comment on function telltale.webhook_retry(bigint, text) is
    'That delivery, or all that are dead, are due at once.';

revoke all on function telltale.webhook_retry(bigint, text) from public;
grant execute on function telltale.webhook_retry(bigint, text) to telltale_admin;
