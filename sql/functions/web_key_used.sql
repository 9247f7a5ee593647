-- telltale.web_key_used(key) returns void
--
--      Notes that a key was used in this hour.  Nothing is written if that is
--      noted already, or if the key is refused whatever it asks for.
--
-- Called by:   the programs, by lib/job/caller, where a web function said unused
-- Writes:      telltale.key_use

create or replace function telltale.web_key_used(p_key bytea)
returns void
language sql volatile
security definer set search_path = pg_catalog, pg_temp
begin atomic
    insert into telltale.key_use as u (key_id, last_used_at)
    select k.key_id, date_trunc('hour', now(), 'UTC')
      from telltale.web_key(p_key, null) as k
     where k.unused
    on conflict (key_id) do update
       set last_used_at = excluded.last_used_at
     where u.last_used_at < excluded.last_used_at;
end;

comment on function telltale.web_key_used(bytea) is
    'Notes that a key was used in this hour.';

revoke all on function telltale.web_key_used(bytea) from public;
grant execute on function telltale.web_key_used(bytea) to telltale_web;
