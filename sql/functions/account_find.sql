-- telltale.account_find(text) returns telltale.account
--
--      The account of that name.
--
-- Raises:      TT404 if there is none
-- Called by:   publish, pause, resume
-- Reads:       telltale.account

create or replace function telltale.account_find(p_name text)
returns telltale.account
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_account telltale.account;
begin
    select a.*
      into v_account
      from telltale.account as a
     where a.name = p_name;
    if not found then
        raise exception using errcode = 'TT404',
            message = format('there is no account %L', left(p_name, 80)),
            hint = 'telltale account list names them, telltale account add makes one.';
    end if;
    return v_account;
end
$$;

comment on function telltale.account_find(text) is
    'The account of that name; an error if there is none.';

revoke all on function telltale.account_find(text) from public;
