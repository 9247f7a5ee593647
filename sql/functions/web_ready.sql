-- telltale.web_ready() returns text
--
--      The name of the newest file of sql/tables that was applied, without
--      .sql: /readyz says whether it is one that the program can work with.
--
-- Called by:   cgi-bin/health, by lib/job/ready
-- Reads:       telltale.schema_migration

create or replace function telltale.web_ready()
returns text
language sql stable
security definer set search_path = pg_catalog, pg_temp
begin atomic
    select regexp_replace(max(m.name), '\.sql$', '')
      from telltale.schema_migration as m;
end;

comment on function telltale.web_ready() is
    'The newest migration of the schema.';

revoke all on function telltale.web_ready() from public;
grant execute on function telltale.web_ready() to telltale_web;
