-- telltale.scope_list() returns text[]
--
--      The words that a key's scopes are made of.
--
-- Called by:   key_add, bin/telltale

create or replace function telltale.scope_list()
returns text[]
language sql immutable parallel safe
security definer set search_path = pg_catalog, pg_temp
begin atomic
    select array['job:read', 'job:write', 'queue:read', 'queue:write',
                 'webhook:manage', 'moderate:prompt', 'moderate:image',
                 'moderate:video', 'compliance:check', 'admin'];
end;

comment on function telltale.scope_list() is
    'The words that a key''s scopes are made of.';

revoke all on function telltale.scope_list() from public;
grant execute on function telltale.scope_list() to telltale_admin;
