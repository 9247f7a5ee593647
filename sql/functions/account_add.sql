-- telltale.account_add(text, boolean, integer, integer, integer) returns boolean
--
--      An account of that name; null means the table's default.  False if there
--      was one that is so already, so that it can be said twice.
--
-- Raises:      TT400 malformed, TT409 if there is one that is otherwise
-- Called by:   bin/telltale
-- Writes:      telltale.account

create or replace function telltale.account_add(
    p_name text, p_public_queue boolean default null,
    p_rate_per_minute integer default null, p_stream_limit integer default null,
    p_watch_limit integer default null)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_new boolean;
begin
    if p_name is null or p_name !~ '^[A-Za-z0-9_.-]{1,64}$' then
        raise exception using errcode = 'TT400', message =
            format('account %L: 1 to 64 of A-Z a-z 0-9 _ . - wanted', left(p_name, 80));
    end if;

    insert into telltale.account (name) values (p_name) on conflict do nothing;
    v_new := found;
    if v_new then
        perform telltale.account_set(p_name, p_public_queue, p_rate_per_minute,
                                     p_stream_limit, p_watch_limit);
    elsif not exists (
        select from telltale.account as a
         where a.name            = p_name
           and a.public_queue    = coalesce(p_public_queue, a.public_queue)
           and a.rate_per_minute = coalesce(p_rate_per_minute, a.rate_per_minute)
           and a.stream_limit    = coalesce(p_stream_limit, a.stream_limit)
           and a.watch_limit     = coalesce(p_watch_limit, a.watch_limit)) then
        raise exception using errcode = 'TT409',
            message = format('there is an account %s with other settings', p_name),
            hint = format('telltale account set %s changes them.', p_name);
    end if;
    return v_new;
end
$$;

comment on function telltale.account_add(text, boolean, integer, integer, integer) is
    'An account of that name; false if there was one already.';

revoke all on function telltale.account_add(text, boolean, integer, integer, integer) from public;
grant execute on function telltale.account_add(text, boolean, integer, integer, integer) to telltale_admin;
