-- telltale.key_revoke(bigint) returns boolean
--
--      That key is refused from now on.  False if it was already.
--
-- Raises:      TT404 no such key
-- Called by:   bin/telltale
-- Writes:      telltale.api_key

create or replace function telltale.key_revoke(p_key_id bigint)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update telltale.api_key as k
       set revoked_at = now()
     where k.key_id = p_key_id
       and k.revoked_at is null;
    if found then
        return true;
    end if;
    if not exists (select from telltale.api_key as k where k.key_id = p_key_id) then
        raise exception using errcode = 'TT404',
            message = format('there is no key %s', p_key_id),
            hint = 'telltale key list has their numbers.';
    end if;
    return false;
end
$$;

comment on function telltale.key_revoke(bigint) is
    'That key is refused from now on; false if it was already.';

revoke all on function telltale.key_revoke(bigint) from public;
grant execute on function telltale.key_revoke(bigint) to telltale_admin;
