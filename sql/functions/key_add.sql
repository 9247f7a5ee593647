-- telltale.key_add(text, bytea, text, text[], text, timestamptz) returns bigint
--
--      A key of that account, by its hash: the key itself never comes here.
--      Returns its number, by which it is revoked.
--
-- Raises:      TT400 malformed or unknown scope, TT404 no such account,
--              TT409 if there is such a key
-- Called by:   bin/telltale
-- Writes:      telltale.api_key

create or replace function telltale.key_add(
    p_account text, p_hash bytea, p_prefix text, p_scopes text[],
    p_name text default '', p_expires_at timestamptz default null)
returns bigint
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_account_id bigint;
    v_key_id     bigint;
    v_scope      text;
    v_wrong      text;
begin
    select s.scope
      into v_scope
      from unnest(p_scopes) as s (scope)
     where (s.scope = any (telltale.scope_list())) is not true
     limit 1;
    v_wrong := case
        when found then
            format('scope %L: of these wanted: %s', left(v_scope, 80),
                   array_to_string(telltale.scope_list(), ' '))
        when cardinality(p_scopes) > 0 is not true then
            'a key without a scope may do nothing: one at least wanted'
        when octet_length(p_hash) = 32 is not true then
            'hash: the 32 bytes of a SHA-256 wanted'
        when length(p_prefix) between 4 and 16 is not true then
            'prefix: 4 to 16 characters wanted'
        when length(p_name) > 128 then
            format('name of %s characters: up to 128 wanted', length(p_name))
        when p_expires_at <= now() then
            format('expires at %s: that is over already', p_expires_at)
        end;
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;

    select a.account_id
      into v_account_id
      from telltale.account as a
     where a.name = p_account;
    if not found then
        raise exception using errcode = 'TT404',
            message = format('there is no account %L', left(p_account, 80)),
            hint = 'telltale account add makes one.';
    end if;

    insert into telltale.api_key (account_id, hash, prefix, scopes, name, expires_at)
    values (v_account_id, p_hash, p_prefix,
            array(select distinct s from unnest(p_scopes) as s order by s),
            coalesce(p_name, ''), p_expires_at)
    on conflict do nothing
    returning key_id into v_key_id;
    if not found then
        raise exception using errcode = 'TT409', message =
            format('there is a key %s with that hash', p_prefix);
    end if;
    return v_key_id;
end
$$;

comment on function telltale.key_add(text, bytea, text, text[], text, timestamptz) is
    'A key of that account, by its hash; returns its number.';

revoke all on function telltale.key_add(text, bytea, text, text[], text, timestamptz) from public;
grant execute on function telltale.key_add(text, bytea, text, text[], text, timestamptz) to telltale_admin;
