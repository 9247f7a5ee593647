-- telltale.web_view(key, scope)
--      returns (verdict, accounts, rate_per_minute, unused, account_id, key_id)
--
--      Whose jobs a request of the queue and updates surfaces is about.  With a
--      key, those of its account: all as telltale.web_key() says, and accounts
--      is that one.  With a key of null, those of the accounts whose queue is
--      public, none of them terminated: account_id, key_id and rate_per_minute
--      are null, unused is false.  Is there no such account the verdict is
--      'unauthorized'.
--
--      accounts is null unless 'ok', and never empty.
--
-- Called by:   the web functions of those surfaces; this one is not granted
-- Reads:       telltale.account; telltale.api_key, by web_key

create or replace function telltale.web_view(
    p_key   bytea,
    p_scope text,
    out verdict         text,
    out accounts        bigint[],
    out rate_per_minute integer,
    out unused          boolean,
    out account_id      bigint,
    out key_id          bigint)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_key is not null then
        select k.verdict, k.rate_per_minute, k.unused, k.account_id, k.key_id
          into verdict, rate_per_minute, unused, account_id, key_id
          from telltale.web_key(p_key, p_scope) as k;
        if verdict = 'ok' then
            accounts := array[account_id];
        end if;
        return;
    end if;

    unused   := false;
    accounts := telltale.public_accounts();
    verdict  := case when accounts is null then 'unauthorized' else 'ok' end;
end
$$;

comment on function telltale.web_view(bytea, text) is
    'Whose jobs a request is about: the key''s account, or the public ones.';

revoke all on function telltale.web_view(bytea, text) from public;
