-- telltale.feed_beat(listener, streams, counters, keys)
--      returns (known, tick_due, dead, public, drawn)
--
--      A hub's sign of life, with its counters.  known is false if it has no
--      row any more: it must begin anew.  tick_due says that some duty of
--      tick() waits to be done.
--
--      keys are the numbers of the keys that its streams were opened with, or
--      null; dead are those of them whose streams are to end: revoked, expired,
--      gone, or of a terminated account.  Never null.  public are the accounts
--      whose queue may be seen without a key; never null either.
--
--      drawn is the highest event id that was drawn before this transaction had
--      an id of its own, so whoever has not begun when we have committed writes
--      higher ones: see event_append.
--
--      There may be thousands, of many more.  The planner, shown the array,
--      would rather read all keys there are, so it is not shown it, and is told
--      to look each one up.
--
-- Called by:   lib/job/feed
-- Reads:       telltale.api_key, telltale.account, telltale.job_event_id;
--              telltale.tick_state, by tick_duties
-- Writes:      telltale.listener

create or replace function telltale.feed_beat(
    p_listener_id bigint,
    p_streams     integer,
    p_opened      bigint,
    p_delivered   bigint,
    p_coalesced   bigint,
    p_slow_cut    bigint,
    p_caught_up   bigint,
    p_wakes       bigint,
    p_reconnects  bigint,
    p_keys        bigint[],
    out known     boolean,
    out tick_due  boolean,
    out dead      bigint[],
    out public    bigint[],
    out drawn     bigint)
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
as $$
begin
    -- First of all: the update assigns our transaction id.
    select case when s.is_called then s.last_value else s.last_value - 1 end
      into drawn
      from telltale.job_event_id as s;
    update telltale.listener as l
       set streams    = p_streams,
           opened     = p_opened,
           delivered  = p_delivered,
           coalesced  = p_coalesced,
           slow_cut   = p_slow_cut,
           caught_up  = p_caught_up,
           wakes      = p_wakes,
           reconnects = p_reconnects,
           seen_at    = clock_timestamp()
     where l.listener_id = p_listener_id;
    known := found;
    tick_due := exists (select from telltale.tick_duties());
    dead := array(
        select u.key_id
          from unnest(p_keys) as u (key_id)
          left join telltale.api_key as k on k.key_id = u.key_id
          left join telltale.account as a on a.account_id = k.account_id
         where k.key_id is null
            or k.revoked_at is not null
            or k.expires_at <= clock_timestamp()
            or a.terminated_at is not null
         order by u.key_id);
    public := coalesce(telltale.public_accounts(), '{}');
end;
$$;

comment on function telltale.feed_beat(bigint, integer, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint[]) is
    'A hub''s sign of life, with its counters; which keys of its streams are dead.';

revoke all on function telltale.feed_beat(bigint, integer, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint[]) from public;
grant execute on function telltale.feed_beat(bigint, integer, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint[]) to telltale_web;
