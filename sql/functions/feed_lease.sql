-- telltale.feed_lease(listener, accounts, classes, deltas) returns boolean
--
--      A hub has more or fewer streams of these accounts and classes than was
--      counted: mostly fewer, because web_progress_open() counts those that
--      come.  Nothing is refused here.  False, and nothing done, if the hub is
--      not known: it must begin anew (feed_open), with all it has.
--
-- Called by:   lib/job/feed
-- Reads:       telltale.listener
-- Writes:      telltale.stream_lease

create or replace function telltale.feed_lease(
    p_listener_id bigint,
    p_accounts    bigint[],
    p_classes     text[],
    p_deltas      integer[])
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- First, so that who takes this hub for dead waits for us here, and not
    -- for one of its leases while we wait for another.
    perform from telltale.listener as l
      where l.listener_id = p_listener_id
        for key share;
    if not found then
        return false;
    end if;

    insert into telltale.stream_lease as s (account_id, class, listener_id, n)
    select d.account_id, d.class, p_listener_id, sum(d.delta)
      from unnest(p_accounts, p_classes, p_deltas) as d (account_id, class, delta)
     group by d.account_id, d.class
    having sum(d.delta) <> 0
     order by d.account_id, d.class
    on conflict (account_id, class, listener_id) do update
       set n = s.n + excluded.n;

    delete from telltale.stream_lease as s
     where s.listener_id = p_listener_id
       and s.account_id = any (p_accounts)
       and s.n <= 0;
    return true;
end
$$;

comment on function telltale.feed_lease(bigint, bigint[], text[], integer[]) is
    'A hub''s streams of some accounts are more or fewer.';

revoke all on function telltale.feed_lease(bigint, bigint[], text[], integer[]) from public;
grant execute on function telltale.feed_lease(bigint, bigint[], text[], integer[]) to telltale_web;
