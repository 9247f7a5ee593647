-- telltale.web_key(key, scope)
--      returns (verdict, account_id, rate_per_minute, key_id, unused)
--
--      What the key with this SHA-256 may do.  One row always; verdict is
--
--      ok             it has the scope; account_id is whose it is
--      unauthorized   there is no such key, it has expired or was revoked
--      terminated     its account is
--      forbidden      it lacks the scope; admin does not imply the others
--
--      The first of these that applies, from unauthorized down.  A scope of
--      null is one that every key has.  account_id and key_id are null unless
--      'ok', so a caller that forgets to look finds nothing; rate_per_minute is
--      null only where the key is unknown.
--
--      unused says that nobody has noted a use of the key in this hour, so that
--      web_key_used() has something to do; never of a key that is refused for
--      good ('unauthorized', 'terminated').
--
--      In plpgsql for its plan, which is kept: a function in SQL is planned
--      anew for every request, and that takes longer than to run it.
--
-- Called by:   the web functions, which are granted; this one is not
-- Reads:       telltale.api_key, telltale.account, telltale.key_use

create or replace function telltale.web_key(
    p_key   bytea,
    p_scope text,
    out verdict         text,
    out account_id      bigint,
    out rate_per_minute integer,
    out key_id          bigint,
    out unused          boolean)
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select v.verdict,
           case when v.verdict = 'ok' then a.account_id end,
           a.rate_per_minute,
           case when v.verdict = 'ok' then k.key_id end,
           v.verdict in ('ok', 'forbidden')
           and (u.last_used_at >= date_trunc('hour', now(), 'UTC')) is not true
      into web_key.verdict, web_key.account_id, web_key.rate_per_minute,
           web_key.key_id, web_key.unused
      from (values (p_key)) as asked (hash)
      left join telltale.api_key as k on k.hash = asked.hash
      left join telltale.account as a on a.account_id = k.account_id
      left join telltale.key_use as u on u.key_id = k.key_id
     cross join lateral (
           select case
                  when k.key_id is null
                    or k.revoked_at is not null
                    or k.expires_at <= statement_timestamp() then 'unauthorized'
                  when a.terminated_at is not null           then 'terminated'
                  when p_scope is null
                    or p_scope = any (k.scopes)              then 'ok'
                  else 'forbidden'
                  end) as v (verdict);
end
$$;

comment on function telltale.web_key(bytea, text) is
    'Judges a key by its hash: verdict, account, rate.  For the web functions only.';

revoke all on function telltale.web_key(bytea, text) from public;
