-- telltale.lease_take(account, class, listener) returns text
--
--      One more stream of the account, or client of it that waits for a job's
--      end, held open by that hub:
--
--      ok             it is counted
--      limited        there are as many as the account may have
--      unregistered   the hub is not known: it must begin anew (feed_open)
--
--      The limit is the account's stream_limit for 'stream', its watch_limit
--      for 'watch', over all hubs.  At the limit dead hubs are looked for
--      first (lease_reap).
--
--      Exact, however many ask at once: an advisory lock (class 29782) lets one
--      at a time count and take for an account, until it commits, and each
--      statement here has a snapshot of its own, so it counts what the one
--      before took.  That needs READ COMMITTED: above it a race may let in one
--      too many.
--
--      The order of locks, for all who write here: account, undertaker's,
--      listener, and one lease last.
--
-- Called by:   web_progress_open, job_make
-- Reads:       telltale.account, telltale.listener
-- Writes:      telltale.stream_lease

create or replace function telltale.lease_take(
    p_account_id  bigint,
    p_class       text,
    p_listener_id bigint)
returns text
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_limit integer;
    v_taken bigint;
begin
    perform pg_advisory_xact_lock(29782, (p_account_id % 2147483647)::integer);

    select case p_class when 'stream' then a.stream_limit else a.watch_limit end
      into v_limit
      from telltale.account as a
     where a.account_id = p_account_id;
    loop
        select coalesce(sum(s.n), 0)
          into v_taken
          from telltale.stream_lease as s
         where s.account_id = p_account_id
           and s.class = p_class;
        exit when v_taken < v_limit;
        if not telltale.lease_reap(p_account_id, p_class) then
            return 'limited';
        end if;
    end loop;

    update telltale.stream_lease as s
       set n = s.n + 1
     where s.account_id = p_account_id
       and s.class = p_class
       and s.listener_id = p_listener_id;
    if found then
        return 'ok';
    end if;

    -- Locked, so that the row below finds it there.
    perform from telltale.listener as l
      where l.listener_id = p_listener_id
        for key share;
    if not found then
        return 'unregistered';
    end if;
    insert into telltale.stream_lease as s (account_id, class, listener_id, n)
    values (p_account_id, p_class, p_listener_id, 1)
    on conflict (account_id, class, listener_id) do update
       set n = s.n + 1;
    return 'ok';
end
$$;

comment on function telltale.lease_take(bigint, text, bigint) is
    'Counts one more stream of an account, if it may have it.';

revoke all on function telltale.lease_take(bigint, text, bigint) from public;
