-- telltale.web_webhook_set(key, scope, url, secret)
--      returns (verdict, rate_per_minute, unused, secret, replaced)
--
--      Where the key's account wants to be told that a job ended, and what that
--      is signed with.  verdict is one of telltale.web_key(), or 'invalid' for
--      what the caller should have checked: then nothing is changed.
--
--      url     http or https, up to 2048 characters; null leaves it as it was,
--              also none
--      secret  whsec_ and the base64 of 24 to 64 bytes; null for the one that
--              there is, which is made if there is none; '' for a new one.
--              The one before signs besides for 24 hours.
--
--      secret is told again, whoever chose it; replaced says that there was a
--      place before.
--
-- Called by:   cgi-bin/webhook
-- Writes:      telltale.webhook

create or replace function telltale.web_webhook_set(
    p_key    bytea,
    p_scope  text,
    p_url    text,
    p_secret text,
    out verdict         text,
    out rate_per_minute integer,
    out unused          boolean,
    out secret          text,
    out replaced        boolean)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict error
declare
    v_who  record;
    v_made boolean;
    v_old  telltale.webhook;
begin
    select k.* into v_who
      from telltale.web_key(p_key, p_scope) as k;
    verdict         := v_who.verdict;
    rate_per_minute := v_who.rate_per_minute;
    unused          := v_who.unused;
    if verdict <> 'ok' then
        return;
    end if;
    if not telltale.webhook_url_ok(p_url)
       or p_secret <> '' and not (case
          when length(p_secret) <= 6 + 88
           and p_secret ~ '^whsec_([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$'
          then octet_length(decode(substr(p_secret, 7), 'base64')) between 24 and 64
          else false end) then
        verdict := 'invalid';
        return;
    end if;

    insert into telltale.webhook (account_id, secret)
    values (v_who.account_id, coalesce(nullif(p_secret, ''), telltale.webhook_secret()))
    on conflict do nothing;
    v_made := found;
    select w.*
      into strict v_old
      from telltale.webhook as w
     where w.account_id = v_who.account_id
       for no key update;
    secret   := case when v_made or p_secret is null then v_old.secret
                     when p_secret = ''              then telltale.webhook_secret()
                     else p_secret end;
    replaced := p_url is not null and v_old.url is not null;

    update telltale.webhook as w
       set url             = coalesce(p_url, v_old.url),
           secret          = web_webhook_set.secret,
           previous_secret = case when v_old.secret <> web_webhook_set.secret
                                  then v_old.secret else v_old.previous_secret end,
           previous_until  = case when v_old.secret <> web_webhook_set.secret
                                  then clock_timestamp() + interval '24 hours'
                                  else v_old.previous_until end,
           updated_at      = clock_timestamp()
     where w.account_id = v_who.account_id;
end
$$;

comment on function telltale.web_webhook_set(bytea, text, text, text) is
    'Judges the key, and sets where its account is told that jobs ended.';

revoke all on function telltale.web_webhook_set(bytea, text, text, text) from public;
grant execute on function telltale.web_webhook_set(bytea, text, text, text) to telltale_web;
