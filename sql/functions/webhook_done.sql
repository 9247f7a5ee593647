-- telltale.webhook_done(bigint, integer, boolean, integer, text) returns text
--
--      What became of an attempt: the delivery is delivered, or waits for the
--      next attempt (webhook_wait), or was given up and is dead: after the last
--      attempt, or because the receiver said 410 Gone.  Returns that:
--      'delivered', 'waiting' or 'dead'; null if the attempt is not the last
--      one, or was told of before: then nothing is changed.
--
--      p_delivery_id, p_attempt  as webhook_claim() gave them
--      p_delivered               did the receiver take it?
--      p_status                  its HTTP status; null if there was none
--      p_error                   why not, for a person; cut after 1000 characters
--
-- Called by:   what sends webhooks
-- Writes:      telltale.webhook_delivery

create or replace function telltale.webhook_done(
    p_delivery_id bigint, p_attempt integer, p_delivered boolean,
    p_status integer default null, p_error text default null)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_wait  interval := telltale.webhook_wait(p_attempt);
    v_state text := case when p_delivered     then 'delivered'
                         when v_wait is null  then 'dead'
                         when p_status = 410  then 'dead'
                         else 'waiting' end;
begin
    -- By lease_until, since the state beside the number would let a plan go by
    -- webhook_delivery_due.
    update telltale.webhook_delivery as d
       set state       = v_state,
           next_at     = case v_state when 'waiting' then clock_timestamp() + v_wait
                                      else d.next_at end,
           lease_until = null,
           last_status = p_status,
           last_error  = left(p_error, 1000),
           done_at     = case when v_state <> 'waiting' then clock_timestamp() end
     where d.delivery_id = p_delivery_id
       and d.attempts = p_attempt
       and d.lease_until is not null;
    if not found then
        return null;
    end if;
    return v_state;
end
$$;

comment on function telltale.webhook_done(bigint, integer, boolean, integer, text) is
    'What became of an attempt to deliver.';

revoke all on function telltale.webhook_done(bigint, integer, boolean, integer, text) from public;
grant execute on function telltale.webhook_done(bigint, integer, boolean, integer, text)
    to telltale_webhook, telltale_admin;
