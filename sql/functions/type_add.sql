-- telltale.type_add(text) returns boolean
--
--      submit() accepts that word as a type.  False if it did already.
--
-- Raises:      TT400 malformed
-- Called by:   bin/telltale
-- Writes:      telltale.job_type

create or replace function telltale.type_add(p_name text)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_name is null or p_name !~ '^[a-z][a-z0-9_-]{0,31}$' then
        raise exception using errcode = 'TT400', message =
            format('type %L: a letter and up to 31 of a-z 0-9 _ - wanted', left(p_name, 80));
    end if;

    insert into telltale.job_type (name) values (p_name) on conflict do nothing;
    return found;
end
$$;

comment on function telltale.type_add(text) is
    'submit() accepts that word as a type; false if it did already.';

revoke all on function telltale.type_add(text) from public;
grant execute on function telltale.type_add(text) to telltale_admin;
