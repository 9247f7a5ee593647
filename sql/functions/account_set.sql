-- telltale.account_set(text, boolean, integer, integer, integer, boolean) returns void
--
--      Changes what is not null.  p_terminated: true from now on (or since
--      when it was), false in good standing again.
--
-- Raises:      TT400 malformed, TT404 no such account
-- Called by:   bin/telltale, account_add
-- Writes:      telltale.account

create or replace function telltale.account_set(
    p_name text, p_public_queue boolean default null,
    p_rate_per_minute integer default null, p_stream_limit integer default null,
    p_watch_limit integer default null, p_terminated boolean default null)
returns void
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_wrong text := case
        when p_rate_per_minute < 1 then format('rate %s: 1 at least wanted', p_rate_per_minute)
        when p_stream_limit < 0 then format('stream limit %s: 0 at least wanted', p_stream_limit)
        when p_watch_limit < 0 then format('watch limit %s: 0 at least wanted', p_watch_limit)
        end;
begin
    if v_wrong is not null then
        raise exception using errcode = 'TT400', message = v_wrong;
    end if;

    update telltale.account as a
       set public_queue    = coalesce(p_public_queue, a.public_queue),
           rate_per_minute = coalesce(p_rate_per_minute, a.rate_per_minute),
           stream_limit    = coalesce(p_stream_limit, a.stream_limit),
           watch_limit     = coalesce(p_watch_limit, a.watch_limit),
           terminated_at   = case p_terminated
                             when true then coalesce(a.terminated_at, now())
                             when false then null
                             else a.terminated_at end
     where a.name = p_name;
    if not found then
        raise exception using errcode = 'TT404',
            message = format('there is no account %L', left(p_name, 80)),
            hint = 'telltale account list names them, telltale account add makes one.';
    end if;
end
$$;

comment on function telltale.account_set(text, boolean, integer, integer, integer, boolean) is
    'Changes the settings of an account; null leaves one as it is.';

revoke all on function telltale.account_set(text, boolean, integer, integer, integer, boolean) from public;
grant execute on function telltale.account_set(text, boolean, integer, integer, integer, boolean) to telltale_admin;
