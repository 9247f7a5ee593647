-- telltale.webhook_url_ok(text) returns boolean
--
--      May a webhook be there: http or https, a host, no space and no control
--      character, up to 2048 characters.  Whether that host is one that may be
--      spoken to is for whoever speaks to it.
--
-- Called by:   job_make, web_webhook_set

create or replace function telltale.webhook_url_ok(p_url text)
returns boolean
language sql immutable strict parallel safe
security definer set search_path = pg_catalog, pg_temp
return length(p_url) <= 2048
   and p_url ~ '^https?://[^[:space:][:cntrl:]/][^[:space:][:cntrl:]]*$';

comment on function telltale.webhook_url_ok(text) is
    'Does that look like the place of a webhook?';

revoke all on function telltale.webhook_url_ok(text) from public;
