-- telltale.web_webhook_delete(key, scope)
--      returns (verdict, rate_per_minute, unused, removed)
--
--      The key's account is told no more that jobs ended, but for those that
--      name a place of their own, and for what waits to be delivered already.
--      Its secret stays, for these.  verdict is one of telltale.web_key();
--      removed says that there was a place.
--
-- Called by:   cgi-bin/webhook
-- Writes:      telltale.webhook

create or replace function telltale.web_webhook_delete(
    p_key   bytea,
    p_scope text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out removed         boolean)
language plpgsql volatile
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

    update telltale.webhook as w
       set url = null, updated_at = clock_timestamp()
     where w.account_id = v_who.account_id
       and w.url is not null;
    removed := found;
end
$$;

comment on function telltale.web_webhook_delete(bytea, text) is
    'Judges the key, and takes back where its account is told that jobs ended.';

revoke all on function telltale.web_webhook_delete(bytea, text) from public;
grant execute on function telltale.web_webhook_delete(bytea, text) to telltale_web;
