-- telltale.web_ticket(key, scopes)
--      returns (verdict, rate_per_minute, unused, scopes)
--
--      What a ticket of this key may do: the scopes asked for, in the order of
--      scope_list(), each once; or, asked for null, those of job:read and
--      queue:read that the key has.  verdict is one of telltale.web_key():
--      'forbidden' if the key lacks one of those asked for, or none is left.
--      scopes is null unless 'ok'.
--
-- Called by:   cgi-bin/ticket
-- Reads:       telltale.api_key

create or replace function telltale.web_ticket(
    p_key    bytea,
    p_scopes text[],
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out scopes          text[])
language sql stable
security definer set search_path = pg_catalog, pg_temp
begin atomic
    select case when w.verdict <> 'ok' then w.verdict
                when t.scopes is null  then 'forbidden'
                else 'ok' end,
           w.rate_per_minute, w.unused, t.scopes
      from telltale.web_key(p_key, null) as w
      left join telltale.api_key as k on k.key_id = w.key_id
     cross join lateral (
           select array_agg(s.scope order by s.n)
             from unnest(telltale.scope_list()) with ordinality as s (scope, n)
            where s.scope = any (k.scopes)
              and s.scope = any (coalesce(p_scopes, array['job:read', 'queue:read']))
              and (p_scopes is null or p_scopes <@ k.scopes)) as t (scopes);
end;

comment on function telltale.web_ticket(bytea, text[]) is
    'Judges the key, and says what a ticket of it may do.';

revoke all on function telltale.web_ticket(bytea, text[]) from public;
grant execute on function telltale.web_ticket(bytea, text[]) to telltale_web;
